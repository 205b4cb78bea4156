"""What is too old goes, what must stay stays, and the audit log proves what is left of it."""

import asyncio
import itertools
import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from desk import Running, running, story, theft
from kuraban.journal import audit, retention
from kuraban.journal.checking import check
from kuraban.server import forgetting
from kuraban.server.clock import Clock
from kuraban.server.desk import NotNowError
from kuraban.server.forgetting import forget
from kuraban.server.outputs.settings import Outputs, Owners, Stream
from test_server_outputs import KEY

DAY = 86_400_000_000


@contextmanager
def journal(folder: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(folder / "journal.db", isolation_level=None, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def count(folder: Path, *tables: str) -> list[int]:
    with journal(folder) as connection:
        return [int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables]


def later(desk: Running, days: float) -> dict[str, int]:
    """What goes when so many days have passed."""
    desk.service.clock = Clock(desk.service.clock.now() + round(days * DAY))
    return dict(asyncio.run(forget(desk.service, desk.service.clock.now())))


def told(folder: Path) -> None:
    """Wait until nothing is left to be delivered: what is delivered later would be younger."""
    until = time.monotonic() + 30
    while count(folder, "message WHERE state = 'due'") != [0]:
        assert time.monotonic() < until
        threading.Event().wait(0.01)


def test_closed_alerts_and_delivered_messages_go_by_age_and_open_ones_stay(tmp_path: Path) -> None:
    stream = Stream("poll", "https://desk.example", "https://other.example", KEY)
    with running(tmp_path, Outputs(streams=(stream,)), retention_days=30) as desk:
        desk.send(theft("closed") + theft("open"))
        alerts = {each["account"]: each["id"] for each in desk.client.get("/v1/alerts").json()["alerts"]}
        desk.client.post(f"/v1/alerts/{alerts['closed']}", json={"state": "takeover", "who": "y", "why": "called"})
        sets = desk.client.post("/v1/shared-signals/poll/poll", json={}).json()["sets"]
        desk.client.post("/v1/shared-signals/poll/poll", json={"ack": list(sets)[:-1]})
        told(tmp_path)  # the verdict, to the engine
        assert later(desk, 29) == {}
        gone = later(desk, 2)
        assert gone["alerts"] == 1
        assert gone["messages"] >= len(sets) - 1
        assert gone["given up"] == 1  # nobody fetched it; it goes as a dead letter a month later
        left = desk.client.get("/v1/alerts").json()["alerts"]
        assert [each["account"] for each in left] == ["open"]
        assert desk.client.get(f"/v1/alerts/{alerts['closed']}").status_code == 404
        dead = desk.client.get("/v1/messages/dead").json()["messages"]
        assert [each["problem"] for each in dead] == ["not fetched"]
        assert later(desk, 31)["messages"] == 1
    assert count(tmp_path, "alert", "alert_act") == [1, 0]
    with journal(tmp_path) as connection:
        about = connection.execute("SELECT DISTINCT alert FROM alert_event").fetchall()
        assert connection.execute("SELECT state, sum(alerts) FROM alert_sum GROUP BY state").fetchall() == [("open", 1)]
    assert about == [(alerts["open"],)]


def test_a_link_that_was_answered_cannot_be_used_again_however_short_the_retention(tmp_path: Path) -> None:
    with running(tmp_path, Outputs("https://desk.example", owners=Owners()), retention_days=1) as desk:
        with journal(tmp_path) as connection:
            connection.execute("INSERT INTO answered VALUES ('n1', ?, 'me')", (desk.service.clock.now(),))
            connection.execute("INSERT INTO contact VALUES ('a', 'line://x', 0, ?)", (desk.service.clock.now(),))
        assert later(desk, 30) == {"contacts": 1}
        assert later(desk, 2) == {"answers": 1}


def test_keys_that_ended_long_ago_go_and_their_names_stay_in_the_audit_log(tmp_path: Path) -> None:
    with running(tmp_path, retention_days=30) as desk:
        keys = desk.service.keys
        good, gone = keys.create("gateway", frozenset({"read"})), keys.create("old-batch", frozenset({"decide"}))
        number = gone.split("_")[1]
        keys.revoke(number)
        assert later(desk, 29) == {}
        assert later(desk, 2) == {"keys": 1}
        assert [key.name for key in keys.all()] == ["gateway"]
        assert keys.find(good) is not None
        entry = desk.client.get("/v1/audit").json()["entries"][0]
        assert (entry["kind"], entry["body"]) == ("keys-removed", {"keys": [{"id": number, "name": "old-batch"}]})


def test_shadow_decisions_and_locks_go_with_their_events(tmp_path: Path) -> None:
    denied = {"id": "d", "time": "2025-05-20T03:10:00+09:00", "account": "v", "type": "owner.denied"}
    with running(tmp_path, retention_days=1) as desk:
        toml = "[cost]\nchallenge = 0.01\n"
        desk.client.post("/v1/policy", json={"toml": toml, "who": "trial", "shadow": True})
        desk.send(story(300))
        desk.decide(json.dumps(denied).encode())
    assert all(count(tmp_path, "shadow", "denial"))
    with running(tmp_path, retention_days=1) as desk:
        gone = later(desk, 3)
        assert (gone["events"], gone["denials"]) == (301, 1)
        assert gone["shadows"] > 0
    assert count(tmp_path, "shadow", "denial") == [0, 0]


def test_the_audit_log_loses_its_beginning_only_by_a_checkpoint_that_the_log_tells_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AUDIT_AT_ONCE", 4)
    with running(tmp_path, audit_retention_days=365) as desk:
        desk.send(theft("a") + theft("b"))
        early = desk.client.get("/v1/audit").json()["entries"]
        assert later(desk, 300) == {}
        desk.service.clock = Clock(desk.service.clock.now() + 100 * DAY)
        assert desk.service.desk is not None
        desk.service.desk._clock = desk.service.clock
        desk.send(theft("c"))
        assert dict(asyncio.run(forget(desk.service, desk.service.clock.now()))) == {"audit entries": early[0]["n"]}
        entries = desk.client.get("/v1/audit", params={"limit": 500}).json()["entries"]
        assert entries[-1]["n"] == early[0]["n"] + 1
        with journal(tmp_path) as connection:
            assert audit.hash_of(connection, early[0]["n"]) == bytes.fromhex(early[0]["hash"])
            assert audit.hash_of(connection, early[1]["n"]) is None
            # Nor does anything say any more whose accounts they were about.
            (left,) = connection.execute("SELECT min(n) FROM audit_account").fetchone()
            assert left > early[0]["n"]
        told = [entry["body"] for entry in entries if entry["kind"] == "audit-checkpoint"]
        assert told[0] | {"removed": 0} == {"n": early[0]["n"], "hash": early[0]["hash"], "removed": 0}
        assert sum(each["removed"] for each in told) == early[0]["n"]
    for remembered, sound in ((entries[0]["hash"], True), (early[0]["hash"], True), (early[1]["hash"], False)):
        found = {each.what: each for each in check(tmp_path, remembered=remembered)}
        assert found["audit log"].sound
        assert "were removed by age" in found["audit log"].words
        assert found["audit hash"].sound is sound
    with running(tmp_path, audit_retention_days=365) as desk:
        desk.send(theft("d"))
    assert all(each.sound for each in check(tmp_path))


def test_nothing_of_the_audit_log_can_be_removed_any_other_way(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        desk.send(theft("a"))
    with journal(tmp_path) as connection:
        (n, seal) = connection.execute("SELECT n, hash FROM audit WHERE n = 2").fetchone()
        trail = audit.Trail(connection)
        wrong: tuple[tuple[str, tuple[object, ...]], ...] = (
            ("DELETE FROM audit WHERE n = 1", ()),
            ("INSERT INTO audit_checkpoint VALUES (?, ?, 0, 2)", (n, seal)),  # not told of
        )
        for statement, values in wrong:
            with pytest.raises(sqlite3.IntegrityError):
                connection.execute(statement, values)
        trail.add(0, audit.CHECKPOINT, "x", {"n": n, "hash": "00" * 32, "removed": 2})
        with pytest.raises(sqlite3.IntegrityError, match="not announced"):
            connection.execute("INSERT INTO audit_checkpoint VALUES (?, ?, 0, 2)", (n, bytes(32)))
        retention.seal_off(connection, trail, n, seal, 2, 0)
        for statement in (
            "DELETE FROM audit WHERE n = 3",
            "UPDATE audit_checkpoint SET n = 3",
            "DELETE FROM audit_checkpoint",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
        assert audit.checked(connection)[0] is None
        connection.execute("DROP TRIGGER audit_is_not_removed")
        connection.execute("DELETE FROM audit WHERE n = 3")
        assert audit.checked(connection).broken == 4


def test_forgetting_begins_with_the_server_and_a_round_that_fails_is_not_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "_HOUR_S", 0.001)
    with running(tmp_path, retention_days=1) as desk:
        desk.send(story(300))
    with running(tmp_path, retention_days=1) as desk:
        service, said = desk.service, list[tuple[str, dict[str, Any]]]()
        today = service.clock.now()
        walls = itertools.chain([today, today, today, today + 3 * DAY], itertools.repeat(today + 3 * DAY))
        service.clock = Clock(service.clock.now() + 400 * DAY)  # it was wrong for a moment, and goes on from there
        monkeypatch.setattr(forgetting, "_wall", lambda: next(walls))
        write, refusals = service.write, iter([sqlite3.OperationalError("disk I/O error"), NotNowError("disk_full")])

        async def unwilling(job: Any) -> Any:
            for refusal in refusals:
                raise refusal
            return await write(job)

        async def rounds() -> None:
            running_on = asyncio.create_task(forgetting.run(service))
            async with asyncio.timeout(60):
                while len(said) < 4:
                    await asyncio.sleep(0.001)
            running_on.cancel()

        monkeypatch.setattr(service, "write", unwilling)
        monkeypatch.setattr(service.log, "write", lambda event, **fields: said.append((event, fields)))
        asyncio.run(rounds())
        assert [event for event, _ in said][:4] == 3 * ["not-forgotten-yet"] + ["forgotten"]
        assert said[0][1] == {"kind": "OperationalError", "problem": "disk I/O error"}
        assert [fields["kind"] for _, fields in said[1:3]] == ["NotNowError", "ClockLeapt"]
        assert said[3][1]["gone"]["events"] == 300
