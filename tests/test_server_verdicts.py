"""What analysts do: notes, two of them on one case, and one act for a whole spray."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from desk import Running, running, theft
from kuraban.server import verdicts
from kuraban.server.outputs.settings import Outputs, Webhook

VICTIMS = [f"sprayed-{n}" for n in range(4)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("desk")) as found:
        found.send(theft("v"))
        yield found


def spray(desk: Running, victims: list[str], day: int = 20) -> str:
    """Owners with a quiet month, forty accounts tried from one address, and the owners' accounts entered from there."""
    for name in victims:
        assert desk.send(theft(name, day)[:-5]).json()["rejected"] == 0
    tried = [_tried(f"tried-{day}-{n}", day, n, "login.failed") for n in range(40)]
    entered = [_tried(name, day, 50 + n, "login.succeeded") for n, name in enumerate(victims)]
    desk.send(tried)
    for line in entered:
        desk.decide(line)
    return f"spray-202505{day - 1:02}-AS"


def _tried(account: str, day: int, second: int, kind: str) -> bytes:
    client = {"ip": "139.59.100.3", "user_agent": "Mozilla/5.0 (Windows NT 10.0) Chrome/134.0.0.0", "device": "d-spray"}
    event = {
        "id": f"{account}-{day}-{kind}",
        "time": f"2025-05-{day:02}T04:{second // 60:02}:{second % 60:02}+09:00",
        "account": account,
        "type": kind,
        "session": f"spray-{account}",
        "client": client,
    }
    return json.dumps(event).encode()


def alert_of(desk: Running, account: str) -> dict[str, Any]:
    found = desk.client.get("/v1/alerts", params={"account": account}).json()["alerts"]
    return dict(found[0])


def newest(desk: Running, account: str) -> str:
    page = desk.client.get(f"/v1/accounts/{account}/events", params={"limit": "1"}).json()
    return str(page["events"][0]["event"]["type"])


def until_newest(desk: Running, account: str, kind: str) -> None:
    end = time.monotonic() + 30
    while newest(desk, account) != kind:
        assert time.monotonic() < end
        threading.Event().wait(0.02)


def test_a_note_leaves_the_state_and_tells_the_engine_nothing(desk: Running) -> None:
    alert = alert_of(desk, "v")
    path = f"/v1/alerts/{alert['id']}"
    noted = desk.client.post(f"{path}/notes", json={"who": "yamada", "why": "called, no answer"})
    assert (noted.status_code, noted.json()["state"]) == (200, "open")
    desk.client.post(path, json={"state": "acknowledged", "who": "suzuki"})
    desk.client.post(f"{path}/notes", json={"who": "yamada", "why": "called again"})
    acts = desk.client.get(path).json()["acts"]
    assert [(act["who"], act["state"], act["note"]) for act in acts] == [
        ("yamada", "open", True),
        ("suzuki", "acknowledged", False),
        ("yamada", "acknowledged", True),
    ]
    assert desk.client.post(f"{path}/notes", json={"who": "yamada", "why": ""}).status_code == 422
    assert desk.client.post("/v1/alerts/999/notes", json={"who": "yamada", "why": "x"}).status_code == 404
    entries = desk.client.get("/v1/audit", params={"limit": 2}).json()["entries"]
    assert [entry["kind"] for entry in entries] == ["note", "alert"]
    assert newest(desk, "v") == "withdrawal.requested"


def test_of_two_analysts_on_one_case_the_later_is_told_who_was_first(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        desk.send(theft("v"))
        seen = alert_of(desk, "v")
        path, expect = f"/v1/alerts/{seen['id']}", {"state": seen["state"], "act": seen["last_act"]}
        first = desk.client.post(path, json={"state": "takeover", "who": "yamada", "expect": expect})
        assert first.status_code == 200
        late = desk.client.post(path, json={"state": "owner", "who": "suzuki", "expect": expect})
        assert (late.status_code, late.json()["type"]) == (409, "urn:kuraban:problem:changed-meanwhile")
        assert late.json()["acted_by"] == "yamada"
        assert late.json()["acted_at"] == first.json()["updated"]
        assert desk.client.get(path).json()["alert"]["state"] == "takeover"
        # The state alone can be expected; then a note in between does not matter.
        desk.client.post(f"{path}/notes", json={"who": "yamada", "why": "sure"})
        by_act = {"state": "takeover", "act": first.json()["last_act"]}
        assert desk.client.post(path, json={"state": "owner", "who": "s", "expect": by_act}).status_code == 409
        by_state = {"state": "takeover"}
        assert desk.client.post(path, json={"state": "owner", "who": "s", "expect": by_state}).status_code == 200


def test_one_act_judges_every_open_alert_of_a_spray_and_each_goes_back_to_the_engine(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        begin = spray(desk, VICTIMS)
        (group,) = desk.client.get("/v1/groups").json()["groups"]
        assert (group["group"].startswith(begin), group["alerts"]) == (True, 4)
        path = f"/v1/groups/{quote(group['group'], safe='')}"
        one = alert_of(desk, VICTIMS[0])
        desk.client.post(f"/v1/alerts/{one['id']}", json={"state": "owner", "who": "yamada", "why": "owner called"})
        stale = desk.client.post(path, json={"state": "takeover", "who": "suzuki", "expect": 4})
        assert (stale.status_code, stale.json()["type"]) == (409, "urn:kuraban:problem:changed-meanwhile")
        judged = desk.client.post(path, json={"state": "takeover", "who": "suzuki", "why": "a spray", "expect": 3})
        assert [each["account"] for each in judged.json()["alerts"]] == VICTIMS[1:]
        assert {each["state"] for each in judged.json()["alerts"]} == {"takeover"}
        assert desk.client.get("/v1/groups").json()["groups"] == []
        assert desk.client.post(path, json={"state": "takeover", "who": "suzuki"}).status_code == 404
        told = [
            entry["body"]["account"]
            for entry in desk.client.get("/v1/audit").json()["entries"]
            if entry["body"].get("group") == group["group"] and entry["kind"] == "alert"
        ]
        assert sorted(told) == VICTIMS[1:]
        for name in VICTIMS[1:]:
            until_newest(desk, name, "owner.denied")
        assert newest(desk, VICTIMS[0]) == "owner.confirmed"


def test_a_large_group_is_judged_in_parts_and_a_step_that_none_can_take_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verdicts, "MOST_AT_ONCE", 3)
    with running(tmp_path, Outputs(webhooks=(Webhook("core", "http://127.0.0.1:9/", b"x" * 24),))) as desk:
        spray(desk, VICTIMS)
        (group,) = desk.client.get("/v1/groups").json()["groups"]
        path = f"/v1/groups/{group['group']}"
        first = desk.client.post(path, json={"state": "acknowledged", "who": "suzuki"}).json()
        assert (len(first["alerts"]), first["left"]) == (3, 1)
        rest = desk.client.post(path, json={"state": "acknowledged", "who": "suzuki"}).json()
        assert (len(rest["alerts"]), rest["left"]) == (1, 0)
        refused = desk.client.post(path, json={"state": "acknowledged", "who": "suzuki"})
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:kuraban:problem:conflict")
        other = desk.client.post("/v1/groups/ring-A%2FB.T-20250401", json={"state": "owner", "who": "suzuki"})
        assert (other.status_code, other.json()["detail"]) == (404, "no alert of this group is open")
