"""Owners do, of their own will and now and then, everything a thief does."""

from collections import defaultdict
from datetime import datetime

import pytest

from kuraban.sim import simulate
from sim_world import Event, Told, changed, placed, read

pytestmark = pytest.mark.slow

DAYS, ACCOUNTS = 30, 3000


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    out = tmp_path_factory.mktemp("owners")
    simulate(out, accounts=ACCOUNTS, days=DAYS, seed=31, attacks=10)
    return read(out)


@pytest.fixture(scope="module")
def by_account(told: Told) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in told.owners():
        found[event["account"]].append(event)
    return found


def day(event: Event) -> int:
    return datetime.fromisoformat(event["time"]).toordinal()


def devices(events: list[Event]) -> set[str]:
    return {event["client"]["device"] for event in events if event.get("client", {}).get("device")}


def is_thin(told: Told, event: Event) -> bool:
    return told.daily_value.get(event["order"]["instrument"], 1e12) < 1e8


def test_some_sell_much_and_buy_a_thin_name_new_to_them(told: Told) -> None:
    rotations = [
        session
        for session in told.sessions()
        if len(placed(session, "sell")) >= 2
        and any(is_thin(told, buy) for buy in placed(session, "buy"))
        and session.index(placed(session, "sell")[0]) < session.index(placed(session, "buy")[-1])
    ]
    assert len(rotations) >= 10


def test_some_sell_everything_in_a_fright(told: Told) -> None:
    assert sum(len(placed(s, "sell")) >= 4 and not placed(s, "buy") for s in told.sessions()) >= 10


def test_sessions_go_on_over_another_network_on_the_same_device(told: Told) -> None:
    moved = [
        session
        for session in told.sessions()
        if len({event["client"]["ip"].rpartition(".")[0] for event in session}) > 1 and len(devices(session)) == 1
    ]
    assert len(moved) >= 50
    assert any("iPhone" not in s[0]["client"]["user_agent"] and s[0]["client"]["channel"] == "web" for s in moved)


def test_device_ids_are_lost_with_the_rest_unchanged(by_account: dict[str, list[Event]]) -> None:
    lost = 0
    for events in by_account.values():
        logins = [e for e in events if e["type"] == "login.succeeded" and e["client"].get("device")]
        known: dict[str, set[str]] = defaultdict(set)
        for login in logins:
            agent, device = login["client"]["user_agent"], login["client"]["device"]
            lost += bool(known[agent]) and device not in known[agent]
            known[agent].add(device)
    assert lost >= 30


def test_some_change_the_payout_account_and_withdraw_at_once(told: Told) -> None:
    at_once = [
        session
        for session in told.sessions()
        if changed(session, "payout_account") and any(e["type"] == "withdrawal.requested" for e in session)
    ]
    assert len(at_once) >= 3


def test_the_long_absent_come_back_on_a_new_telephone_after_failures(by_account: dict[str, list[Event]]) -> None:
    returned = 0
    for events in by_account.values():
        acts = [event for event in events if event.get("client", {}).get("channel") in ("web", "app")]
        if acts and day(acts[0]) > day(events[0]) + 10 and acts[0]["type"] == "login.failed":
            returned += any(e["type"] in ("order.placed", "setting.changed") for e in acts)
    assert returned >= 3


def test_some_buy_on_margin_for_the_first_time(by_account: dict[str, list[Event]]) -> None:
    first = 0
    for events in by_account.values():
        orders = [event for event in events if event["type"] == "order.placed"]
        margin = [order["order"].get("margin", False) for order in orders]
        first += any(margin) and margin.index(True) >= 3
    assert first >= 5


@pytest.mark.parametrize(
    ("name", "to"),
    [("notice.execution", "off"), ("notice.withdrawal", "off"), ("sweep", "on"), ("mfa", "off"), ("email", "changed"),
     ("phone", "changed"), ("device", "replaced"), ("trading_pin", "changed"), ("password", "changed")],
)  # fmt: skip
def test_every_setting_a_thief_changes_is_changed_by_owners(told: Told, name: str, to: str) -> None:
    assert len(changed(told.owners(), name, to)) >= 3


def test_couples_share_a_device_and_colleagues_an_address(by_account: dict[str, list[Event]]) -> None:
    of_device, of_address = defaultdict(set), defaultdict(set)
    for account, events in by_account.items():
        for event in events:
            if event["type"] == "login.succeeded" and event["client"]["channel"] == "web":
                of_device[event["client"].get("device")].add(account)
                of_address[event["client"]["ip"]].add(account)
    assert sum(len(accounts) == 2 for accounts in of_device.values()) >= 20
    assert max(map(len, of_address.values())) >= 4


def test_what_resembles_a_theft_stays_rare(told: Told) -> None:
    """Enriched, but not beyond a few in a thousand account-days."""
    account_days = ACCOUNTS * DAYS
    rotations = sum(
        len(placed(s, "sell")) >= 2 and any(is_thin(told, b) for b in placed(s, "buy")) for s in told.sessions()
    )
    assert rotations / account_days < 4e-3
    assert len(changed(told.owners(), "payout_account")) / account_days < 2e-3
    assert len(changed(told.owners(), "notice.execution", "off")) / account_days < 2e-3
