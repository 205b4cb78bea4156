"""Crews of thieves: who they are, how much care they take, and how they appear in an account they have entered."""

from dataclasses import dataclass, replace

from kuraban.sim import clients
from kuraban.sim.acts import Hand
from kuraban.sim.addresses import Place, address, address6, draw_network, draw_place, prefix6, round_trip
from kuraban.sim.books import Account, Client
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
    care: float  # factor on the world's chances of every precaution
    device: Device  # the machine they share when they take no care
    exits: list[Place]  # rented networks they fall back on

    def takes(self, precaution: str) -> bool:
        """Whether they take the trouble this time; the careful do so more often than the careless."""
        return self.draws.chance(min(0.95, self.world[precaution] * self.care))

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
    six: bool  # reaches the broker over IPv6 where his network has it
    keeps_hours: bool  # comes when the owner does
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
            self.ip = address6(draws, prefix6(draws, self.place)) if self.six else address(draws, self.place)
        rtt = round_trip(draws, self.place.network, mobile=self.place.network in MOBILE)
        if not self.crew.family.near and self.place.network in HOME:
            rtt += int(draws.lognormal(45.0, 0.6))  # a proxy in a home adds the way to the thief
        device = self.device
        return Client(self.ip, device.user_agent(broker.today), device.token, device.channel, rtt)


def form_crew(world: World, broker: Broker, family: Family, name: str, draws: Draws) -> Crew:
    """Hire a crew."""
    rest = max(0.05, 1.0 - world["careless"] - world["careful"])
    care = draws.weighted((0.4, 1.0, 1.7), (world["careless"], rest, world["careful"]))
    device = _own_device(world, broker, draws)
    exits = [draw_exit(world, draws, care) for _ in range(draws.integer(1, 3))]
    return Crew(world, family, name, draws, care, device, exits)


def _own_device(world: World, broker: Broker, draws: Draws) -> Device:
    """A machine of their own, or what they make it look like."""
    token = "" if draws.chance(world["deviceless"]) else broker.names.next()[:14]
    if draws.chance(world["phones"]):
        return clients.draw_phone(draws, token, broker.app, 0.25 if token else 0.0)
    return clients.draw_desk(draws, token)


def draw_exit(world: World, draws: Draws, care: float = 1.0) -> Place:
    """Where they come out: a home with a proxy on it, a VPN shop, a hosting network, or abroad."""
    weights = (min(0.9, world["home_proxy"] * care), world["vpn"], world["hosting"])
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
    if crew.family.near or crew.takes("mimics"):
        original = owner.phone if owner.desk is None or (owner.phone and draws.chance(0.4)) else owner.desk
        assert original is not None
        lag = original.lag if draws.chance(0.4) else draws.exponential(10.0)
        device = replace(original, lag=lag)
    elif draws.chance(0.5):
        return _own_device(world, broker, draws)
    if device is not crew.device or crew.takes("fresh_device"):
        device = replace(device, token=broker.names.next()[:14])
    return device


def settle(crew: Crew, broker: Broker, owner: Owner, takeover: Takeover) -> Foothold:
    """Decide how the crew will appear in this account."""
    draws, world = crew.draws, crew.world
    if crew.family.near:
        place = _near(draws, owner)
    elif crew.family.goal == "slow":
        own = draws.chance(0.4 + world["own_network"])
        network = owner.home.place.network if own else draw_network(draws, HOME)
        place = draw_place(draws, network, 6)
    else:
        place = draws.pick(crew.exits) if draws.chance(0.5) else draw_exit(world, draws, crew.care)
        if place.network in HOME and crew.takes("own_network"):
            place = draw_place(draws, owner.home.place.network, 10)
    device = _disguise(crew, broker, owner)
    steady = crew.family.goal == "slow" or draws.chance(0.6)
    return Foothold(
        crew, owner, takeover, crew.hand(), device, place, owner.account.credentials, steady,
        six=place.base6 != 0 and draws.chance(0.3), keeps_hours=crew.takes("keeps_hours"),
    )  # fmt: skip
