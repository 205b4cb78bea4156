"""Reading: every line becomes a row, a duplicate or a named reject, and always the same ones."""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kuraban import events
from kuraban.columns import Batch, Interner, Reader, joined
from kuraban.core.layout import EVENT, TYPES
from kuraban.reference.networks import Networks

LOGIN = {
    "id": "e1",
    "time": "2025-01-06T00:33:02.279+09:00",
    "account": "102436",
    "type": "login.succeeded",
    "session": "s-1",
    "client": {"ip": "126.159.33.187", "user_agent": "KabuApp/7.5.1 (iOS 18.5)", "device": "d3", "channel": "app"},
    "auth": {"method": "password"},
}


class SomeClients:
    """Stands in for the real user-agent table, which is slow to load."""

    def describe(self, user_agent: str, /) -> Sequence[int]:
        return len(user_agent), 2, 3, 1, 0


class SomeInstruments:
    """Every market is nine hours east of Greenwich."""

    def __init__(self) -> None:
        self.interner = Interner()

    def ensure(self, count: int, /) -> None:
        pass

    def market_offsets(self, codes: Any, times: Any, /) -> Any:
        return ((times // 60_000_000 + 540) % 1440).astype(np.int16)


@pytest.fixture(scope="session")
def networks() -> Networks:
    return Networks.load()


MakeReader = Callable[..., Reader]


@pytest.fixture
def reader(networks: Networks) -> MakeReader:
    def make(**options: Any) -> Reader:
        return Reader(networks, SomeClients(), SomeInstruments(), **options)

    return make


def written(folder: Path, lines: Iterable[bytes | dict[str, Any]]) -> Path:
    path = folder / "events.jsonl"
    raw = (line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    path.write_bytes(b"".join(line + b"\n" for line in raw))
    return path


def everything(reader: Reader, *paths: Path) -> Batch:
    return joined([*reader.read(paths), *reader.flush()])


def same(a: Batch, b: Batch) -> None:
    """Equal in everything that an event is, with NaN equal to NaN."""
    assert len(a) == len(b)
    for name in EVENT.names or ():
        if name not in ("seq", "positions_at", "about_at"):
            np.testing.assert_array_equal(a.rows[name], b.rows[name], err_msg=name)
    np.testing.assert_array_equal(a.positions["value"], b.positions["value"])
    np.testing.assert_array_equal(a.positions["instrument"], b.positions["instrument"])
    np.testing.assert_array_equal(a.about, b.about)
    assert [a.id(i) for i in range(len(a))] == [b.id(i) for i in range(len(b))]
    assert [a.time(i) for i in range(len(a))] == [b.time(i) for i in range(len(b))]


def test_a_line_becomes_the_row_that_its_decoded_event_becomes(reader: MakeReader, tmp_path: Path) -> None:
    batch = everything(reader(), written(tmp_path, [LOGIN]))
    same(batch, reader().event_rows([events.decode(json.dumps(LOGIN).encode())]))
    row = batch.rows[0]
    assert (batch.id(0), batch.time(0)) == (LOGIN["id"], LOGIN["time"])
    assert row["type"] == TYPES.index("login.succeeded") + 1
    assert row["time"] == 1_736_091_182_279_000
    assert row["week_minute"] == 33
    assert row["positions_n"] == -1
    assert np.isnan(row["amount"])
    assert bytes(divmod(int(row["country"]), 256)) == b"JP"


def test_an_id_seen_before_changes_nothing(reader: MakeReader, tmp_path: Path) -> None:
    it = reader()
    batch = everything(it, written(tmp_path, [LOGIN, LOGIN | {"account": "other"}, LOGIN]))
    assert len(batch) == 1
    assert (it.counts.lines, it.counts.accepted, it.counts.duplicates) == (3, 1, 2)
    assert len(it.accounts) == 1


def test_what_is_no_event_is_rejected_with_its_line_and_reason(reader: MakeReader, tmp_path: Path) -> None:
    it = reader()
    lines: list[bytes | dict[str, Any]] = [b"", LOGIN, b"{", b"  \r", LOGIN | {"id": "e2", "type": "party"}, b"\xff"]
    assert len(everything(it, written(tmp_path, lines))) == 1
    assert [(reject.line, reject.code) for reject in it.rejected] == [
        (3, "truncated"),
        (5, "unknown_type"),
        (6, "not_utf8"),
    ]
    assert it.counts.lines == 4


def test_events_leave_in_order_of_time_within_the_lateness(reader: MakeReader, tmp_path: Path) -> None:
    times = [("a", 5), ("b", 3), ("c", 400), ("d", 50), ("e", 700), ("f", 1000)]
    lines = [LOGIN | {"id": name, "time": f"2025-01-06T00:{s // 60:02}:{s % 60:02}Z"} for name, s in times]
    it = reader(lateness_s=600)
    path = written(tmp_path, lines)
    batches = list(it.read([path]))
    assert [batch.id(i) for batch in batches for i in range(len(batch))] == ["b", "a", "d"]
    batch = joined(it.flush())
    assert [batch.id(i) for i in range(len(batch))] == ["c", "e", "f"]


def test_an_event_behind_its_own_account_is_late(reader: MakeReader, tmp_path: Path) -> None:
    it = reader(lateness_s=60)
    lines = [
        LOGIN | {"id": "1", "time": "2025-01-06T01:00:00Z"},
        LOGIN | {"id": "2", "time": "2025-01-06T00:00:00Z"},
        LOGIN | {"id": "3", "time": "2025-01-06T00:00:00Z", "account": "another"},
    ]
    batch = everything(it, written(tmp_path, lines))
    assert sorted(batch.id(i) for i in range(len(batch))) == ["1", "3"]
    assert [(reject.line, reject.code) for reject in it.rejected] == [(2, "late")]
    assert (it.counts.accepted, it.counts.rejected["late"]) == (2, 1)


def test_lines_in_hand_become_the_rows_that_a_file_of_them_becomes(reader: MakeReader, tmp_path: Path) -> None:
    lines = [json.dumps(LOGIN | {"id": f"e{i}", "account": f"a{i % 7}", "ラベル": "余分"}).encode() for i in range(500)]
    lines[3], lines[9] = b"{", b'{"id": 1}'
    it = reader()
    taken = it.line_rows(b"\n".join(lines), lambda ids: np.ones(len(ids), dtype=np.bool_))
    same(taken.batch, everything(reader(lateness_s=0), written(tmp_path, lines)))
    assert [(reject.line, reject.code) for reject in taken.rejects] == [(4, "truncated"), (10, "wrong_type")]
    assert taken.lines.tolist() == [i + 1 for i in range(500) if i not in (3, 9)]
    text = b"\n".join(lines)
    assert text[taken.begins[5] : taken.ends[5]] == lines[6]
    assert it.counts.lines == 0


def test_lines_in_hand_that_are_not_admitted_leave_no_name_behind(reader: MakeReader) -> None:
    it = reader()
    lines = b"\n".join(json.dumps(LOGIN | {"id": name, "account": name}).encode() for name in ("kept", "left"))
    taken = it.line_rows(lines, lambda ids: np.arange(len(ids)) == 0)
    assert [taken.batch.id(i) for i in range(len(taken.batch))] == ["kept"]
    assert len(it.accounts) == 1
    assert len(taken.ids) == 1
