"""Makes a world and lets it run: the entry point of the simulator."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

import msgspec

from kuraban import __version__
from kuraban.sim import output, times
from kuraban.sim.agenda import Agenda, Script
from kuraban.sim.attackers import Underworld
from kuraban.sim.broker import Broker
from kuraban.sim.customers import Owner, draw_owners
from kuraban.sim.draws import Draws, Names
from kuraban.sim.instruments import write_instruments
from kuraban.sim.life import Life
from kuraban.sim.market import Market
from kuraban.sim.parameters import BASE_RATE, World, draw_world
from kuraban.sim.stream import Stream, Takeover, write_truth

Progress = Callable[[int, int], None] | None

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
    progress: Progress = None,
) -> Summary:
    """Write events.jsonl, instruments.csv, truth.jsonl and world.json (the summary) of one world into `out_dir`.

    The same arguments give the same bytes. Memory grows with accounts, not with days. Files of the same names are
    replaced when the new ones are complete; if something stops the simulation, nothing changes.

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
        ValueError: no such world, a number out of range, or days beyond the calendar of holidays.
        OSError: `out_dir` cannot be written to.
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
    first_day = times.day_of(first)
    if not times.is_known(first_day, days):
        raise ValueError(f"holidays are known from {times.CALENDAR[0]} to {times.CALENDAR[1]} only")
    with output.unfinished(Path(out_dir)) as place:
        count, takeovers = _run(drawn, place, accounts, first_day, days, wanted, progress)
        families = Counter(each.family for each in takeovers)
        summary = Summary(
            world, seed, accounts, days, first, count, len(takeovers), attacks is not None,
            len(takeovers) / (accounts * days), dict(sorted(families.items())), dict(drawn.values),
        )  # fmt: skip
        made = {"made_by": "kuraban simulate", "version": __version__, **asdict(summary)}
        place.path(output.WORLD).write_bytes(msgspec.json.format(msgspec.json.encode(made)) + b"\n")
    return summary


def _run(
    world: World, place: output.Unfinished, accounts: int, first_day: int, days: int, wanted: int, progress: Progress
) -> tuple[int, list[Takeover]]:
    """Let the world run; returns the number of events and the takeovers that came to pass."""
    agenda, names = Agenda(times.midnight(first_day)), Names(*world.key, 7)
    market = Market(world, first_day, days, accounts)
    write_instruments(place.path(output.INSTRUMENTS), market.instruments)
    with Stream(place.path(output.EVENTS), agenda, names) as stream:
        broker = Broker(world, market, agenda, stream, names)
        owners = draw_owners(world, broker, market, accounts, first_day, days)
        life = Life(broker, owners, first_day, days)
        underworld = Underworld(world, broker, life, owners, first_day, days, wanted)
        for done in range(days):
            day = first_day + done
            agenda.start(times.midnight(day) + _SNAPSHOTS, _books(broker, owners, day, everything=_all(world, done)))
            life.plan(day)
            agenda.run_until(times.midnight(day + 1))
            if progress is not None:
                progress(done + 1, days)
    takeovers = [each for each in underworld.takeovers if each.events]
    write_truth(place.path(output.TRUTH), takeovers)
    return stream.count, takeovers


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
