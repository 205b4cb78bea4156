"""The desk when memory runs out: it says so, decides nothing more, and what it had acknowledged is there afterwards."""

import resource
import sqlite3
import sys
import threading
from pathlib import Path

import httpx
import pytest

from crashing import start
from desk import running, story
from kuraban.journal import schema, store
from kuraban.journal.live import Live
from kuraban.journal.writer import Work, Writer
from kuraban.server.memory import Room


def strangers(first: int, count: int) -> list[bytes]:
    """Logins of accounts that nobody has seen before."""
    event = '{"id":"m%d","time":"2025-04-07T09:00:00+09:00","account":"a%d","type":"login.succeeded"}'
    return [(event % (n, n)).encode() for n in range(first, first + count)]


@pytest.mark.skipif(sys.platform != "linux", reason="limits another process, and reads how much it has taken")
def test_at_its_limit_a_server_says_so_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    process, url = start(tmp_path / "data", 1_000_000)
    try:
        taken = int(Path(f"/proc/{process.pid}/statm").read_text().split()[0]) * resource.getpagesize()
        resource.prlimit(process.pid, resource.RLIMIT_AS, (taken + (512 << 20), resource.RLIM_INFINITY))
        acknowledged = 0
        with httpx.Client(base_url=url, timeout=60, headers={"content-type": "application/x-ndjson"}) as client:
            for first in range(0, 1_000_000, 4000):
                answer = client.post("/v1/events", content=b"\n".join(strangers(first, 4000)))
                if answer.status_code != 200:
                    break
                acknowledged += answer.json()["accepted"]
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:kuraban:problem:memory_short")
            health = client.get("/readyz")
            assert health.status_code == 503
            assert [each["code"] for each in health.json()["problems"]] == ["memory_short"]
            # With more of it, it goes on by itself.
            resource.prlimit(process.pid, resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            while client.get("/readyz").status_code != 200:
                threading.Event().wait(0.05)
            again = client.post("/v1/events", content=b"\n".join(strangers(acknowledged - 1000, 2000))).json()
            assert (again["duplicates"], again["accepted"]) == (1000, 1000)
    finally:
        process.kill()
        process.wait()
    connection = schema.connect(tmp_path / "data" / "journal.db", read_only=True)
    assert store.bounds(connection) == (0, acknowledged + 1000)
    connection.close()


def test_memory_that_runs_out_while_deciding_ends_the_desk_until_a_new_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = story(60)
    with running(tmp_path) as desk:
        assert desk.send(lines[:20]).json()["accepted"] == 20

        def none_left(*_: object) -> None:
            raise MemoryError

        monkeypatch.setattr(Live, "take", none_left)
        for answer in (desk.decide(lines[20]), desk.send(lines[20:40])):
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:kuraban:problem:memory")
        health = desk.client.get("/readyz")
        assert (health.status_code, [each["code"] for each in health.json()["problems"]]) == (503, ["memory"])
        monkeypatch.undo()
        assert desk.send(lines[20:]).status_code == 503
    with running(tmp_path) as desk:
        answer = desk.send(lines).json()
        assert (answer["duplicates"], answer["accepted"]) == (20, 40)


def test_what_could_not_be_written_for_want_of_memory_is_written_when_there_is_some(tmp_path: Path) -> None:
    connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    said: list[str | None] = []
    writer = Writer(connection, said.append)
    tries: list[int] = []

    def job(each: sqlite3.Connection) -> None:
        store.set_fact(each, "kept", "yes")
        tries.append(1)
        if len(tries) == 1:
            raise MemoryError

    delayed: list[str] = []
    writer.submit(Work(job, delayed=delayed.append))
    assert writer.close()
    assert (delayed, said) == (["memory"], ["memory", None])
    assert store.fact(connection, "kept") == "yes"
    connection.close()


def test_a_job_that_fails_though_it_must_not_stops_the_writer_and_is_told(tmp_path: Path) -> None:
    connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    said: list[str | None] = []
    writer = Writer(connection, said.append)
    delayed: list[str] = []
    writer.submit(Work(lambda each: 1 // 0, delayed=delayed.append))
    assert not writer.close()
    assert (writer.failed, delayed, said) == ("engine_failed", ["engine_failed"], ["engine_failed"])
    connection.close()


@pytest.mark.parametrize(("limit", "short"), [("max", False), ("9223372036854771712", False), ("1048576000", True)])
def test_the_limit_of_the_control_group_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, short: bool
) -> None:
    group = tmp_path / "groups" / "desk.slice" / "desk.service"
    group.mkdir(parents=True)
    (group.parent / "memory.max").write_text(limit)
    monkeypatch.setattr("kuraban.server.memory._GROUPS", tmp_path / "groups")
    process = tmp_path / "process"
    process.mkdir()
    (process / "cgroup").write_text("0::/desk.slice/desk.service\n")
    pages = 600_000_000 // resource.getpagesize()
    (process / "statm").write_text(f"{9 * pages} {pages} 0 0 0 0 0\n")
    said: list[str | None] = []
    room = Room(said.append, process)
    room.look(500_000_000)  # a table of as much is about to be made larger
    assert bool(said) is short


def test_a_table_that_is_to_be_made_larger_is_asked_for_at_once_and_then_only_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    room = Room(lambda words: None, tmp_path)
    monkeypatch.setattr(room, "lacking", lambda table, share: looked.append(table))
    monkeypatch.setattr("kuraban.server.memory.EVERY_S", 3600.0)
    for table in (0, 0, 500, 500, 0, 900):
        room.look(table)
    assert looked == [0, 500, 900]
