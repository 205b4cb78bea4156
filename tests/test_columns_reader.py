"""Reading: every line becomes a row, a duplicate or a named reject, and always the same ones."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from columns_cases import EVENTS, LOGIN, everything, make_reader, raw_lines, same, written
from kuraban import events
from kuraban.columns import Batch, Reader, SourceError, joined
from kuraban.core.layout import TYPES


def test_a_line_becomes_the_row_that_its_decoded_event_becomes(tmp_path: Path) -> None:
    batch = everything(make_reader(), written(tmp_path, [LOGIN]))
    same(batch, make_reader().event_rows([events.decode(json.dumps(LOGIN).encode())]))
    row = batch.rows[0]
    assert (batch.id(0), batch.time(0)) == (LOGIN["id"], LOGIN["time"])
    assert row["type"] == TYPES.index("login.succeeded") + 1
    assert row["time"] == 1_736_091_182_279_000
    assert row["week_minute"] == 33
    assert row["positions_n"] == -1
    assert np.isnan(row["amount"])
    assert bytes(divmod(int(row["country"]), 256)) == b"JP"


def test_an_id_seen_before_changes_nothing(tmp_path: Path) -> None:
    it = make_reader()
    batch = everything(it, written(tmp_path, [LOGIN, LOGIN | {"account": "other"}, LOGIN]))
    assert len(batch) == 1
    assert (it.counts.lines, it.counts.accepted, it.counts.duplicates) == (3, 1, 2)
    assert len(it.accounts) == 1


def test_what_is_no_event_is_rejected_with_its_line_and_reason(tmp_path: Path) -> None:
    it = make_reader()
    lines: list[bytes | dict[str, Any]] = [b"", LOGIN, b"{", b"  \r", LOGIN | {"id": "e2", "type": "party"}, b"\xff"]
    assert len(everything(it, written(tmp_path, lines))) == 1
    assert [(reject.line, reject.code) for reject in it.rejected] == [
        (3, "truncated"),
        (5, "unknown_type"),
        (6, "not_utf8"),
    ]
    assert it.counts.lines == 4


def test_events_leave_in_order_of_time_within_the_lateness(tmp_path: Path) -> None:
    times = [("a", 5), ("b", 3), ("c", 400), ("d", 50), ("e", 700), ("f", 1000)]
    lines = [LOGIN | {"id": name, "time": f"2025-01-06T00:{s // 60:02}:{s % 60:02}Z"} for name, s in times]
    it = make_reader(lateness_s=600)
    path = written(tmp_path, lines)
    batches = list(it.read([path]))
    assert [batch.id(i) for batch in batches for i in range(len(batch))] == ["b", "a", "d"]
    batch = joined(it.flush())
    assert [batch.id(i) for i in range(len(batch))] == ["c", "e", "f"]


def test_an_event_behind_its_own_account_is_late(tmp_path: Path) -> None:
    it = make_reader(lateness_s=60)
    lines = [
        LOGIN | {"id": "1", "time": "2025-01-06T01:00:00Z"},
        LOGIN | {"id": "2", "time": "2025-01-06T00:00:00Z"},
        LOGIN | {"id": "3", "time": "2025-01-06T00:00:00Z", "account": "another"},
    ]
    batch = everything(it, written(tmp_path, lines))
    assert sorted(batch.id(i) for i in range(len(batch))) == ["1", "3"]
    assert [(reject.line, reject.code) for reject in it.rejected] == [(2, "late")]
    assert (it.counts.accepted, it.counts.rejected["late"]) == (2, 1)


def test_lines_in_hand_become_the_rows_that_a_file_of_them_becomes(tmp_path: Path) -> None:
    lines = [json.dumps(LOGIN | {"id": f"e{i}", "account": f"a{i % 7}", "ラベル": "余分"}).encode() for i in range(500)]
    lines[3], lines[9] = b"{", b'{"id": 1}'
    it = make_reader()
    taken = it.line_rows(b"\n".join(lines), lambda ids: np.ones(len(ids), dtype=np.bool_))
    same(taken.batch, everything(make_reader(lateness_s=0), written(tmp_path, lines)))
    assert [(reject.line, reject.code) for reject in taken.rejects] == [(4, "truncated"), (10, "wrong_type")]
    assert taken.lines.tolist() == [i + 1 for i in range(500) if i not in (3, 9)]
    text = b"\n".join(lines)
    assert text[taken.begins[5] : taken.ends[5]] == lines[6]
    assert it.counts.lines == 0


def test_lines_in_hand_that_are_not_admitted_leave_no_name_behind() -> None:
    it = make_reader()
    lines = b"\n".join(json.dumps(LOGIN | {"id": name, "account": name}).encode() for name in ("kept", "left"))
    taken = it.line_rows(lines, lambda ids: np.arange(len(ids)) == 0)
    assert [taken.batch.id(i) for i in range(len(taken.batch))] == ["kept"]
    assert len(it.accounts) == 1
    assert len(taken.ids) == 1


def test_fields_that_nobody_knows_are_ignored(tmp_path: Path) -> None:
    more = {"weather": {"sky": ["blue", {"deep": None}], "x": -1.5e3}, "": 1}
    lines = [event | more | {"client": event.get("client", {}) | more} for event in EVENTS]
    same(
        everything(make_reader(), written(tmp_path, lines)),
        everything(make_reader(), written(tmp_path, [event | {"client": event.get("client", {})} for event in EVENTS])),
    )


def test_lines_may_end_as_on_windows_and_begin_with_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + raw_lines(EVENTS).replace(b"\n", b"\r\n"))
    same(everything(make_reader(), path), everything(make_reader(), written(tmp_path, EVENTS, "plain.jsonl")))


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_bytes(raw_lines(EVENTS)[:-1])
    assert len(everything(make_reader(), path)) == len(EVENTS)


def test_standard_input_is_a_source(monkeypatch: pytest.MonkeyPatch) -> None:
    class Standard:
        buffer = io.BufferedReader(io.BytesIO(raw_lines(EVENTS)))

    monkeypatch.setattr(sys, "stdin", Standard())
    assert len(everything(make_reader(), Path("-"))) == len(EVENTS)


def test_a_file_that_is_not_there_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="unreadable"):
        everything(make_reader(), tmp_path / "none.jsonl")


def busy(folder: Path, count: int, seed: int) -> list[Path]:
    """Two files of one stream: events a little out of order, some late, some twice, some that are none."""
    draw = np.random.default_rng(seed)
    lines: list[bytes | dict[str, Any]] = []
    for i in range(count):
        second = 2 * i - int(draw.integers(400)) - (2000 if draw.random() < 0.01 else 0)
        time = f"2025-01-06T{12 + second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        event = EVENTS[draw.integers(len(EVENTS))] | {"id": f"e{i}", "time": time, "account": f"a{draw.integers(40)}"}
        event["about"] = [f"e{draw.integers(count)}"]
        lines.append(event)
        if draw.random() < 0.02:
            lines.append(lines[draw.integers(len(lines))])
        if draw.random() < 0.02:
            lines.append(b'{"id": "broken", "time": ')
    half = len(lines) // 2
    return [written(folder, lines[:half], "first.jsonl"), written(folder, lines[half:], "second.jsonl")]


@pytest.mark.parametrize("batch_rows", [1, 7, 1000, 1_000_000])
@pytest.mark.parametrize("lines_at_a_time", [3, 8192])
def test_where_batches_end_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch_rows: int, lines_at_a_time: int
) -> None:
    paths = busy(tmp_path, 3000, seed=1)
    whole = make_reader(lateness_s=600)
    expected = everything(whole, *paths)
    monkeypatch.setattr("kuraban.columns.lines.ROWS", lines_at_a_time)
    reader = make_reader(lateness_s=600, batch_rows=batch_rows)
    batch = everything(reader, *paths)
    same(batch, expected)
    np.testing.assert_array_equal(batch.rows["seq"], expected.rows["seq"])
    assert reader.counts == whole.counts
    assert sorted(reader.rejected, key=repr) == sorted(whole.rejected, key=repr)
    assert set(whole.counts.rejected) == {"late", "truncated"}
    assert whole.counts.duplicates > 0
    counts = reader.counts
    assert counts.lines == counts.accepted + counts.duplicates + counts.rejected.total()


def test_a_reader_goes_on_where_another_stopped(tmp_path: Path) -> None:
    first, second = busy(tmp_path, 2000, seed=2)
    whole = make_reader()
    expected = everything(whole, first, second)
    one, other = make_reader(), make_reader()
    before = list(one.read([first]))
    other.restore(one.state())
    same(joined([*before, *other.read([second]), *other.flush()]), expected)
    assert other.counts == whole.counts
    assert [other.accounts.name(i) for i in range(len(other.accounts))] == [
        whole.accounts.name(i) for i in range(len(whole.accounts))
    ]


def test_a_state_with_other_instruments_is_refused(tmp_path: Path) -> None:
    one, other = make_reader(), make_reader()
    everything(one, written(tmp_path, EVENTS))
    other.instruments.interner.intern("something else")
    with pytest.raises(ValueError, match="other instruments"):
        other.restore(one.state())


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    one = make_reader()
    list(one.read([written(tmp_path, EVENTS)]))
    for name, value in {"held.spans": 10**9, "held.rows": 10**9, "accounts.starts": -1}.items():
        state = one.state()
        array = state[name] = state[name].copy()
        if array.dtype.names:
            array[{"held.spans": "id_n", "held.rows": "about_n"}[name]] = value
        else:
            array[1] = value
        with pytest.raises(ValueError, match="not the arrays"):
            make_reader().restore(state)


def test_ids_are_remembered_for_as_long_as_the_window_says(tmp_path: Path) -> None:
    names = [*(f"e{i}" for i in range(10)), "e7", "e0", *(f"f{i}" for i in range(25)), "e0", "f24"]
    reader: Reader = make_reader(lateness_s=0, id_window=10)
    batch = everything(reader, written(tmp_path, [LOGIN | {"id": name} for name in names]))
    assert [batch.id(i) for i in range(len(batch))].count("e0") == 2
    assert reader.counts.duplicates == 3


def test_rows_do_not_depend_on_whether_the_code_is_compiled(tmp_path: Path) -> None:
    paths = busy(tmp_path, 60, seed=3)
    script = """
import sys; from pathlib import Path; import numpy as np
from columns_cases import everything, make_reader
batch = everything(make_reader(), *map(Path, sys.argv[2:]))
np.savez(sys.argv[1], rows=batch.rows, spans=batch.spans, text=batch.text, positions=batch.positions, about=batch.about)
"""
    saved = tmp_path / "interpreted.npz"
    here = Path(__file__).parent
    subprocess.run(
        [sys.executable, "-c", script, str(saved), *map(str, paths)],
        check=True,
        cwd=here,
        env=os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(here)},
    )
    with np.load(saved) as arrays:
        interpreted = Batch(*(arrays[name] for name in ("rows", "spans", "text", "positions", "about")))
    same(everything(make_reader(), *paths), interpreted)
