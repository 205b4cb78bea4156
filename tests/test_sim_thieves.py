"""The families of thieves are what their names say, and campaigns share what campaigns share."""

from collections import Counter, defaultdict
from datetime import datetime
from ipaddress import ip_address, ip_network

import pytest

from kuraban.sim import simulate
from kuraban.sim.families import FAMILIES, families_of
from kuraban.sim.networks import ABROAD, HOME, HOSTING, MOBILE, VPN
from sim_world import Event, Told, changed, placed, read

pytestmark = pytest.mark.slow

BLOCKS = [
    (ip_network(block), network.asn)
    for network in (*HOME, *MOBILE, *HOSTING, *VPN, *ABROAD)
    for block in (*network.blocks, *network.blocks6)
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    out = tmp_path_factory.mktemp("thieves")
    simulate(out, accounts=3000, days=30, seed=8, attacks=220, world="locked")
    return read(out)


def day(event: Event) -> int:
    return datetime.fromisoformat(event["time"]).toordinal()


def operators(events: list[Event]) -> set[int]:
    """Whose networks the addresses belong to."""
    found = {ip_address(event["client"]["ip"]) for event in events if event.get("client", {}).get("ip")}
    return {operator for ip in found for block, operator in BLOCKS if ip in block}


def test_three_families_and_more_appear_in_the_locked_world_only() -> None:
    seen = {family.name for world in ("development", "validation") for family in families_of(world)}
    assert len({family.name for family in families_of("locked")} - seen) >= 3
    assert {family.name for family in families_of("locked")} == {family.name for family in FAMILIES}


def test_every_family_of_a_world_comes_when_there_is_room_for_it(told: Told) -> None:
    assert {takeover["family"] for takeover in told.takeovers} == {family.name for family in families_of("locked")}


def test_slow_thieves_spread_over_days_and_buy_a_little_at_a_time(told: Told) -> None:
    spread = [len({day(event) for event in events}) for events in told.of_family("slow_split")]
    assert max(spread) >= 4


def test_margin_thieves_leave_the_holdings_alone(told: Told) -> None:
    orders = [o for events in told.of_family("margin_only") for o in placed(events, "buy") + placed(events, "sell")]
    assert sum(order["order"].get("margin", False) for order in orders) > 0.6 * len(orders) > 0
    assert not any(order["order"]["side"] == "sell" for order in orders)


def test_sweep_thieves_spend_the_linked_bank_and_sell_nothing(told: Told) -> None:
    events = [event for events in told.of_family("sweep_only") for event in events]
    assert any(event["type"] == "cash.swept" for event in events)
    assert placed(events, "buy")
    assert not placed(events, "sell")


def test_cookie_thieves_do_not_log_in(told: Told) -> None:
    events = [event for events in told.of_family("cookie_theft") for event in events]
    assert placed(events, "buy")
    assert not any(event["type"] == "login.succeeded" for event in events)


def test_remote_controllers_and_the_household_use_the_owners_own_line(told: Told) -> None:
    for family in ("remote_control", "insider_home"):
        for events in told.of_family(family):
            owned = [event for event in told.owned(events[0]["account"]) if "client" in event]
            # A line may renew between two rare visits.
            assert operators(events) & operators(owned) or len(owned) < 8


def test_neighbours_come_from_a_network_of_the_owner(told: Told) -> None:
    near = []
    for events in told.of_family("carrier_neighbour"):
        account = events[0]["account"]
        near.append(operators(events) <= operators(told.owned(account)))
    assert sum(near) >= 0.6 * len(near) > 0  # some owners have not been seen on both of their networks


def test_a_flood_buries_the_owner_in_failures(told: Told) -> None:
    failures = [sum(e["type"] == "login.failed" for e in events) for events in told.of_family("notice_flood_return")]
    assert max(failures) >= 40


def test_some_come_back_after_the_broker_has_replaced_the_credentials(told: Told) -> None:
    reset: dict[str, str] = {}
    returned = set()
    for event in told.events:
        if event["type"] == "credentials.reset":
            reset.setdefault(event["account"], event["time"])
        elif event["account"] in reset and event["type"] == "order.placed" and event["id"] in told.family:
            returned.add(event["account"])
    assert returned


def test_some_switch_notices_off_days_before_they_act(told: Told) -> None:
    ahead = 0
    for name in {takeover["family"] for takeover in told.takeovers}:
        for events in told.of_family(name):
            off = [e for e in events if e["type"] == "setting.changed" and e["setting"]["name"].startswith("notice.")]
            bought = placed(events, "buy")
            ahead += bool(off and bought) and day(bought[0]) - day(off[0]) >= 1
    assert ahead >= 3


def test_a_ring_shares_its_name_its_hours_and_its_tools(told: Told) -> None:
    rings: dict[str, list[list[Event]]] = defaultdict(list)
    by_id = {event["id"]: event for event in told.events}
    for takeover in told.takeovers:
        if takeover["family"] == "relay_ring":
            rings[takeover["campaign"]].append([by_id[name] for name in takeover["events"]])
    members = max(rings.values(), key=len)
    names = Counter(order["order"]["instrument"] for events in members for order in placed(events, "buy"))
    assert len(members) >= 8
    assert len(names) <= 9
    assert len({day(events[-1]) for events in members if placed(events, "buy")}) <= 6


def test_owners_locked_out_by_a_thief_fail_to_log_in(told: Told) -> None:
    stolen = {takeover["account"] for takeover in told.takeovers}
    since: dict[str, str] = {}
    failed = set()
    for event in told.events:
        if event["account"] not in stolen:
            continue
        if event["id"] in told.family and changed([event], "password"):
            since[event["account"]] = event["time"]
        elif event["type"] == "login.failed" and event["account"] in since and event["id"] not in told.family:
            failed.add(event["account"])
    assert failed


def test_sprays_fail_on_many_accounts_from_one_address(told: Told) -> None:
    tried: dict[str, set[str]] = defaultdict(set)
    for event in told.events:
        if event["type"] == "login.failed" and event["id"] not in told.family:
            tried[event["client"]["ip"]].add(event["account"])
    assert max(map(len, tried.values())) >= 3
