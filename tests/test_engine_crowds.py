"""Sprays and rings: many accounts as one thing, and the crowds that are neither."""

from datetime import timedelta

import pytest

from engine_stories import (
    CHROME,
    HOME_PC,
    LARGE,
    LISTING,
    SINGAPORE,
    THIN,
    Broker,
    Client,
    Heard,
    at,
    broker_of,
    snapshot,
    visit,
)
from kuraban.core.policy import ALLOW, CHALLENGE, NOTIFY

NAMES = tuple(f"trader-{n}" for n in range(8))


def rob(broker: Broker, n: int, name: str, *, sold: int = 10, yen: float = 3_000_000) -> list[Heard]:
    """A thief enters one account, sells, and buys the ring's share, a few minutes after the one before."""
    thief = visit(name, Client(f"126.205.{n}.2", CHROME.format(135), f"unseen-{n}", rtt_ms=190.0))
    start = at(0, "10:00") + timedelta(minutes=6 * n)
    told = [thief.login(start)]
    told += [thief.sells(start + timedelta(seconds=20 * k + 20), LARGE[k], 900_000) for k in range(sold)]
    return broker.hears([*told, thief.buys(start + timedelta(minutes=5), THIN[0], yen)])


@pytest.fixture(scope="module")
def ring() -> list[Heard]:
    broker = broker_of(*NAMES)
    return [heard for n, name in enumerate(NAMES) for heard in rob(broker, n, name)]


def test_eight_accounts_that_buy_one_thin_share_are_named_as_one_ring(ring: list[Heard]) -> None:
    buys = [heard for heard in ring if heard.event and "trading.thinness" in heard.weights]
    assert {heard.group for heard in buys[-3:]} == {"ring-T1.T-20250422"}
    assert buys[-1].weights["crowd.ring"] > 2.0
    assert ring[0].group is None


def test_members_of_a_ring_found_after_the_fact_get_a_decision_without_an_event(ring: list[Heard]) -> None:
    after = [heard for heard in ring if heard.event is None]
    named = {heard.account for heard in ring if heard.group == "ring-T1.T-20250422"}
    assert named == set(NAMES)
    assert {heard.account for heard in after if heard.group} >= set(NAMES[:3])
    assert all(heard.weights["crowd.ring"] > 0 for heard in after)


def test_what_a_member_can_lose_does_not_depend_on_what_another_buys() -> None:
    broker = broker_of(*NAMES)
    broker.hears([snapshot(NAMES[0], at(0, "03:10"), {LARGE[0]: 900_000}, 10_000)])
    after = [
        heard
        for n, name in enumerate(NAMES)
        for heard in rob(broker, n, name, sold=1 if n == 0 else 10, yen=50_000 if n == 0 else 80_000_000)
        if heard.event is None and heard.account == NAMES[0]
    ]
    assert after
    assert all(heard.exposure <= 400_000 for heard in after)  # ¥10,000 and four tenths of ¥900,000


@pytest.mark.parametrize("name", [LISTING, THIN[3]])
def test_owners_who_all_buy_the_name_in_the_news_are_no_ring(name: str) -> None:
    owners = tuple(f"trader-{n}" for n in range(24))
    broker = broker_of(*owners)
    worst: list[Heard] = []
    for n, owner in enumerate(owners):
        here, start = visit(owner), at(0, "09:05") + timedelta(minutes=2 * n)
        worst += broker.hears([here.login(start), here.buys(start + timedelta(minutes=3), name, 300_000)])
    assert all(heard.group is None for heard in worst)
    # A share of ¥84 makes each of its buyers a little odd by himself, so its crowd weighs something; a listing's not.
    assert max(heard.weights.get("crowd.ring", 0.0) for heard in worst) <= (2.0 if name == THIN[3] else 0.0)
    assert all(heard.severity <= NOTIFY for heard in worst)


def spray(broker: Broker, accounts: int, *, succeeds_first: str | None = None) -> list[Heard]:
    """Many accounts are tried from one address; `succeeds_first` is entered before it is known for what it is."""
    when = at(0, "04:00")
    told = [visit(succeeds_first, SINGAPORE).login(when)] if succeeds_first else []
    told += [
        visit(f"listed-{n}", SINGAPORE).does(when + timedelta(seconds=2 * n + 2), "login.failed")
        for n in range(accounts)
    ]
    return broker.hears(told)


def test_a_success_out_of_a_spray_is_stopped_and_named() -> None:
    broker = broker_of("trader")
    spray(broker, 40)
    heard = broker.decides(visit("trader", SINGAPORE).login(at(0, "04:10")))
    assert heard.severity >= CHALLENGE
    assert heard.group == "spray-20250421-AS14061"  # the day in UTC
    assert "crowd.spray" in heard.signals()
    assert "連続ログイン試行" in heard.words("ja")
    assert "trying many accounts" in heard.words("en")


def test_an_account_that_was_entered_before_the_spray_was_known_is_found_after_the_fact() -> None:
    after = [heard for heard in spray(broker_of("trader"), 40, succeeds_first="trader") if heard.event is None]
    assert [heard.account for heard in after] == ["trader"]
    assert after[0].severity >= CHALLENGE
    assert after[0].group == "spray-20250421-AS14061"


def test_a_success_out_of_a_spray_counts_when_its_password_is_used_days_later_from_elsewhere() -> None:
    sprayed, calm = broker_of("trader"), broker_of("trader")
    spray(sprayed, 40)
    sprayed.hears([visit("trader", SINGAPORE).login(at(0, "04:10"))])
    calm.hears([visit("trader", SINGAPORE).login(at(0, "04:10"))])
    later = visit("trader", Client("101.80.1.2", SINGAPORE.user_agent, "unseen-9", rtt_ms=180.0)).login(at(4, "10:00"))
    assert sprayed.decides(later).severity >= CHALLENGE
    assert sprayed.copy().profile("trader")["spray"] > 2.0
    assert calm.decides(later).weights.get("crowd.spray", 0.0) == 0.0


def test_an_office_where_some_mistype_is_no_spray() -> None:
    broker = broker_of("trader")
    office = Client(HOME_PC.ip, CHROME.format(135), None)
    for n in range(12):
        broker.hears([visit(f"colleague-{n}", office).login(at(0, "08:30") + timedelta(minutes=n))])
    broker.hears([visit(f"colleague-{n}", office).does(at(0, "08:45"), "login.failed") for n in range(3)])
    heard = broker.decides(visit("trader").login(at(0, "09:00")))
    assert heard.severity == ALLOW
    assert "crowd.spray" not in heard.weights
