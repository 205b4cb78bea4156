"""Makes a world and lets it run: the entry point of the simulator."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from kuraban.sim import times
from kuraban.sim.agenda import Agenda, Script
from kuraban.sim.attackers import Underworld
from kuraban.sim.broker import Broker
from kuraban.sim.customers import Owner, draw_owners
from kuraban.sim.draws import Draws, Names
from kuraban.sim.instruments import write_instruments
from kuraban.sim.life import Life
from kuraban.sim.market import Market
from kuraban.sim.parameters import BASE_RATE, World, draw_world
from kuraban.sim.stream import Stream, write_truth

_SNAPSHOTS = 3 * times.HOUR  # when the nightly books begin to go out
_FIRST_DAYS = (date(2025, 4, 7), date(2025, 9, 1), date(2026, 1, 26))


@dataclass(frozen=True, slots=True)
class Summary:
    """What a world contains."""

    world: str
    seed: int
    accounts: int
    days: int
    start: date
    events: int
    takeovers: int
    enriched: bool  # takeovers were asked for, instead of drawn at the real base rate
    rate: float  # takeovers per account and day
    families: dict[str, int] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)


def simulate(
    out_dir: Path | str,
    *,
    accounts: int,
    days: int,
    seed: int,
    attacks: int | None = None,
    world: str = "development",
    base_rate: float | None = None,
    start: date | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Write events.jsonl, instruments.csv and truth.jsonl of one world into `out_dir`.

    The same arguments give the same bytes. Memory grows with accounts, not with days.

    Args:
        out_dir: made if it does not exist.
        accounts: number of accounts.
        days: length in days.
        seed: any number from 0; the three worlds never share a random stream.
        attacks: number of takeovers; None draws it at the base rate.
        world: `development`, `validation` or `locked`: which ranges the parameters come from.
        base_rate: takeovers per account and day; None draws one from the reported range.
        start: first day (Japanese date); None takes the world's own.
        progress: called after each day with the days done and the days in all.

    Raises:
        ValueError: no such world, or a number out of range.
    """
    if accounts < 1 or days < 1:
        raise ValueError("a world needs at least one account and one day")
    if attacks is not None and attacks < 0:
        raise ValueError("the number of attacks must not be negative")
    drawn = draw_world(world, seed)
    first = start or _FIRST_DAYS[drawn.key[0] - 1]
    rate_draws = drawn.draws(6)
    rate = base_rate if base_rate is not None else rate_draws.between(*BASE_RATE)
    wanted = attacks if attacks is not None else rate_draws.poisson(rate * accounts * days)
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    first_day = times.day_of(first)
    agenda, names = Agenda(times.midnight(first_day)), Names(*drawn.key, 7)
    market = Market(drawn, first_day, days, accounts)
    write_instruments(out / "instruments.csv", market.instruments)
    with Stream(out / "events.jsonl", agenda, names) as stream:
        broker = Broker(drawn, market, agenda, stream, names)
        owners = draw_owners(drawn, broker, market, accounts, first_day, days)
        life = Life(broker, owners, first_day, days)
        underworld = Underworld(drawn, broker, life, owners, first_day, days, wanted)
        for done in range(days):
            day = first_day + done
            agenda.start(times.midnight(day) + _SNAPSHOTS, _books(broker, owners, day, everything=_all(drawn, done)))
            life.plan(day)
            agenda.run_until(times.midnight(day + 1))
            if progress is not None:
                progress(done + 1, days)
        count = stream.count
    takeovers = [t for t in underworld.takeovers if t.events]
    write_truth(out / "truth.jsonl", takeovers)
    families: dict[str, int] = {}
    for each in takeovers:
        families[each.family] = families.get(each.family, 0) + 1
    return Summary(
        world, seed, accounts, days, first, count, len(takeovers), attacks is not None,
        len(takeovers) / (accounts * days), dict(sorted(families.items())), dict(drawn.values),
    )  # fmt: skip


def _all(world: World, done: int) -> bool:
    return done == 0 and world["first_books"] > 0.5


def _books(broker: Broker, owners: list[Owner], day: int, *, everything: bool) -> Script:
    """The nightly snapshots: of accounts whose books changed, and of every account once a week."""
    draws = Draws(*broker.world.key, 8, day)
    for owner in owners:
        account = owner.account
        due = account.touched or (account.index + day) % 7 == 0
        if owner.opens > day or not (everything or due):
            continue
        broker.snapshot(account)
        yield broker.now + int(draws.exponential(35.0))
