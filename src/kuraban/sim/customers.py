"""The owners of accounts: what they have, what they use, when and how they tend to act."""

from dataclasses import dataclass
from itertools import accumulate

from kuraban.sim import acts, clients
from kuraban.sim.acts import Hand
from kuraban.sim.addresses import Line, Place, Sim, draw_line, draw_network, draw_place, draw_sim
from kuraban.sim.books import Account
from kuraban.sim.broker import Broker
from kuraban.sim.clients import Device
from kuraban.sim.draws import Draws
from kuraban.sim.habits import HABITS, POOLS, RHYTHMS, SEGMENTS, Habits
from kuraban.sim.market import Market
from kuraban.sim.networks import HOME, HOSTING, MOBILE, OFFICE, VPN
from kuraban.sim.parameters import World


@dataclass(slots=True, eq=False)
class Owner:
    """One person and the account that is his."""

    account: Account
    segment: str
    habits: Habits
    draws: Draws
    phone: Device | None
    desk: Device | None
    home: Line
    sim: Sim
    hours: list[float]  # running sums over the hours of the day
    weekend: float  # factor on visits
    visits: float  # a day
    favourites: list[int]
    plans: list[tuple[int, int, int]]  # day of the month, fund, amount
    payday: int
    saving: int  # deposit on payday, 0 for none
    hand: Hand
    leaves: float  # chance to log out
    phone_share: float
    crowd: float  # factor on joining crowds
    forgets: bool  # the browser forgets the device id
    blocks: bool  # and stores none at all
    stays: bool  # the app keeps its session for days
    office: Line | None = None
    tunnel: Place | None = None  # VPN
    aggregator: "Aggregator | None" = None
    opens: int = 0  # day the account is opened, if within the world
    abroad: Place | None = None  # or just away from home
    abroad_until: int = 0
    partner: "Owner | None" = None
    away: bool = False  # left the broker


@dataclass(slots=True)
class Aggregator:
    """A household-book service that logs in for its users every day."""

    device: Device
    places: list[Place]
    minute: float  # of the day
    service: int = 0


class Town:
    """What owners share: companies, VPN exits, aggregators."""

    def __init__(self, world: World, accounts: int) -> None:
        draws = world.draws(3)
        count = max(2, accounts // 400)
        self.offices = [draw_line(draws, draw_network(draws, OFFICE), 0.0) for _ in range(count)]
        for office in self.offices:
            place = office.place
            office.place = place._replace(bits=draws.integer(1, 3))
            office.six = False
        self.tunnels = [draw_place(draws, draw_network(draws, VPN), 8) for _ in range(24)]
        self.aggregators = [self._aggregator(draws, n) for n in range(3)]

    @staticmethod
    def _aggregator(draws: Draws, number: int) -> Aggregator:
        network = draws.pick(HOSTING[:4])
        return Aggregator(clients.draw_library(draws), [draw_place(draws, network, 5) for _ in range(2)], 0.0, number)


def draw_owners(world: World, broker: Broker, market: Market, count: int, first_day: int, days: int) -> list[Owner]:
    """All owners of a world."""
    town = Town(world, count)
    weights = [world[name] for name in SEGMENTS]
    owners: list[Owner] = []
    width = len(str(count)) + 2
    numbers = Draws(*world.key, 4).sample(range(10 ** (width - 1), 10**width), count)
    for index in range(count):
        draws = world.draws(5, index)
        account = Account(str(numbers[index]), index)
        owner = _draw_owner(world, broker, market, town, account, draws.weighted(SEGMENTS, weights), draws)
        if draws.chance(0.0008 * days):
            owner.opens = first_day + draws.integer(1, max(1, days - 1))
            _empty(account)
        if owners and draws.chance(world["couple"] / 2) and owners[-1].partner is None and not owner.opens:
            _marry(owners[-1], owner)
        owners.append(owner)
    return owners


def draw_hand(draws: Draws, pace: float) -> Hand:
    """How one person handles the pages, around a median pace in seconds."""
    return Hand(
        draws, draws.lognormal(pace, 0.6), draws.between(0.1, 0.8), draws.normal(0.5, 2.0), draws.uniform(),
        odd_lots=draws.chance(0.3),
    )  # fmt: skip


def _marry(first: Owner, second: Owner) -> None:
    """A couple has one line and one computer."""
    first.partner, second.partner = second, first
    second.home = first.home
    second.desk = first.desk or second.desk


def _empty(account: Account) -> None:
    account.cash = account.linked_cash = 0.0
    account.positions.clear()
    account.touched = False


def _draw_owner(
    world: World, broker: Broker, market: Market, town: Town, account: Account, segment: str, draws: Draws
) -> Owner:
    habits = HABITS[segment]
    phone = (
        clients.draw_phone(draws, broker.names.next()[:14], broker.app, world["app"]) if draws.chance(0.86) else None
    )
    desk = clients.draw_desk(draws, broker.names.next()[:14]) if phone is None or draws.chance(0.72) else None
    rhythm = RHYTHMS[1] if segment == "day_trader" else draws.weighted(RHYTHMS, (5, 1.5, 3, 2, 0.8))
    owner = Owner(
        account=account, segment=segment, habits=habits, draws=draws, phone=phone, desk=desk,
        home=draw_line(draws, draw_network(draws, HOME), draws.weighted((0.0, 4.0, 14.0, 30.0, 90.0), (3, 1, 2, 3, 3))),
        sim=draw_sim(draws, draw_network(draws, MOBILE)),
        hours=list(accumulate((w + 0.02) * draws.lognormal(1.0, 0.5) for w in rhythm)),
        weekend=draws.between(0.2, 1.3) if segment != "day_trader" else 0.15,
        visits=habits.visits * world["busyness"] * draws.lognormal(1.0, 0.55),
        favourites=[], plans=[], payday=draws.weighted((25, 10, 15, 28, 20), (6, 1, 2, 1, 1)), saving=0,
        hand=draw_hand(draws, 28.0),
        leaves=draws.pick((0.02, 0.1, 0.4, 0.9)), phone_share=draws.between(0.15, 0.95),
        crowd=draws.lognormal(0.6, 1.0) * (3.0 if segment in ("day_trader", "penny_fan", "active") else 1.0),
        forgets=draws.chance(world["private"]), blocks=draws.chance(0.4),
        stays=draws.chance(world["stays"]),
    )  # fmt: skip
    _draw_security(world, owner)
    _draw_habitat(world, owner, town)
    _draw_books(world, market, owner)
    return owner


def _draw_security(world: World, owner: Owner) -> None:
    draws, account = owner.draws, owner.account
    if draws.chance(world["no_factor"]):
        account.factor = ""
    elif draws.chance(world["passkeys"]):
        account.factor = "passkey"
    else:
        account.factor = draws.weighted(("image", "sms_otp", "email_otp", "totp", "push"), (4, 4, 3, 1, 0.6))
    account.notices = {
        "login": draws.chance(0.45), "execution": draws.chance(0.65), "withdrawal": draws.chance(0.85),
        "cash": draws.chance(0.3), "setting": draws.chance(0.9),
    }  # fmt: skip
    account.mail = draws.weighted(("email", "push", "sms"), (8, 2, 0.5))
    account.destination = acts.new_destination(draws)
    account.linked = draws.chance(world["linked"])
    account.sweeps = account.linked and draws.chance(0.5)
    account.known = {device.token for device in (owner.phone, owner.desk) if device and draws.chance(0.9)}


def _draw_habitat(world: World, owner: Owner, town: Town) -> None:
    draws = owner.draws
    if draws.chance(world["office"]) and owner.desk:
        owner.office = draws.pick(town.offices)
    if draws.chance(world["vpn_user"]):
        owner.tunnel = draws.pick(town.tunnels)
    if draws.chance(world["aggregator"] * (0.15 if owner.segment == "dormant" else 1.0)):
        service = draws.weighted(town.aggregators, (5, 2, 1))
        owner.aggregator = Aggregator(service.device, service.places, draws.between(0.0, 1439.0), service.service)
    if owner.segment in ("day_trader", "active", "margin_user") and draws.chance(world["robots"] * 6):
        owner.phone, owner.desk = None, clients.draw_library(draws)
        owner.tunnel, owner.office, owner.visits = draw_place(draws, draw_network(draws, HOSTING), 0), None, 2.5


def draw_liking(market: Market, owner: Owner) -> int:
    """Something this owner might buy that he may never have held."""
    while True:
        pool = owner.draws.weighted(POOLS, owner.habits.pools)
        n = owner.draws.pick(market.cheap) if pool == "cheap" else market.choose(owner.draws, pool)
        if not market.instruments[n].listed:
            return n


def _draw_books(world: World, market: Market, owner: Owner) -> None:
    draws, habits, account = owner.draws, owner.habits, owner.account
    wealth = draws.lognormal(world["wealth"] * habits.wealth, 1.45)
    count = draws.integer(*habits.positions)
    owner.favourites = [draw_liking(market, owner) for _ in range(count + 2)]
    cash = min(0.95, draws.exponential(habits.cash))
    account.cash = float(round(wealth * cash))
    if owner.segment in ("margin_user", "day_trader") or draws.chance(0.06):
        account.margin_ratio = draws.between(1.8, 3.0)
    if account.linked:
        account.linked_cash = float(round(draws.lognormal(900_000, 1.4)))
    funds = market.by_segment["fund"]
    shares = [draws.exponential(1.0) for _ in range(count)]
    fund_part = 0.0
    if draws.chance(habits.funds):
        fund_part = draws.between(0.2, 0.6) if count else 1.0
        chosen = draws.sample(funds[: 1 + len(funds) // draws.integer(1, 8)], draws.integer(1, 3))
        for fund in chosen:
            value = wealth * (1 - cash) * fund_part / len(chosen)
            account.positions[fund] = max(1, int(value / market.instruments[fund].price * 10_000))
        if draws.chance(0.85 if owner.segment == "saver" else 0.4):
            for fund in chosen:
                amount = draws.weighted((5_000, 10_000, 20_000, 33_333, 50_000, 100_000), (1, 4, 4, 6, 3, 3))
                owner.plans.append(
                    (draws.weighted((1, 5, 8, 10, 12, 15, 20, 27), (4, 3, 3, 2, 3, 2, 2, 2)), fund, amount)
                )
    for n, part in zip(owner.favourites, shares, strict=False):
        each = market.instruments[n]
        value = wealth * (1 - cash) * (1 - fund_part) * part / max(1e-9, sum(shares))
        lots = int(value / (each.price * each.unit * each.lot))
        if lots:
            account.positions[n] = account.positions.get(n, 0) + lots * each.lot
        elif owner.hand.odd_lots and value > each.price * each.unit:
            account.positions[n] = account.positions.get(n, 0) + int(value / (each.price * each.unit))
    if draws.chance(0.5) or owner.plans:
        owner.saving = round(draws.lognormal(60_000, 0.9) / 1000) * 1000
