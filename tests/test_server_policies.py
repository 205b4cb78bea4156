"""The two-person rule: nobody changes alone what the desk decides by, whichever way he comes in."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from desk import Running, running, theft
from kuraban.journal import audit
from kuraban.journal.proposals import Proposal
from kuraban.server import serving

LOCKS = '[broker]\nactions = ["allow", "lock"]\n[cost]\nlock = 1\ncase = 1\n'
OTHER = "[cost]\nchallenge = 900\n"


@contextmanager
def two_people(folder: Path, **options: Any) -> Iterator[tuple[Running, dict[str, str], dict[str, str]]]:
    """A desk under the rule, and the headers of two people's keys."""
    with running(folder, open=False, two_person=True, **options) as desk:
        keys = [desk.service.keys.create(name, frozenset({"read", "manage", "decide"})) for name in ("a", "b")]
        one, two = ({"authorization": f"Bearer {key}"} for key in keys)
        yield desk, one, two


def propose(desk: Running, key: dict[str, str], who: str = "yamada", toml: str = LOCKS) -> int:
    response = desk.client.post("/v1/policy", json={"toml": toml, "who": who, "why": "thefts last week"}, headers=key)
    assert response.status_code == 202, response.text
    assert response.json()["state"] == "proposed"
    return int(response.json()["id"])


def judge(desk: Running, key: dict[str, str], number: int, who: str, approve: bool = True) -> httpx.Response:
    body = {"approve": approve, "who": who, "why": "backtest read"}
    return desk.client.post(f"/v1/policy/proposals/{number}", json=body, headers=key)


def actions(desk: Running, key: dict[str, str], account: str) -> str:
    lines = theft(account)
    desk.client.post(
        "/v1/events", content=b"\n".join(lines[:-1]), headers={**key, "content-type": "application/x-ndjson"}
    )
    return str(desk.decide(lines[-1], **key).json()["action"])


def test_a_change_waits_for_a_second_person_and_then_decides(tmp_path: Path) -> None:
    with two_people(tmp_path) as (desk, one, two):
        number = propose(desk, one)
        assert actions(desk, one, "before") != "lock"
        approved = judge(desk, two, number, "suzuki")
        assert (approved.status_code, approved.json()["state"]) == (200, "approved")
        assert actions(desk, one, "after") == "lock"
        newest = desk.client.get("/v1/policy", headers=one).json()
        assert (newest["two_person"], newest["proposals"]) == (True, 0)
        version = newest["policies"][0]
        said = (version["who"], version["why"], version["approved_by"], version["toml"])
        assert said == ("yamada", "thefts last week", "suzuki", LOCKS)
        kinds = [entry["kind"] for entry in desk.client.get("/v1/audit", headers=one).json()["entries"]]
        told = [kind for kind in reversed(kinds) if kind != "decision"]
        assert told == ["two-person-rule", "policy", "policy-proposed", "policy-decided", "policy"]
        again = judge(desk, two, number, "suzuki")
        assert (again.status_code, again.json()["type"]) == (409, "urn:kuraban:problem:conflict")


@pytest.mark.parametrize("who", ["yamada", "Ｙａｍａｄａ", " yama\u200bda", "tanaka"])
def test_the_proposer_cannot_approve_under_another_spelling_or_name(tmp_path: Path, who: str) -> None:
    with two_people(tmp_path) as (desk, one, two):
        number = propose(desk, one)
        key = one if who == "tanaka" else two  # another name with the same key, the same name with another key
        refused = judge(desk, key, number, who)
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:kuraban:problem:same-person")
        assert [each["state"] for each in _proposals(desk, one)] == ["proposed"]
        assert len(desk.client.get("/v1/policy", headers=one).json()["policies"]) == 1


def _proposals(desk: Running, key: dict[str, str]) -> list[dict[str, Any]]:
    return list(desk.client.get("/v1/policy/proposals", headers=key).json()["proposals"])


def test_a_proposal_is_withdrawn_by_who_made_it_and_rejected_by_others(tmp_path: Path) -> None:
    with two_people(tmp_path) as (desk, one, two):
        first, second = propose(desk, one), propose(desk, one, toml=OTHER)
        assert judge(desk, one, first, "yamada", approve=False).json()["state"] == "withdrawn"
        assert judge(desk, two, second, "suzuki", approve=False).json()["state"] == "rejected"
        assert judge(desk, two, 99, "suzuki").status_code == 404
        page = desk.client.get("/v1/policy/proposals", params={"limit": 1}, headers=one).json()
        rest = desk.client.get("/v1/policy/proposals", params={"cursor": page["next"]}, headers=one).json()
        assert [each["id"] for each in page["proposals"] + rest["proposals"]] == [second, first]


def test_a_proposal_needs_a_reason_and_has_to_be_a_policy(tmp_path: Path) -> None:
    with two_people(tmp_path) as (desk, one, _):
        for body in ({"toml": LOCKS, "who": "y"}, {"toml": LOCKS, "who": "y", "why": " "}):
            assert desk.client.post("/v1/policy", json=body, headers=one).status_code == 422
        wrong = {"toml": "[cost]\nx = 1", "who": "y", "why": "typo"}
        assert desk.client.post("/v1/policy", json=wrong, headers=one).status_code == 422
        assert _proposals(desk, one) == []


def test_a_proposal_outlives_a_restart_and_is_not_made_twice(tmp_path: Path) -> None:
    with two_people(tmp_path) as (desk, one, _):
        number = propose(desk, one)
    with two_people(tmp_path) as (desk, _, two):
        assert judge(desk, two, number, "suzuki").json()["state"] == "approved"
    with two_people(tmp_path) as (desk, one, _):
        # The shipped policy was read at every start and is not what was approved: it stays with that all the same.
        assert desk.service.policies[-1].toml == LOCKS
        assert actions(desk, one, "v") == "lock"
        assert propose(desk, one, toml=OTHER) == number + 1
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        assert audit.checked(connection).broken is None
    connection.close()


def test_a_policy_file_changed_on_disk_becomes_a_proposal_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(OTHER)
    with two_people(tmp_path / "data", policy=path) as (desk, one, two):
        assert desk.service.policies[-1].toml == OTHER
        path.write_text(LOCKS)
        asyncio.run(serving.reload(desk.service))
        asyncio.run(serving.reload(desk.service))
        assert [(each["who"], each["state"]) for each in _proposals(desk, one)] == [("file", "proposed")]
        assert actions(desk, one, "before") != "lock"
        path.write_text(LOCKS + "hold = 3\n")
    with two_people(tmp_path / "data", policy=path) as (desk, one, two):
        newest, older = _proposals(desk, one)
        assert (older["state"], newest["state"]) == ("withdrawn", "proposed")
        assert judge(desk, two, newest["id"], "suzuki", approve=False).json()["state"] == "rejected"
    with two_people(tmp_path / "data", policy=path) as (desk, one, two):
        assert len(_proposals(desk, one)) == 2  # what was turned down is not proposed at every start
        asyncio.run(serving.reload(desk.service))
        number = _proposals(desk, one)[0]["id"]
        assert judge(desk, two, number, "suzuki").json()["state"] == "approved"
        assert actions(desk, one, "after") == "lock"


def test_without_the_rule_a_change_decides_at_once_with_its_reason_and_stays_over_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(OTHER)
    with running(tmp_path / "data", policy=path) as desk:
        changed = desk.client.post("/v1/policy", json={"toml": LOCKS, "who": "chief", "why": "a wave"})
        newest = changed.json()["policies"][0]
        assert (newest["who"], newest["why"], newest["approved_by"]) == ("chief", "a wave", None)
    with running(tmp_path / "data", policy=path) as desk:
        assert [each.toml for each in desk.service.policies] == [OTHER, LOCKS]
        asyncio.run(serving.reload(desk.service))  # asked for, the file decides
        assert [each.who for each in desk.service.policies] == ["start", "chief", "file"]
        asyncio.run(serving.reload(desk.service))  # it does already
        assert len(desk.service.policies) == 3


def test_other_parts_of_the_program_vouch_for_their_people_by_name(tmp_path: Path) -> None:
    with two_people(tmp_path) as (desk, _one, _two):
        service = desk.service
        found = asyncio.run(service.propose_policy(LOCKS, "yamada", "a wave"))
        assert isinstance(found, Proposal)
        with pytest.raises(ValueError, match="cannot approve"):
            asyncio.run(service.decide_proposal(found.id, True, "yamada", "me again"))
        assert asyncio.run(service.decide_proposal(found.id, True, "suzuki", "read it")).state == "approved"
        assert service.policies[-1].approved_by == "suzuki"
