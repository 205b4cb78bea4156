"""Whatever a line or a file has wrong is a named rejection with its line number, within bounded memory."""

import gzip
import json
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from columns_cases import EVENTS, LOGIN, ORDER, everything, make_reader, raw_lines, written
from kuraban.columns import Reader, Reject
from kuraban.columns.sources import blocks
from kuraban.events import MAX_LINE

MEGABYTE = 1 << 20


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in LOGIN.items() if key != name}


def text_of(change: dict[str, Any]) -> bytes:
    return json.dumps(LOGIN | change).encode()


# By code: lines as they are, or what of an event is changed.
_BAD: dict[str, list[bytes | dict[str, Any]]] = {
    "not_utf8": [b"\xff", b'{"id": "\xed\xa0\x80"}', raw_lines([LOGIN]).replace(b"s-1", b"s-\xc0\xaf").strip()],
    "not_json": [
        b"{]",
        b"nonsense",
        text_of({"cash": {"amount": 1}}).replace(b"1}", b"NaN}"),
        text_of({"cash": {"amount": 1}}).replace(b"1}", b"Infinity}"),
        text_of({"cash": {"amount": 1}}).replace(b"1}", b"01}"),
        raw_lines([LOGIN]).strip() + b" trailing",
        raw_lines([LOGIN]).strip() + b"{}",
        raw_lines([LOGIN]).replace(b"s-1", b"s-\x01").strip(),
    ],
    "truncated": [b"{", raw_lines([LOGIN]).strip()[:-1], raw_lines([LOGIN]).strip()[:40]],
    "too_deep": [text_of({"more": None}).replace(b"null", b"[" * 64 + b"]" * 64), b"[" * 100_000],
    "not_object": [b"[]", b"1", b'"text"', b"null", b"true"],
    "missing_field": [b"{}", *(json.dumps(without(name)).encode() for name in ("id", "time", "account", "type"))],
    "wrong_type": [
        {"id": 1},
        {"id": None},
        {"time": 1_736_091_182},
        {"account": ["102436"]},
        {"session": 5},
        {"client": "web"},
        {"client": {"rtt_ms": "12"}},
        {"order": {"margin": 1}},
        {"order": {"quantity": True}},
        {"about": "e1"},
        {"about": [1]},
        {"about": [None]},
        {"holdings": {"positions": {}}},
        {"holdings": {"positions": [None]}},
        {"holdings": {"positions": [{"value": "1"}]}},
    ],
    "unknown_type": [{"type": "party"}, {"type": ""}, {"type": "Login.Succeeded"}],
    "unknown_value": [{"client": {"channel": "fax"}}, {"order": {"side": ""}}, {"setting": {"name": "colour"}}],
    "empty_text": [{"id": ""}, {"account": ""}, {"about": [""]}],
    "too_long_text": [
        {"id": "i" * 129},
        {"session": "s" * 1025},
        {"cash": {"source": "s" * 1025}},
        {"setting": {"to": "蔵" * 1025}},
        {"holdings": {"positions": [{"instrument": "x" * 1025}]}},
    ],
    "bad_number": [
        {"cash": {"amount": -0.01}},
        {"order": {"price": -1}},
        {"client": {"rtt_ms": -5}},
        {"holdings": {"linked_cash": -1}},
        text_of({"cash": {"amount": 1}}).replace(b"1}", b"1e999}"),
    ],
    "bad_time": [
        {"time": ""},
        {"time": "yesterday"},
        {"time": "0001-01-01T00:00:00Z"},
        {"time": "1989-12-31T23:59:59Z"},
        {"time": "2100-01-01T00:00:00Z"},
        {"time": "9999-12-31T23:59:59Z"},
        {"time": "2025-02-29T00:00:00Z"},
        {"time": "2025-13-01T00:00:00Z"},
        {"time": "2025-01-06T24:00:00Z"},
        {"time": "2025-01-06T00:00:00+25:00"},
        {"time": "２０２５-01-06T00:00:00Z"},
    ],
    "no_offset": [{"time": "2025-01-06T00:00:00"}, {"time": "2025-01-06T00:00:00.5"}],
    "too_long": [b'{"id": "' + b"a" * MAX_LINE + b'"}', text_of({"more": "m" * MAX_LINE}), b" " * (MAX_LINE + 1)],
}

BAD_LINES = {code: [x if isinstance(x, bytes) else text_of(x) for x in lines] for code, lines in _BAD.items()}


@pytest.mark.parametrize("code", BAD_LINES)
def test_a_line_that_is_no_event_is_rejected_by_name_and_number(tmp_path: Path, code: str) -> None:
    bad = BAD_LINES[code]
    lines: list[bytes | dict[str, Any]] = [LOGIN | {"id": "first"}, *bad, LOGIN | {"id": "last"}]
    reader = make_reader()
    batch = everything(reader, written(tmp_path, lines))
    assert [batch.id(i) for i in range(len(batch))] == ["first", "last"]
    assert [(reject.line, reject.code) for reject in reader.rejected] == [(i + 2, code) for i in range(len(bad))]
    assert reader.counts.lines == len(lines)
    assert all(reject.reason and len(reject.excerpt) <= 200 for reject in reader.rejected)


def test_rejects_go_where_they_are_wanted(tmp_path: Path) -> None:
    found: list[Reject] = []
    reader = make_reader(rejects=found.append)
    path = written(tmp_path, [LOGIN, b"nonsense"])
    everything(reader, path)
    (reject,) = found
    assert (reject.source, reject.line, reject.excerpt, reader.rejected) == (str(path), 2, "nonsense", [])


def test_a_line_of_100_megabytes_is_rejected_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with path.open("wb") as file:
        file.write(raw_lines([LOGIN]))
        for _ in range(100):
            file.write(b"a" * MEGABYTE)
        file.write(b"\n" + raw_lines([ORDER]))
    reader = make_reader()
    assert len(everything(reader, path)) == 2
    assert [(reject.line, reject.code) for reject in reader.rejected] == [(2, "too_long")]


def gzipped(path: Path, raw: bytes) -> None:
    path.write_bytes(gzip.compress(raw, 1))


def zstandard_compressed(path: Path, raw: bytes) -> None:
    path.write_bytes(zstandard.ZstdCompressor().compress(raw))


COMPRESSED = [("events.jsonl.gz", gzipped), ("events.jsonl.zst", zstandard_compressed)]
Compress = Callable[[Path, bytes], None]


@pytest.mark.parametrize(("name", "compress"), COMPRESSED)
def test_a_compressed_file_is_read_like_a_plain_one(tmp_path: Path, name: str, compress: Compress) -> None:
    path = tmp_path / name
    compress(path, raw_lines(EVENTS[:3]))
    first = path.read_bytes()
    compress(path, raw_lines(EVENTS[3:]))
    path.write_bytes(first + path.read_bytes())  # two members, one after the other
    assert len(everything(make_reader(), path)) == len(EVENTS)


@pytest.mark.parametrize(("name", "compress"), COMPRESSED)
def test_a_compressed_file_that_breaks_off_gives_what_it_held(tmp_path: Path, name: str, compress: Compress) -> None:
    path = tmp_path / name
    compress(path, raw_lines(LOGIN | {"id": f"e{i}-{i * 7919 % 1009}"} for i in range(20_000)))
    path.write_bytes(path.read_bytes()[:-2000])
    reader = make_reader()
    kept = len(everything(reader, path))
    assert 0 < kept == reader.counts.accepted
    assert [reject.code for reject in reader.rejected][-1] == "truncated_source"
    assert reader.counts.lines == kept + len(reader.rejected)


@pytest.mark.parametrize(("name", "compress"), COMPRESSED)
def test_a_compressed_file_that_is_damaged_is_rejected(tmp_path: Path, name: str, compress: Compress) -> None:
    path = tmp_path / name
    compress(path, raw_lines(LOGIN | {"id": f"e{i}-{i * 7919 % 1009}"} for i in range(1000)))
    raw = bytearray(path.read_bytes())
    raw[:4] = b"none"
    path.write_bytes(raw)
    reader: Reader = make_reader()
    assert len(everything(reader, path)) == 0
    assert [(reject.line, reject.code) for reject in reader.rejected] == [(1, "corrupt_source")]


def zeros_as_gzip(path: Path, megabytes: int) -> None:
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(megabytes):
            file.write(bytes(MEGABYTE))


def zeros_as_zstd(path: Path, megabytes: int) -> None:
    with path.open("wb") as raw, zstandard.ZstdCompressor().stream_writer(raw) as file:
        for _ in range(megabytes):
            file.write(bytes(MEGABYTE))


@pytest.mark.parametrize(("name", "compress"), [("bomb.gz", zeros_as_gzip), ("bomb.zst", zeros_as_zstd)])
def test_a_small_file_that_holds_a_huge_one_takes_bounded_memory(
    tmp_path: Path, name: str, compress: Callable[[Path, int], None]
) -> None:
    path = tmp_path / name
    compress(path, 256)
    assert path.stat().st_size < 4 * MEGABYTE
    tracemalloc.start()
    lines = sum(1 for _ in blocks(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lines == 1
    assert peak < 64 * MEGABYTE


def test_gzip_without_an_end_does_not_hang(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    compressor = zlib.compressobj(wbits=31)
    path.write_bytes(compressor.compress(raw_lines(EVENTS)) + compressor.flush(zlib.Z_SYNC_FLUSH))
    reader = make_reader()
    assert len(everything(reader, path)) == len(EVENTS)
    assert [reject.code for reject in reader.rejected] == ["truncated_source"]
