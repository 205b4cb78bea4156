"""When disk, clock or files fail: a clear state, and never a wrong decision or a lost acknowledgement."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from desk import Running, between_tries, by_the_writer, quick_replay, running, story, theft
from kuraban.journal import alerts, audit, schema, snapshots
from kuraban.journal.audit import Trail
from kuraban.journal.checking import check
from kuraban.journal.copying import copy
from kuraban.journal.live import Live
from kuraban.journal.writer import Work, Writer
from kuraban.server.clock import JUMP, Clock
from kuraban.server.forgetting import forget

LINES = story(400)


def until(good: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end
        threading.Event().wait(0.02)


def ready(desk: Running) -> tuple[int, list[str]]:
    response = desk.client.get("/readyz")
    return response.status_code, [each["code"] for each in response.json()["problems"]]


def test_a_full_disk_stops_acceptance_and_room_brings_it_back_without_a_loss(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        assert desk.send(LINES[:100]).json()["accepted"] == 100
        (pages,) = by_the_writer(desk, "PRAGMA page_count")
        by_the_writer(desk, f"PRAGMA max_page_count = {pages}")
        refused = desk.send(LINES[100:300])
        assert refused.status_code == 503
        assert refused.json()["type"].endswith("disk_full")
        assert "retry-after" in refused.headers
        assert ready(desk) == (503, ["disk_full"])
        assert desk.decide(LINES[350]).status_code == 503
        assert desk.client.get("/healthz").status_code == 200
        between_tries(desk, "PRAGMA max_page_count = 1000000")
        until(lambda: ready(desk) == (200, []))
        again = desk.send(LINES).json()
        # The batch that waited for room has been journaled: sent again, it is known.
        assert (again["accepted"], again["duplicates"]) == (100, 300)
    assert all(found.sound for found in check(tmp_path))
    with running(tmp_path) as desk:
        assert desk.send(LINES).json()["duplicates"] == 400


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="needs the right to mount")
def test_a_disk_that_is_really_full_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    lines = story(30_000)
    acknowledged = 0
    with small_disk(tmp_path / "small", "2m") as folder:
        with running(folder / "data") as desk:
            for at in range(0, len(lines), 1000):
                response = desk.send(lines[at : at + 1000])
                if response.status_code != 200:
                    break
                acknowledged += 1000
            assert response.status_code == 503
            assert ready(desk)[0] == 503
            assert 0 < acknowledged < len(lines)
            subprocess.run(["mount", "-o", "remount,size=400m", str(folder)], check=True)
            until(lambda: ready(desk)[0] == 200)
            assert desk.send(lines[:acknowledged]).json()["duplicates"] == acknowledged
        assert all(found.sound for found in check(folder / "data"))


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="needs the right to mount")
def test_a_disk_that_turns_read_only_is_named_and_waited_for(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "64m") as folder, running(folder / "data") as desk:
        desk.send(LINES[:10])
        by_the_writer(desk, "PRAGMA query_only = 1")
        assert desk.send(LINES[10:20]).status_code == 503
        assert ready(desk) == (503, ["read_only"])
        between_tries(desk, "PRAGMA query_only = 0")
        until(lambda: ready(desk)[0] == 200)
        assert desk.send(LINES[:20]).json()["duplicates"] == 20


def test_a_journal_with_a_damaged_block_is_refused_and_said_so(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        desk.send(LINES)
    for path in (tmp_path / "state").iterdir():
        path.unlink()
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("UPDATE block SET events = zeroblob(length(events)) WHERE first > 0")
    connection.close()
    with running(tmp_path) as desk:
        assert ready(desk) == (503, ["damaged"])
        assert desk.decide(LINES[0]).status_code == 503
        detail = desk.client.get("/readyz").json()["problems"][0]["detail"]
        assert "restore the data folder from a backup" in detail
    assert [found.what for found in check(tmp_path) if not found.sound] == ["events"]


def test_a_file_that_is_no_database_is_refused_and_said_so(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database" * 1000)
    with running(tmp_path) as desk:
        assert ready(desk) == (503, ["damaged"])


def test_a_torn_tail_of_the_write_ahead_log_costs_only_what_was_never_acknowledged(tmp_path: Path) -> None:
    with running(tmp_path / "a") as desk:
        # What has been moved into the database cannot be torn any more: the log has to hold all of it.
        assert desk.service._checkpointer is not None
        desk.service._checkpointer.close()
        desk.send(LINES[:100])
        desk.send(LINES[100:200])
        (tmp_path / "b" / "state").mkdir(parents=True)
        for name in ("journal.db", "journal.db-wal", "keys.db", "secret"):
            shutil.copyfile(tmp_path / "a" / name, tmp_path / "b" / name)
    log = tmp_path / "b" / "journal.db-wal"
    log.write_bytes(log.read_bytes()[:-1500] + os.urandom(700))
    with running(tmp_path / "b") as desk:
        assert ready(desk)[0] == 200
        again = desk.send(LINES[:200]).json()
        assert (again["accepted"], again["duplicates"]) == (100, 100)


def test_a_damaged_snapshot_is_made_good_from_the_journal_and_said_so(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        desk.send(LINES)
        before = desk.client.get("/v1/accounts/口座3").json()
    (newest,) = (tmp_path / "state").glob("*.kuraban")
    newest.write_bytes(newest.read_bytes()[:-100])
    with running(tmp_path) as desk:
        assert ready(desk) == (200, ["snapshot_damaged"])
        assert desk.client.get("/v1/accounts/口座3").json() == before


def test_snapshots_are_written_beside_the_work_and_old_ones_go(tmp_path: Path) -> None:
    from kuraban.server.desk import Settings

    with running(tmp_path, settings=Settings(snapshot_events=50)) as desk:
        for at in range(0, 400, 50):
            desk.send(LINES[at : at + 50])
            number = at + 50
            until(lambda number=number: desk.service.snapshots.newest() >= number - 50)  # type: ignore[misc]
    assert 1 <= len(list((tmp_path / "state").glob("*.kuraban"))) <= 3
    assert all(found.sound for found in check(tmp_path))


def test_a_snapshot_that_hangs_is_given_up_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "LONGEST_S", 0.2)

    def hang(*_: object) -> None:
        threading.Event().wait()

    live, said = Live(quick_replay()), list[bool]()
    monkeypatch.setattr(Live, "save", hang)
    snapshots.Snapshots(tmp_path).save_beside(live, said.append)
    until(lambda: said == [False])


def test_a_clock_that_goes_back_never_makes_time_run_back() -> None:
    wall, said = iter([1_000, 9 * JUMP, 2 * JUMP, 3 * JUMP, 10 * JUMP]), list[bool]()
    clock = Clock(500, said.append, lambda: next(wall))
    times = [clock.now() for _ in range(5)]
    assert times == sorted(times)
    assert said == [True, False]


def test_retention_removes_what_is_old_and_not_needed_for_recovery(tmp_path: Path) -> None:
    with running(tmp_path, retention_days=1) as desk:
        desk.send(LINES)
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        rows = connection.execute("SELECT first FROM block ORDER BY first").fetchall()
        assert len(rows) == 2
    connection.close()
    day = 86_400_000_000
    with running(tmp_path, retention_days=1) as desk:
        service = desk.service
        service.clock = Clock(service.clock.now() + 3 * day)
        gone = asyncio.run(forget(service, service.clock.now()))
        assert gone == {"events": 400}
        assert desk.send(LINES[:1]).json()["duplicates"] == 1
        assert desk.client.get("/v1/accounts/口座3/events").json()["events"] == []
        assert desk.send(theft("later")).json()["rejected"] == 0
    assert all(found.sound for found in check(tmp_path))


def test_a_backup_of_a_running_desk_is_whole_and_can_be_served(tmp_path: Path) -> None:
    with running(tmp_path / "data") as desk:
        desk.send(LINES[:200])
        stop = threading.Event()

        def load() -> None:
            for line in LINES[200:]:
                if stop.is_set():
                    return
                desk.decide(line)

        caller = threading.Thread(target=load)
        caller.start()
        copy(tmp_path / "data", tmp_path / "copy")
        stop.set()
        caller.join()
    assert all(found.sound for found in check(tmp_path / "copy"))
    with running(tmp_path / "copy") as desk:
        assert desk.send(LINES[:200]).json()["duplicates"] == 200
    with pytest.raises(FileExistsError):
        copy(tmp_path / "data", tmp_path / "copy")


def test_the_audit_log_shows_any_change_removal_or_cut(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        desk.send(theft("a") + theft("b"))
        newest = desk.client.get("/v1/audit").json()["entries"][0]
    connection = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    assert audit.checked(connection) == (None, newest["n"], bytes.fromhex(newest["hash"]), 0)
    for statement in ("UPDATE audit SET who = 'x'", "DELETE FROM audit"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
    connection.execute("DROP TRIGGER audit_is_not_changed")
    connection.execute("DROP TRIGGER audit_is_not_removed")
    (body,) = connection.execute("SELECT body FROM audit WHERE n = 2").fetchone()
    connection.execute("UPDATE audit SET body = ? WHERE n = 2", (body.replace(b"notify", b"allow "),))
    connection.execute("UPDATE audit SET body = ? WHERE n = 2", (body + b" ",))
    assert audit.checked(connection).broken == 2
    connection.execute("UPDATE audit SET body = ? WHERE n = 2", (body,))
    connection.execute("DELETE FROM audit WHERE n = ?", (newest["n"],))
    assert audit.checked(connection).broken is None
    connection.close()
    found = {each.what: each.sound for each in check(tmp_path, remembered=newest["hash"])}
    assert (found["audit log"], found["audit hash"]) == (True, False)


@pytest.mark.parametrize(
    ("name", "code"),
    [("SQLITE_FULL", "disk_full"), ("SQLITE_IOERR_SHMSIZE", "disk_full"), ("SQLITE_READONLY", "read_only")],
)
def test_what_room_or_rights_can_mend_is_tried_again(tmp_path: Path, name: str, code: str) -> None:
    connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    said: list[str | None] = []
    error = sqlite3.OperationalError("no room")
    error.sqlite_errorname = name
    failing = [error]

    def job(each: sqlite3.Connection) -> None:
        each.execute("INSERT INTO fact VALUES ('kept', '1')")
        if failing:
            raise failing.pop()

    writer = Writer(connection, said.append)
    writer.submit(Work(job))
    assert writer.close()
    assert said == [code, None]
    assert connection.execute("SELECT name FROM fact").fetchall() == [("kept",)]
    connection.close()


def test_what_one_job_does_wrong_undoes_that_job_alone(tmp_path: Path) -> None:
    connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    Trail(connection).add(0, "kind", "who", {})
    writer = Writer(connection, lambda code: None)
    told: list[object] = []

    def wrong(each: sqlite3.Connection) -> None:
        each.execute("INSERT INTO fact VALUES ('wrong', '1')")
        alerts.step(each, 1, "owner", "w", "", 0)

    writer.submit(Work(lambda each: each.execute("INSERT INTO fact VALUES ('good', '1')")))
    writer.submit(Work(wrong, refused=told.append))
    writer.submit(Work(lambda each: each.execute("DELETE FROM audit"), refused=told.append))
    writer.submit(Work(lambda each: each.execute("INSERT INTO fact VALUES ('better', '1')")))
    assert writer.close()
    assert [type(each) for each in told] == [KeyError, sqlite3.IntegrityError]
    assert {name for (name,) in connection.execute("SELECT name FROM fact")} == {"good", "better"}
    connection.close()


def test_logs_name_no_account(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with running(tmp_path) as desk:
        desk.service.log.quiet = False
        desk.send(theft("secret-account-77"))
        number = desk.client.get("/v1/alerts").json()["alerts"][0]["id"]
        desk.client.post(f"/v1/alerts/{number}", json={"state": "takeover", "who": "w", "why": "personal words"})
    said = capsys.readouterr().err
    lines = [json.loads(line) for line in said.splitlines()]
    assert any(line["event"] == "alert" and len(line["account"]) == 16 for line in lines)
    assert "secret-account-77" not in said
    assert "personal words" not in said
