"""How thieves get in: their machines and networks, the sprays before a stuffing, sessions continued from elsewhere."""

from collections.abc import Generator
from dataclasses import dataclass, replace

from kuraban.sim import acts, clients, times, whereabouts
from kuraban.sim.acts import Hand
from kuraban.sim.addresses import Place, address, draw_network, draw_place, round_trip
from kuraban.sim.agenda import Script
from kuraban.sim.books import Account, Client, Visit
from kuraban.sim.broker import Broker
from kuraban.sim.clients import Device
from kuraban.sim.customers import Owner, draw_hand
from kuraban.sim.draws import Draws
from kuraban.sim.families import Family
from kuraban.sim.networks import ABROAD, HOME, HOSTING, MOBILE, VPN
from kuraban.sim.parameters import World
from kuraban.sim.stream import Takeover


@dataclass(slots=True, eq=False)
class Crew:
    """The people and machines behind one campaign."""

    world: World
    family: Family
    name: str
    draws: Draws
    device: Device  # the machine they share when they take no care
    exits: list[Place]  # rented networks they fall back on

    def hand(self) -> Hand:
        """One of them at the keyboard."""
        return draw_hand(self.draws, self.world["pace_s"])


@dataclass(slots=True, eq=False)
class Foothold:
    """One thief in one account: where he sits, what he knows."""

    crew: Crew
    owner: Owner
    takeover: Takeover
    hand: Hand
    device: Device
    place: Place
    credentials: int  # those he has stolen
    steady: bool  # keeps his address between visits
    ip: str = ""

    @property
    def account(self) -> Account:
        """The account he is in."""
        return self.owner.account

    @property
    def is_out(self) -> bool:
        """Whether the broker has replaced what he had stolen."""
        return self.account.credentials != self.credentials

    def client(self, broker: Broker) -> Client:
        """How he reaches the broker now."""
        draws = self.crew.draws
        if not self.ip or not self.steady:
            self.ip = address(draws, self.place)
        rtt = round_trip(draws, self.place.network, mobile=False)
        if self.crew.family.entry in ("relay", "stuffing") and self.place.network in HOME:
            rtt += int(draws.lognormal(45.0, 0.6))  # a proxy in a home adds the way to the thief
        device = self.device
        return Client(self.ip, device.user_agent(broker.today), device.token, device.channel, rtt)


def form_crew(world: World, broker: Broker, family: Family, name: str, draws: Draws) -> Crew:
    """Hire a crew."""
    device = clients.draw_desk(draws, broker.names.next()[:14])
    exits = [_draw_exit(world, draws) for _ in range(draws.integer(1, 3))]
    return Crew(world, family, name, draws, device, exits)


def _draw_exit(world: World, draws: Draws) -> Place:
    weights = (world["home_proxy"], world["vpn"], world["hosting"])
    tables = (HOME, VPN, HOSTING, ABROAD)
    table = draws.weighted(tables, (*weights, max(0.05, 1.0 - sum(weights))))
    return draw_place(draws, draw_network(draws, table), 10)


def _near(draws: Draws, owner: Owner) -> Place:
    """A neighbour of the owner: his telephone's pools, or his line's neighbourhood."""
    if owner.phone and draws.chance(0.5):
        return draws.pick(owner.sim.pools)
    return owner.home.place


def _disguise(crew: Crew, broker: Broker, owner: Owner) -> Device:
    """The machine shown to the broker for this victim."""
    draws, world = crew.draws, crew.world
    device = crew.device
    if draws.chance(world["mimics"]) or crew.family.near:
        original = owner.phone if owner.desk is None or (owner.phone and draws.chance(0.4)) else owner.desk
        assert original is not None
        lag = original.lag if draws.chance(0.4) else draws.exponential(10.0)
        device = replace(original, lag=lag)
    elif draws.chance(0.5):
        device = clients.draw_desk(draws, "")
    if device is not crew.device or draws.chance(world["fresh_device"]):
        device = replace(device, token=broker.names.next()[:14])
    return device


def settle(crew: Crew, broker: Broker, owner: Owner, takeover: Takeover) -> Foothold:
    """Decide how the crew will appear in this account."""
    draws, world = crew.draws, crew.world
    if crew.family.near:
        place = _near(draws, owner)
    elif crew.family.goal == "slow":
        network = owner.home.place.network if draws.chance(0.4 + world["own_network"]) else draw_network(draws, HOME)
        place = draw_place(draws, network, 6)
    else:
        place = draws.pick(crew.exits) if draws.chance(0.5) else _draw_exit(world, draws)
        if place.network in HOME and draws.chance(world["own_network"]):
            place = draw_place(draws, owner.home.place.network, 10)
    device = _disguise(crew, broker, owner)
    steady = crew.family.goal == "slow" or draws.chance(0.6)
    hand = crew.hand()
    return Foothold(crew, owner, takeover, hand, device, place, owner.account.credentials, steady)


Entry = Generator[int, None, Visit | None]


def get_in(broker: Broker, foothold: Foothold) -> Entry:
    """Begin a visit by the family's way in; None if it fails."""
    entry = foothold.crew.family.entry
    if entry == "cookie":
        return (yield from _ride(broker, foothold))
    if entry == "remote":
        return (yield from _remote(broker, foothold))
    if entry == "insider":
        return (yield from _insider(broker, foothold))
    client = foothold.client(broker)
    if foothold.is_out:
        yield from _refused(broker, foothold, client)
        return None
    fails = 1 if foothold.crew.draws.chance(0.06) else 0
    factor = "email_otp" if entry == "stuffing" else None
    return (
        yield from acts.sign_in(
            broker, foothold.hand, foothold.account, client, foothold.takeover, fails=fails, factor=factor
        )
    )


def _refused(broker: Broker, foothold: Foothold, client: Client) -> Script:
    """The password no longer works."""
    for _ in range(foothold.crew.draws.integer(1, 3)):
        broker.fail(foothold.account, client, "password", foothold.takeover)
        yield broker.now + 2_000 + int(foothold.crew.draws.lognormal(12_000, 0.7))


def _ride(broker: Broker, foothold: Foothold) -> Entry:
    """Continue the owner's session with his stolen cookies: no login, his device id, another network."""
    draws, account = foothold.crew.draws, foothold.account
    for _ in range(28):
        last = account.last
        if last is not None and not last.ended and broker.now - last.seen < 8 * times.HOUR:
            client = foothold.client(broker)
            agent = last.client.user_agent
            if not draws.chance(0.4 + foothold.crew.world["mimics"] / 2):
                agent = foothold.device.user_agent(broker.today)
            channel = last.client.channel
            stolen = client._replace(user_agent=agent, device=last.client.device, channel=channel)
            visit = broker.visit(account, last.session, stolen, foothold.takeover)
            visit.pin_given, visit.answers = last.pin_given, False
            return visit
        yield broker.now + int(draws.lognormal(4 * times.HOUR, 0.5))
        if foothold.is_out:
            return None
    return None


def _remote(broker: Broker, foothold: Foothold) -> Entry:
    """Move the owner's own mouse: his machine, his line, often his open session."""
    owner, account = foothold.owner, foothold.account
    device = owner.desk or owner.phone
    assert device is not None
    client = whereabouts.at_home(broker, owner, device)
    last = account.last
    if last and not last.ended and last.client.device == device.token and broker.now - last.seen < 2 * times.HOUR:
        visit = broker.visit(account, last.session, last.client, foothold.takeover)
        visit.pin_given = last.pin_given
        return visit
    if foothold.crew.draws.chance(0.5):  # the owner is talked into logging in himself
        visit_by_owner = yield from acts.sign_in(broker, owner.hand, account, client, None)
        if visit_by_owner is None:
            return None
        yield broker.now + int(foothold.crew.draws.lognormal(90_000, 0.8))
        visit = broker.visit(account, visit_by_owner.session, client, foothold.takeover)
        visit.pin_given = visit_by_owner.pin_given
        return visit
    return (yield from acts.sign_in(broker, foothold.hand, account, client, foothold.takeover))


def _insider(broker: Broker, foothold: Foothold) -> Entry:
    """Somebody of the household: the line at home, the shared machine or his own."""
    owner, draws = foothold.owner, foothold.crew.draws
    shared = owner.desk if owner.desk and draws.chance(0.6) else foothold.device
    client = whereabouts.at_home(broker, owner, shared)
    return (yield from acts.sign_in(broker, foothold.hand, foothold.account, client, foothold.takeover))


def spray(broker: Broker, crew: Crew, owners: list[Owner], count: int, hours: float) -> Script:
    """Try a list of passwords: one or two failures on each of many accounts, from a few networks."""
    draws, world = crew.draws, crew.world
    places = [_draw_exit(world, draws) for _ in range(max(1, round(world["spray_networks"])))]
    addresses = [address(draws, place) for place in places]
    scripted = clients.draw_library(draws)
    gap = hours * times.HOUR / max(1, count)
    for _ in range(count):
        account = draws.pick(owners).account
        at = draws.integer(0, len(places) - 1)
        if not draws.chance(0.8):
            addresses[at] = address(draws, places[at])
        library = draws.chance(0.3)
        device = scripted if library else replace(crew.device, token=broker.names.next()[:14])
        rtt = round_trip(draws, places[at].network, mobile=False)
        client = Client(addresses[at], device.user_agent(broker.today), device.token, device.channel, rtt)
        for _ in range(1 + draws.chance(0.15)):
            broker.fail(account, client, "password", None)
            yield broker.now + 200 + int(draws.exponential(gap))


def flood(broker: Broker, foothold: Foothold, count: int) -> Script:
    """Bury the owner in alarms: failed logins from everywhere within minutes."""
    draws = foothold.crew.draws
    for _ in range(count):
        place = draw_place(draws, draw_network(draws, draws.pick((HOME, MOBILE, ABROAD, HOSTING))), 8)
        device = clients.draw_desk(draws, broker.names.next()[:14])
        client = Client(address(draws, place), device.user_agent(broker.today), device.token, "web", 0)
        client = client._replace(rtt=round_trip(draws, place.network, mobile=False))
        broker.fail(foothold.account, client, "password", foothold.takeover)
        yield broker.now + 100 + int(draws.exponential(9_000))
