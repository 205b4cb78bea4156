"""The journal: what was acknowledged is there after any stop, and the state comes back bit for bit."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk import quick_replay, same, story
from kuraban.journal import audit, blocks, schema, store
from kuraban.journal.audit import Trail
from kuraban.journal.live import Live, companion
from kuraban.journal.recovery import recover
from kuraban.journal.schema import JournalError
from kuraban.journal.snapshots import Snapshots
from kuraban.journal.window import Window, repeated


def live(capacity: int = 2_000_000) -> Live:
    return Live(quick_replay(), window=capacity)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened = schema.connect(tmp_path / "journal.db")
    schema.migrate(opened, schema.MIGRATIONS, schema.APPLICATION)
    yield opened
    opened.close()


def journal(connection: sqlite3.Connection, desk: Live, lines: list[bytes], size: int) -> None:
    layout = store.layout(connection)
    for at in range(0, len(lines), size):
        taken = desk.take(b"\n".join(lines[at : at + size]), 1_000_000 + at)
        store.append(connection, taken.blocks, layout)


def assert_same(a: Live, b: Live) -> None:
    assert a.next == b.next
    accounts, instruments = len(a.replay.reader.accounts), len(a.replay.instruments.interner)
    assert accounts == len(b.replay.reader.accounts)
    for name, count in {"profiles": accounts, "crowds": instruments, "networks": None, "population": None}.items():
        assert same(getattr(a.replay.state, name)[:count], getattr(b.replay.state, name)[:count]), name
    assert a.newest[:accounts].tolist() == b.newest[:accounts].tolist()


def test_a_state_read_back_from_the_journal_is_the_one_that_was_never_interrupted(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    lines = story(900)
    desk = live()
    journal(connection, desk, lines[:500], 7)
    snapshots = Snapshots(tmp_path / "state")
    snapshots.save(desk)
    journal(connection, desk, lines[500:], 300)
    back, report = recover(connection, snapshots, live)
    assert (report.snapshot, report.events, report.differing, report.damaged) == (500, 400, 0, [])
    assert_same(desk, back)
    more = story(1000)[900:]
    again, once = back.take(b"\n".join(more), 5), desk.take(b"\n".join(more), 5)
    assert blocks.pack(again.blocks[0], 1) == blocks.pack(once.blocks[0], 1)


def test_a_snapshot_of_the_very_end_needs_nothing_from_the_journal(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    desk = live()
    journal(connection, desk, story(300), 300)
    Snapshots(tmp_path / "state").save(desk)
    back, report = recover(connection, Snapshots(tmp_path / "state"), live)
    assert (report.snapshot, report.events) == (300, 0)
    assert_same(desk, back)


def test_a_damaged_snapshot_is_passed_over_for_an_older_one(connection: sqlite3.Connection, tmp_path: Path) -> None:
    lines = story(300)
    desk = live()
    snapshots = Snapshots(tmp_path / "state")
    for at in (0, 100, 200):
        journal(connection, desk, lines[at : at + 100], 100)
        snapshots.save(desk)
    newest, middle, _ = snapshots.found()
    whole = newest.read_bytes()
    newest.write_bytes(whole[:5000] + b"\xff" + whole[5001:])
    companion(middle).write_bytes(b"cut")
    back, report = recover(connection, snapshots, live)
    assert report.snapshot == 100
    assert len(report.damaged) == 2
    assert_same(desk, back)


def test_a_journal_that_ends_before_its_snapshot_is_refused(connection: sqlite3.Connection, tmp_path: Path) -> None:
    desk = live()
    journal(connection, desk, story(50), 50)
    snapshots = Snapshots(tmp_path / "state")
    snapshots.save(desk)
    connection.execute("DELETE FROM block")
    with pytest.raises(JournalError) as error:
        recover(connection, snapshots, live)
    assert error.value.code == "lost"


@pytest.mark.parametrize("column", ["events", "marks", "decisions", "names"])
def test_a_flipped_bit_anywhere_in_a_block_is_noticed(
    connection: sqlite3.Connection, tmp_path: Path, column: str
) -> None:
    journal(connection, live(), story(50), 50)
    (raw,) = connection.execute(f"SELECT {column} FROM block").fetchone()
    connection.execute(f"UPDATE block SET {column} = ?", (raw[:9] + bytes([raw[9] ^ 1]) + raw[10:],))
    with pytest.raises(JournalError) as error:
        recover(connection, Snapshots(tmp_path / "state"), live)
    assert error.value.code == "damaged"


def test_a_missing_block_is_noticed(connection: sqlite3.Connection, tmp_path: Path) -> None:
    journal(connection, live(), story(90), 30)
    connection.execute("DELETE FROM block WHERE first = 30")
    with pytest.raises(JournalError) as error:
        recover(connection, Snapshots(tmp_path / "state"), live)
    assert error.value.code == "gap"


def test_an_id_seen_before_changes_nothing_and_leads_to_the_first(connection: sqlite3.Connection) -> None:
    a, b = story(2)
    other = b.replace("口座".encode(), b"other")
    desk = live()
    taken = desk.take(b"\n".join([a, a, b"{", b, other, a]), 1)
    assert len(taken) == 2
    assert taken.lines.tolist() == [1, 4]
    assert taken.duplicates == {2: 0, 5: 1, 6: 0}
    assert [(reject.line, reject.code) for reject in taken.rejects] == [(3, "truncated")]
    later = desk.take(b, 2)
    assert (len(later), later.duplicates, desk.next) == (0, {1: 1}, 2)
    assert len(desk.replay.reader.accounts) == 2


def test_an_accounts_events_are_found_newest_first(connection: sqlite3.Connection) -> None:
    lines = story(700)
    desk = live()
    journal(connection, desk, lines, 333)
    account = json.loads(lines[0])["account"]
    mine = [i for i, line in enumerate(lines) if json.loads(line)["account"] == account]
    code = desk.replay.reader.accounts.find(account)
    assert code is not None
    events = store.Events(connection)
    assert events.chain(int(desk.newest[code]), 1000) == mine[::-1]
    assert events.chain(int(desk.newest[code]), 3) == mine[:-4:-1]
    place = events.find(mine[0])
    assert place is not None
    assert place[0].lines[place[1]] == lines[0]


def test_decisions_written_in_another_layout_are_read_by_the_names_of_their_parts(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    (block,) = live().take(b"\n".join(story(60)), 1).blocks
    then = json.loads(blocks.HERE)
    at = next(i for i, field in enumerate(then["fields"]) if field[0] == "weight")
    then["signals"] = then["signals"][::-1]
    row = blocks.pack(block, 1)
    back = blocks.unpack(row, {1: json.dumps(then)})
    assert then["fields"][at][0] == "weight"
    assert back.decisions["weight"].tolist() == block.decisions["weight"][:, ::-1].tolist()
    assert back.decisions["probability"].tolist() == block.decisions["probability"].tolist()


def test_names_are_found_again_when_codes_have_changed() -> None:
    desk, other = live(), live()
    other.take(b"\n".join(story(100, seed=9)[50:]), 1)
    (block,) = desk.take(b"\n".join(story(60)), 1).blocks
    other.take(b"\n".join(story(60)), 1)
    for row in block.decisions:
        renamed = other.renamed(block, row)
        assert other.replay.writer.decision(renamed, "x", "t") == desk.replay.writer.decision(row, "x", "t")


def test_a_journal_of_a_newer_program_and_a_file_of_another_are_refused(tmp_path: Path) -> None:
    with schema.connect(tmp_path / "a.db") as newer:
        schema.migrate(newer, schema.MIGRATIONS, schema.APPLICATION)
        newer.execute("PRAGMA user_version = 99")
        with pytest.raises(JournalError, match="newer"):
            schema.migrate(newer, schema.MIGRATIONS, schema.APPLICATION)
    newer.close()
    with schema.connect(tmp_path / "b.db") as other:
        other.execute("CREATE TABLE theirs (x)")
        with pytest.raises(JournalError, match="another program"):
            schema.migrate(other, schema.MIGRATIONS, schema.APPLICATION)
    other.close()


def test_an_older_journal_is_brought_up_to_date_with_its_content(tmp_path: Path) -> None:
    connection = schema.connect(tmp_path / "a.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    store.set_fact(connection, "kept", "yes")
    later = (*schema.MIGRATIONS, ("ALTER TABLE fact ADD COLUMN added INTEGER NOT NULL DEFAULT 3",))
    schema.migrate(connection, later, schema.APPLICATION)
    assert connection.execute("SELECT value, added FROM fact").fetchall() == [("yes", 3)]
    connection.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 30), min_size=1, max_size=120), st.integers(1, 10), st.integers(1, 9))
def test_the_window_knows_at_least_as_many_ids_as_it_promises(names: list[int], capacity: int, size: int) -> None:
    window, seen, at = Window(capacity), dict[int, int](), 0
    for start in range(0, len(names), size):
        part = names[start : start + size]
        ids = np.array([[name, name * 7919] for name in part], dtype=np.uint64)
        found, before = window.find(ids), repeated(ids)
        assert before.tolist() == [part.index(name) if part.index(name) < i else -1 for i, name in enumerate(part)]
        for name, seq in zip(part, found.tolist(), strict=True):
            assert seq in (-1, seen.get(name, -1))
            if name in seen and at - seen[name] <= capacity:
                assert seq == seen[name]
        fresh = (found < 0) & (before < 0)
        for i, name in enumerate(np.array(part)[fresh].tolist()):
            seen[name] = at + i
        window.add(ids[fresh], at)
        at += int(fresh.sum())
        window = Window.of(window.state(), capacity)


def test_several_programs_may_open_a_new_file_at_the_same_moment(tmp_path: Path) -> None:
    def opened(_: int) -> int:
        connection = schema.connect(tmp_path / "new.db")
        try:
            schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
            return int(connection.execute("PRAGMA user_version").fetchone()[0])
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(opened, range(24))) == {len(schema.MIGRATIONS)}


def test_small_blocks_are_read_back_in_long_runs_under_the_policy_of_each(
    connection: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kuraban.journal.runs.LONG", 64)
    lines, desk = story(600), live()
    journal(connection, desk, lines[:303], 3)
    strict = desk.replay.policy.copy()
    strict["challenge"] = strict["notify"] = 0.0
    store.add_policy(connection, store.PolicyVersion(1, desk.next, 0, "w", "", store.recorded(strict)))
    desk.replay.policy = strict
    journal(connection, desk, lines[303:], 5)
    back, report = recover(connection, Snapshots(tmp_path / "state"), live)
    assert (report.events, report.differing) == (600, 0)
    assert_same(desk, back)
    # Without the policy the decisions of the second half come out otherwise, and that is said.
    other = live()
    events, differing = other.catch_up(connection, [], lambda done: None)
    assert events == 600
    assert 0 < differing <= 297


def test_entries_of_an_older_audit_log_are_found_by_account_when_it_is_brought_up_to_date() -> None:
    before = next(n for n, each in enumerate(schema.MIGRATIONS) if any("audit_account" in one for one in each))
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection, schema.MIGRATIONS[:before], schema.APPLICATION)
    bodies = (
        b'{"account":"\xe5\x8f\xa3\xe5\xba\xa7\\"1","x":{"account":"no"}}',
        b'{"account":null}',
        b"[]",
        b"{",
        b'{"a":1}',
    )
    for n, body in enumerate(bodies, 1):
        connection.execute("INSERT INTO audit VALUES (?, 0, 'k', 'w', ?, x'00')", (n, body))
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    assert connection.execute("SELECT account, n FROM audit_account").fetchall() == [('口座"1', 1)]
    assert audit.unlisted(connection) is None
    Trail(connection).add(0, "k", "w", {"account": "b"})
    assert connection.execute("SELECT n FROM audit_account WHERE account = 'b'").fetchall() == [(6,)]
    connection.close()
