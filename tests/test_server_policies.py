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
from kuraban.console.desk.people import MANAGER
from kuraban.journal import audit
from kuraban.journal.proposals import Proposal
from kuraban.server import serving
from kuraban.server.policies import RefusedError

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


def approve(desk: Running, number: int, who: str, *, approve: bool = True) -> Proposal:
    """What the console has done for somebody who is signed in there as a manager."""
    person = desk.people.find(who) or desk.people.add(who, MANAGER)
    return asyncio.run(desk.service.decide_proposal(number, approve, who, "backtest read", f"console:{person.id}"))


def actions(desk: Running, key: dict[str, str], account: str) -> str:
    lines = theft(account)
    desk.client.post(
        "/v1/events", content=b"\n".join(lines[:-1]), headers={**key, "content-type": "application/x-ndjson"}
    )
    return str(desk.decide(lines[-1], **key).json()["action"])


def test_a_change_by_key_waits_for_two_people_of_the_console_and_then_decides(tmp_path: Path) -> None:
    with two_people(tmp_path) as (desk, one, two):
        number = propose(desk, one)
        assert approve(desk, number, "suzuki").state == "proposed"
        assert actions(desk, one, "before") != "lock"
        (waiting,) = _proposals(desk, two)
        assert (waiting["by"][:4], waiting["needed"]) == ("key:", 2)
        assert [(each["who"], each["why"]) for each in waiting["approvals"]] == [("suzuki", "backtest read")]
        assert approve(desk, number, "sato").state == "approved"
        assert actions(desk, one, "after") == "lock"
        newest = desk.client.get("/v1/policy", headers=one).json()
        assert (newest["two_person"], newest["proposals"]) == (True, 0)
        version = newest["policies"][0]
        said = (version["who"], version["why"], version["approved_by"], version["toml"])
        assert said == ("yamada", "thefts last week", "suzuki, sato", LOCKS)
        kinds = [entry["kind"] for entry in desk.client.get("/v1/audit", headers=one).json()["entries"]]
        told = [kind for kind in reversed(kinds) if kind != "decision" and not kind.startswith("person")]
        assert told == [
            "two-person-rule",
            "policy",
            "policy-proposed",
            "policy-approved",
            "policy-decided",
            "policy",
        ]
        again = judge(desk, two, number, "suzuki", approve=False)
        assert (again.status_code, again.json()["type"]) == (409, "urn:kuraban:problem:conflict")


def test_no_key_approves_whatever_name_it_gives_and_however_many_there_are(tmp_path: Path) -> None:
    with two_people(tmp_path) as (desk, one, two):
        desk.people.add("suzuki", MANAGER)
        number = propose(desk, one)
        for key, who in ((one, "yamada"), (one, "suzuki"), (two, "suzuki"), (two, "console:1")):
            refused = judge(desk, key, number, who)
            assert (refused.status_code, refused.json()["type"]) == (403, "urn:kuraban:problem:person-needed")
        assert approve(desk, number, "suzuki").state == "proposed"
        refused = judge(desk, two, number, "sato")  # nor is it the second of two
        assert refused.status_code == 403
        assert [(each["state"], len(each["approvals"])) for each in _proposals(desk, one)] == [("proposed", 1)]
        assert len(desk.client.get("/v1/policy", headers=one).json()["policies"]) == 1


@pytest.mark.parametrize("who", ["yamada", "Ｙａｍａｄａ", " yama\u200bda"])
def test_whoever_is_named_as_the_proposer_approves_under_no_spelling(tmp_path: Path, who: str) -> None:
    with two_people(tmp_path) as (desk, one, _):
        number = propose(desk, one)
        desk.people.add("yamada", MANAGER)
        with pytest.raises(RefusedError, match="cannot approve"):
            asyncio.run(desk.service.decide_proposal(number, True, who, "fine", "console:1"))


def test_nobody_approves_twice_nor_his_own(tmp_path: Path) -> None:
    with two_people(tmp_path) as (desk, one, _):
        number = propose(desk, one)
        approve(desk, number, "suzuki")
        with pytest.raises(RefusedError, match="cannot approve") as refused:
            approve(desk, number, "suzuki")
        assert refused.value.code == "same-person"
        with pytest.raises(RefusedError, match="cannot approve"):  # the same sign-in under another name
            asyncio.run(desk.service.decide_proposal(number, True, "sato", "fine", "console:1"))
        own = asyncio.run(desk.service.propose_policy(OTHER, "sato", "calls", "console:7"))
        assert isinstance(own, Proposal)
        with pytest.raises(RefusedError, match="cannot approve"):
            asyncio.run(desk.service.decide_proposal(own.id, True, "sato", "mine", "console:7"))
        assert approve(desk, own.id, "suzuki").state == "approved"  # one is enough: who proposed is known
        assert desk.service.policies[-1].approved_by == "suzuki"


def test_who_writes_the_file_and_holds_a_key_and_signs_in_changes_nothing_alone(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(OTHER)
    with two_people(tmp_path / "data", policy=path) as (desk, one, _):
        path.write_text(LOCKS)
        asyncio.run(serving.reload(desk.service))
        (number,) = (each["id"] for each in _proposals(desk, one))
        assert judge(desk, one, number, "mallory").status_code == 403
        assert approve(desk, number, "mallory").state == "proposed"
        by_key = propose(desk, one, who="somebody")
        assert approve(desk, by_key, "mallory").state == "proposed"
        for each in (number, by_key):
            with pytest.raises(RefusedError):
                approve(desk, each, "mallory")
    with two_people(tmp_path / "data", policy=path) as (desk, one, _):  # nor by starting it again
        assert [each["state"] for each in _proposals(desk, one)] == ["proposed", "proposed"]
        with pytest.raises(RefusedError):
            approve(desk, number, "mallory")
        assert actions(desk, one, "v") != "lock"
        path.write_text(LOCKS + "hold = 3\n")
        asyncio.run(serving.reload(desk.service))
        newest = _proposals(desk, one)[0]
        assert (newest["who"], newest["approvals"], newest["needed"]) == ("file", [], 2)  # agreed was to another text


def test_one_no_ends_a_proposal_that_somebody_agreed_to(tmp_path: Path) -> None:
    with two_people(tmp_path) as (desk, one, two):
        number = propose(desk, one)
        approve(desk, number, "suzuki")
        assert judge(desk, two, number, "tanaka", approve=False).json()["state"] == "rejected"
        with pytest.raises(RefusedError) as refused:
            approve(desk, number, "sato")
        assert refused.value.code == "conflict"


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
        assert approve(desk, number, "suzuki").state == "proposed"
    with two_people(tmp_path) as (desk, _, _):
        assert approve(desk, number, "sato").state == "approved"  # the first approval was kept
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
        assert [approve(desk, number, who).state for who in ("suzuki", "sato")] == ["proposed", "approved"]
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
