"""The demo's checks fail for what Kuraban misses, and not for what a story did not hold."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kuraban.cli.demo.broker import Broker
from kuraban.cli.demo.checks import checks, shown
from kuraban.cli.demo.home import Looked, Told
from kuraban.cli.demo.ingredients import NAMES_SOLD, TRIED, Ingredients
from kuraban.cli.demo.player import Played
from kuraban.cli.demo.summary import Summary
from kuraban.cli.demo.world import JST, Moment, Takeover, World
from kuraban.core.policy import CHALLENGE
from kuraban.evaluate.rings import SMALLEST as MEMBERS

START = datetime(2025, 4, 14, 10, 0, tzinfo=JST)


def moment(minute: float, kind: str, thief: int = -1, account: str = "", **groups: Any) -> Moment:
    time, account = START + timedelta(minutes=minute), account or f"a{max(thief, 0)}"
    event = {"id": f"{account}-{minute}-{kind}", "time": time.isoformat(), "account": account, "type": kind, **groups}
    return Moment(time, account, kind, json.dumps(event).encode(), thief)


def trade(minute: float, side: str, name: str, thief: int = 0) -> Moment:
    return moment(minute, "order.placed", thief, order={"id": name, "instrument": name, "side": side})


def login(minute: float, address: str, thief: int = 0) -> Moment:
    return moment(minute, "login.succeeded", thief, client={"ip": address})


def failures(address: str, accounts: int, minute: float = 0) -> list[Moment]:
    return [moment(minute + k, "login.failed", account=f"x{k}", client={"ip": address}) for k in range(accounts)]


def seen(*moments: Moment, family: str = "stuffing_ring") -> tuple[int, int, int, int]:
    found = Ingredients([Takeover(f"a{k}", family, f"{family}-1", False) for k in range(10)])
    for each in moments:
        found.see(each)
    return found.relayed, found.liquidations, found.rings, found.lists


def test_a_relayed_login_counts_by_how_its_thief_got_in() -> None:
    assert seen(login(0, "192.0.2.1"), family="relay_ring") == (1, 0, 0, 0)
    assert seen(login(0, "192.0.2.1"), family="cookie_theft") == (0, 0, 0, 0)
    assert seen(moment(0, "notice.sent", 0), family="relay_ring") == (0, 0, 0, 0)


def test_a_liquidation_is_one_thief_selling_many_names() -> None:
    sales = [trade(k, "sell", f"{k}.T") for k in range(NAMES_SOLD)]
    assert seen(*sales)[1] == 1
    assert seen(*sales[:-1], trade(9, "sell", "0.T"), trade(9, "sell", "9.T", thief=1))[1] == 0


def test_a_ring_is_one_name_bought_in_enough_accounts_of_a_campaign_within_a_day() -> None:
    assert seen(*(trade(k, "buy", "7992.T", thief=k) for k in range(MEMBERS)))[2] == 1
    assert seen(*(trade(k, "buy", f"{k}.T", thief=k) for k in range(MEMBERS)))[2] == 0
    assert seen(*(trade(k, "buy", "7992.T") for k in range(MEMBERS)))[2] == 0
    assert seen(*(trade(1_000 * k, "buy", "7992.T", thief=k) for k in range(MEMBERS)))[2] == 0


@pytest.mark.parametrize(
    ("accounts", "entered", "lists"),
    [(TRIED, 30, 1), (TRIED, -600, 1), (TRIED, 600, 0), (TRIED, -1_600, 0), (TRIED - 1, 30, 0)],
)
def test_a_list_counts_where_enough_was_tried_and_a_thief_got_in_from_there(
    accounts: int, entered: float, lists: int
) -> None:
    assert seen(*failures("192.0.2.1", accounts), login(entered, "192.0.2.1"))[3] == lists
    assert seen(*failures("192.0.2.1", accounts), login(entered, "192.0.2.2"))[3] == 0


def test_tries_hours_apart_are_no_list() -> None:
    tries = [moment(120 * k, "login.failed", account=f"x{k}", client={"ip": "192.0.2.1"}) for k in range(TRIED)]
    assert seen(*tries, login(120 * TRIED, "192.0.2.1"))[3] == 0


def summary(
    *moments: Moment, met: int = 0, lost: float = 0.0, stopped: float = 0.0, told: tuple[Told, ...] = ()
) -> Any:
    takeover = Takeover("a0", "relay_ring", "relay_ring-1", True, lost + stopped, lost, stopped, met, START)
    world = World(1_000, [], [moment(0, "session.ended"), *moments, moment(9_999, "session.ended")], [takeover], Path())
    broker = Broker(world)
    for each in moments:
        broker.seen.see(each)
    return Summary(world, broker, Played(), Looked(1, list(told)), 0, 0)


def marks(of: Summary) -> dict[str, bool | None]:
    return {check.words: check.good for check in checks(of, lambda ja, en: en)}


def test_what_a_story_does_not_hold_is_said_and_is_no_failure() -> None:
    found = checks(summary(), lambda ja, en: en)
    absent = [check for check in found if check.good is None]
    assert {"a ring was named", "lists of passwords were seen", "liquidations were seen"} <= {c.words for c in absent}
    assert all(shown(check, lambda ja, en: en).endswith("(did not occur in this story)") for check in absent)
    assert all(shown(check, lambda ja, en: ja).startswith("– ") for check in absent)


def test_what_was_there_and_not_found_is_a_failure() -> None:
    executed = moment(3, "order.executed", 0, order={"id": "1", "instrument": "1.T", "side": "buy"})
    missed = marks(summary(login(0, "192.0.2.1"), executed, lost=900.0, stopped=100.0))
    assert missed["relayed logins were challenged, held or locked"] is False
    assert missed["at least half of the money was stopped"] is False
    assert missed["the owner's side saw the theft"] is False
    assert missed["the owner's side told the forged mail"] is False


def test_what_was_there_and_found_is_good() -> None:
    executed = moment(3, "order.executed", 0, order={"id": "1", "instrument": "1.T", "side": "buy"})
    told = (
        Told("alarm", "acts", executed.time, executed.time, "", ""),
        Told("info", "forged", START, START, "", ""),
    )
    found = marks(summary(login(0, "192.0.2.1"), executed, met=CHALLENGE, lost=400.0, stopped=600.0, told=told))
    assert found["relayed logins were challenged, held or locked"] is True
    assert found["at least half of the money was stopped"] is True
    assert found["the owner's side saw the theft"] is True
    assert found["the owner's side told the forged mail"] is True
