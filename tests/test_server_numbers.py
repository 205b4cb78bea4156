"""What is known by a number or an id stays the same thing: verdicts, events, pages."""

import asyncio
import base64
import json
import shutil
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from desk import Running, running, theft
from kuraban.cli import main
from kuraban.journal import secret
from kuraban.journal.checking import check
from kuraban.server import verdict_ids
from kuraban.server.clock import Clock
from kuraban.server.forgetting import forget
from kuraban.server.outputs.settings import Outputs
from kuraban.server.outputs.signing import Link, mark_of, sign_link
from kuraban.server.verdict_ids import Verdict

DAY = 86_400_000_000


def alert_of(desk: Running, account: str) -> int:
    return int(desk.client.get("/v1/alerts", params={"account": account}).json()["alerts"][0]["id"])


def newest(desk: Running, account: str) -> dict[str, Any]:
    page = desk.client.get(f"/v1/accounts/{account}/events", params={"limit": "1"}).json()
    return dict(page["events"][0])


def denied(desk: Running, account: str) -> None:
    """The owner of an account with an alert answers «not me»."""
    key = desk.service.secret
    link = Link(alert_of(desk, account), mark_of(key, account), "line", int(time.time()) + 3600, f"link-{account}")
    assert desk.client.post(f"/owner/{sign_link(key, link)}", content=b"answer=not_me").status_code == 200


def test_a_number_that_was_removed_by_age_is_not_lent_to_another_accounts_alert(tmp_path: Path) -> None:
    with running(tmp_path, Outputs("https://desk.example"), retention_days=30) as desk:
        desk.send(theft("first"))
        number = alert_of(desk, "first")
        denied(desk, "first")
        desk.service.clock = Clock(desk.service.clock.now() + 40 * DAY)
        assert desk.service.desk is not None
        desk.service.desk._clock = desk.service.clock
        assert asyncio.run(forget(desk.service, desk.service.clock.now()))["alerts"] == 1
        desk.send(theft("second"))
        assert alert_of(desk, "second") == number + 1
        denied(desk, "second")
        assert newest(desk, "second")["decisions"][0]["action"] == "lock"


def test_an_id_made_up_beforehand_keeps_no_owner_from_being_heard(tmp_path: Path) -> None:
    with running(tmp_path, Outputs("https://desk.example")) as desk:
        desk.send(theft("v"))
        number = alert_of(desk, "v")
        for act in range(4):
            for name in (f"kuraban-owner-{number}-{act}", f"kuraban-alert-{number}-{act}"):
                made_up = {"id": name, "time": "2025-05-20T04:00:00+09:00", "account": "x", "type": "login.failed"}
                assert desk.decide(json.dumps(made_up).encode()).status_code == 202
        denied(desk, "v")
        assert newest(desk, "v")["decisions"][0]["action"] == "lock"


def test_an_owners_denial_from_elsewhere_locks_whatever_its_id_pretends(tmp_path: Path) -> None:
    event = {"time": "2025-05-20T05:00:00+09:00", "account": "v", "type": "owner.denied"}
    with running(tmp_path) as desk:
        desk.send(theft("v")[:-5])
        seal = verdict_ids.written(b"another desk's", Verdict(1, 1, by_owner=False))
        desk.decide(json.dumps({"id": seal, **event}).encode())
        assert newest(desk, "v")["decisions"][0]["action"] == "lock"
        key = desk.service.secret
        ours = Verdict(7, 9, by_owner=False)
        assert verdict_ids.read(key, verdict_ids.written(key, ours)) == ours
        assert verdict_ids.read(key, verdict_ids.written(key, ours).replace("7", "8", 1)) is None


def test_numbers_too_large_for_anybody_in_fields_nobody_knows_keep_no_one_from_judging(tmp_path: Path) -> None:
    with running(tmp_path, Outputs("https://desk.example")) as desk:
        lines = [line[:-1] + b',"x":1e999,"y":{"z":[-1e999]}}' for line in theft("v")]
        assert desk.send(lines).json()["accepted"] == len(lines)
        page = desk.client.get("/v1/accounts/v/events", params={"limit": "3"})
        # What was sent is given back as it came, which not every reader of JSON takes: only the cursor is read here.
        at = page.text.rpartition('"next":"')[2].rstrip('"}')
        assert desk.client.get("/v1/accounts/v/events", params={"limit": "3", "cursor": at}).status_code == 200
        denied(desk, "v")
        verdict = {"state": "owner", "who": "yamada", "why": "asked him"}
        assert desk.client.post(f"/v1/alerts/{alert_of_any(desk)}", json=verdict).status_code == 200


def alert_of_any(desk: Running) -> int:
    return int(desk.client.get("/v1/alerts", params={"state": "takeover"}).json()["alerts"][0]["id"])


@pytest.mark.parametrize(("field", "other"), [("account", "w"), ("type", "setting.changed")])
def test_an_id_that_another_event_had_gets_no_decision_of_that_one(tmp_path: Path, field: str, other: str) -> None:
    first = {"id": "1", "time": "2025-05-20T05:00:00+09:00", "account": "v", "type": "login.succeeded"}
    more = {"setting": {"name": "email"}} if field == "type" else {}
    with running(tmp_path) as desk:
        once = desk.decide(json.dumps(first).encode())
        assert desk.decide(json.dumps(first).encode()).content == once.content
        again = desk.decide(json.dumps(first | {field: other} | more).encode())
        assert (again.status_code, again.json()["type"]) == (409, "urn:kuraban:problem:id-reused")


@pytest.mark.parametrize("limit", ["000000001999999", "0" * 5000 + "1", "1" * 5000])
def test_a_limit_is_read_to_its_end(tmp_path: Path, limit: str) -> None:
    with running(tmp_path) as desk:
        desk.send(theft("v"))
        assert desk.client.get("/v1/alerts", params={"limit": limit}).status_code == 400
        late = desk.decide(theft("late")[0], **{"x-decision-deadline-ms": limit})
        assert late.status_code == 400


@pytest.mark.parametrize("path", ["/v1/alerts", "/v1/audit", "/v1/policy/proposals", "/v1/accounts/v/events"])
def test_a_cursor_made_up_of_huge_numbers_is_refused(tmp_path: Path, path: str) -> None:
    huge = 10**30
    with running(tmp_path) as desk:
        desk.send(theft("v"))
        for place in (huge, [1.0, huge]):
            word = base64.urlsafe_b64encode(json.dumps(place).encode()).rstrip(b"=").decode()
            assert desk.client.get(path, params={"cursor": word}).status_code == 400


def test_a_secret_that_was_cut_short_is_never_signed_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = secret.load(tmp_path)
    assert (len(made), secret.load(tmp_path)) == (32, made)
    assert {path.name for path in tmp_path.iterdir()} == {secret.FILE}
    assert (tmp_path / secret.FILE).stat().st_mode & 0o777 == 0o600
    with running(tmp_path) as desk:
        desk.send(theft("v"))
    assert {each.what: each.sound for each in check(tmp_path)}["secret"]
    (tmp_path / secret.FILE).write_bytes(b"")
    assert not {each.what: each.sound for each in check(tmp_path)}["secret"]
    assert main(["serve", "--data", str(tmp_path), "--listen", "127.0.0.1:0"]) == 1
    assert "0 bytes instead of 32" in capsys.readouterr().err


def test_a_policy_changed_behind_the_audit_logs_back_is_found(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        told = {"toml": "[cost]\nchallenge = 150\n", "who": "yamada", "why": "trial"}
        assert desk.client.post("/v1/policy", json=told).status_code == 200
    assert {each.what: each.sound for each in check(tmp_path)}["policies"]
    for change in ("record = zeroblob(length(record))", "toml = toml || ' '"):
        folder = tmp_path.with_name(f"{tmp_path.name}-{change[:4]}")
        shutil.copytree(tmp_path, folder)
        connection = sqlite3.connect(folder / "journal.db")
        with connection:
            connection.execute(f"UPDATE policy SET {change} WHERE version = 2")
        connection.close()
        assert not {each.what: each.sound for each in check(folder)}["policies"]


def test_readers_do_not_wait_for_a_writer_that_is_held_up(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        desk.send(theft("v"))
        holder = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        waiting = [
            threading.Thread(target=desk.decide, args=(line,), kwargs={"x-decision-deadline-ms": "20"})
            for line in theft("w")
        ]
        for each in waiting:
            each.start()
        assert len(desk.client.get("/v1/alerts", timeout=5).json()["alerts"]) == 1
        holder.execute("ROLLBACK")
        holder.close()
        for each in waiting:
            each.join()


def test_a_file_among_the_snapshots_that_is_none_is_left_alone(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        desk.send(theft("v"))
    (newest,) = (tmp_path / "state").glob("*.kuraban")
    shutil.copy(newest, newest.with_name("state-copy.kuraban"))
    with running(tmp_path) as desk:
        assert desk.client.get("/readyz").json() == {"status": "ready", "problems": []}
