"""The demo's broker obeys decisions: what is stopped does not happen, what is lost and stopped adds up."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kuraban.cli.demo.broker import CALL_BACK, Broker
from kuraban.cli.demo.world import JST, Moment, Takeover, World, weights
from kuraban.decisions import Decision

START = datetime(2025, 4, 14, 10, 0, tzinfo=JST)
THIEF, OWNER = 0, -1


def moment(minute: int, kind: str, who: int = THIEF, account: str = "robbed", **groups: Any) -> Moment:
    time = START + timedelta(minutes=minute)
    session = {"session": "s-thief" if who == THIEF else "s-owner"} if "executed" not in kind else {}
    name = groups.pop("id", f"{account}-{minute}-{kind}-{who}")
    event = {"id": name, "time": time.isoformat(), "account": account, "type": kind, **session, **groups}
    return Moment(time, account, kind, json.dumps(event).encode(), who)


def decision(of: Moment, action: str, group: str | None = None) -> Decision:
    return Decision(of.event().id, of.account, of.time.isoformat(), 0.9, 1e6, action, 9e5, (), group)


def broker(*, passes: bool = True, questions: tuple[str, ...] = ()) -> Broker:
    takeover = Takeover("robbed", "relay_ring", "relay_ring-1", passes)
    return Broker(World(10, [], [], [takeover], Path("none"), set(questions), {"robbed": "totp"}))


def bought(minute: int, order: str, yen: float = 1000.0) -> list[Moment]:
    about = {"id": order, "instrument": "7992.T", "side": "buy", "notional": yen}
    return [moment(minute, "order.placed", order=about), moment(minute + 1, "order.executed", order=about)]


def sums(of: Broker) -> tuple[float, float, float]:
    [takeover] = of._world.takeovers
    return takeover.wanted, takeover.lost, takeover.stopped


def test_what_nobody_stops_is_lost() -> None:
    desk = broker()
    for act in bought(0, "a"):
        assert desk.happens(act)
        desk.answered(act, decision(act, "notify"))
    assert sums(desk) == (1000.0, 1000.0, 0.0)


def test_a_lock_ends_everything_of_the_thief_until_the_credentials_are_replaced() -> None:
    desk = broker()
    login = moment(0, "login.succeeded")
    assert desk.happens(login)
    desk.answered(login, decision(login, "lock"))
    assert not any(desk.happens(act) for act in bought(1, "a"))
    assert desk.happens(moment(5, "order.placed", OWNER))
    assert desk.happens(moment(6, "credentials.reset", OWNER))
    assert all(desk.happens(act) for act in bought(7, "b", 500.0))
    assert sums(desk) == (1500.0, 500.0, 1000.0)


def test_a_held_order_is_not_executed_nor_is_its_owner_told_that_it_was() -> None:
    desk = broker()
    (placed, executed), others = bought(0, "a"), bought(2, "b", 300.0)
    assert desk.happens(placed)
    desk.answered(placed, decision(placed, "hold"))
    assert not desk.happens(executed)
    assert not desk.happens(moment(2, "notice.sent", OWNER, about=[executed.event().id]))
    assert not desk.happens(moment(3, "account.snapshot", OWNER))
    assert all(desk.happens(act) for act in others)
    assert sums(desk) == (1300.0, 300.0, 1000.0)


def test_a_withdrawal_that_is_held_is_never_paid() -> None:
    desk = broker()
    cash = {"amount": 700.0, "destination": "mule"}
    asked = moment(0, "withdrawal.requested", cash=cash)
    desk.happens(asked)
    desk.answered(asked, decision(asked, "hold"))
    assert not desk.happens(moment(100, "withdrawal.paid", cash=cash))
    assert desk.happens(moment(101, "withdrawal.paid", cash=cash | {"amount": 50.0}))
    assert sums(desk) == (750.0, 50.0, 700.0)


def test_who_cannot_answer_a_challenge_loses_his_session_and_the_server_hears_that_he_failed() -> None:
    desk = broker(passes=False)
    login = moment(0, "login.succeeded")
    desk.happens(login)
    [answer] = desk.answered(login, decision(login, "challenge"))
    assert json.loads(answer)["type"] == "challenge.failed"
    assert json.loads(answer)["auth"] == {"method": "totp"}
    assert not desk.happens(moment(1, "order.placed", order={"id": "a", "side": "buy", "notional": 1.0}))


def test_who_relays_codes_passes_a_challenge() -> None:
    desk = broker(passes=True)
    login = moment(0, "login.succeeded")
    desk.happens(login)
    [answer] = desk.answered(login, decision(login, "challenge"))
    assert json.loads(answer)["type"] == "challenge.passed"
    assert all(desk.happens(act) for act in bought(1, "a"))


def test_what_the_broker_asks_anyway_is_not_asked_twice() -> None:
    login = moment(0, "login.succeeded")
    desk = broker(questions=(login.event().id,))
    desk.happens(login)
    assert desk.answered(login, decision(login, "challenge")) == []


def test_after_a_hold_the_owner_is_called_and_the_thief_is_out() -> None:
    desk = broker()
    placed, _ = bought(0, "a")
    desk.happens(placed)
    desk.answered(placed, decision(placed, "hold"))
    assert list(desk.calls(placed.time + CALL_BACK / 2)) == []
    [(account, lines)] = desk.calls(placed.time + CALL_BACK)
    assert account == "robbed"
    assert [json.loads(line)["type"] for line in lines] == ["owner.denied", "credentials.reset"]
    assert json.loads(lines[0])["about"] == [placed.event().id]
    assert not desk.happens(moment(40, "login.succeeded"))


def test_an_innocent_owner_says_that_it_was_he_and_is_counted_once_a_day() -> None:
    desk = broker()
    for minute in (0, 5):
        act = moment(minute, "order.placed", OWNER, "innocent")
        assert desk.happens(act)
        desk.answered(act, decision(act, "hold"))
    [(_, lines)] = desk.calls(START + timedelta(hours=1))
    assert [json.loads(line)["type"] for line in lines] == ["owner.confirmed"]
    assert len(desk.friction.days) == len(desk.friction.held_days) == 1
    assert desk.friction.decisions["hold"] == 2


def test_a_lock_that_comes_from_elsewhere_counts_for_the_robbed_and_bothers_the_others() -> None:
    desk = broker()
    assert desk.happens(moment(0, "login.succeeded"))
    for account in ("robbed", "innocent"):
        desk.told(Decision(None, account, START.isoformat(), 0.9, 1e6, "lock", 9e5, (), "ring-7992.T-20250414"))
    assert not any(desk.happens(act) for act in bought(1, "a"))
    assert desk.friction.decisions == {"lock": 1}
    assert desk.groups["ring-7992.T-20250414"].accounts == {"robbed", "innocent"}


@pytest.mark.parametrize("share", [0.0, 0.4])
def test_thieves_get_their_share_of_the_time(share: float) -> None:
    moments = [moment(n, "login.succeeded", THIEF if n % 10 == 0 else OWNER) for n in range(100)]
    found = weights(moments, share)
    assert sum(found) == pytest.approx(1.0)
    assert sum(found[::10]) == pytest.approx(share)
