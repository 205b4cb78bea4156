"""The demo's world: simulated owners and thieves, parted into the days before and the days of the attack."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import msgspec

from kuraban.evaluate.world import CHALLENGES, KNOWLEDGE
from kuraban.events import Event
from kuraban.sim.families import FAMILIES
from kuraban.sim.simulate import simulate

SPRING = date(2025, 4, 7)
DAYS = 30
OWNERS_PER_TAKEOVER, LEAST_TAKEOVERS = 70, 14
BEFORE = timedelta(hours=18)  # played before the first act of a thief: lists of passwords are tried before they fit
AFTER = timedelta(hours=12)  # and after the last: withdrawals leave, held acts are called about
JST = timezone(timedelta(hours=9))

# Families whose thieves can answer a challenge: who relays the owner's codes, moves his mouse or lives with him. Who
# has a password from a list, or the cookies of a session, cannot.
_PASSES = {family.name: family.entry in ("relay", "remote", "insider") for family in FAMILIES}

_decode = msgspec.json.Decoder(Event).decode


@dataclass(slots=True)
class Takeover:
    """One line of the truth. passes: whether this thief answers challenges. The sums are yen, see `broker`.

    wanted: what he takes in the recording, where nobody stops him; lost: what took effect; stopped: what did not.
    met: the gravest action any of his acts was answered with (index in `ACTIONS`); first, answered: when he began, and
    when he was first challenged, held or locked.
    """

    account: str
    family: str
    campaign: str
    passes: bool
    wanted: float = 0.0
    lost: float = 0.0
    stopped: float = 0.0
    met: int = 0
    first: datetime | None = None
    answered: datetime | None = None


@dataclass(slots=True)
class Moment:
    """One event as it will be played. thief: index of the takeover it belongs to, -1 for everybody else's."""

    time: datetime
    account: str
    kind: str
    raw: bytes
    thief: int

    def event(self) -> Event:
        """All of it."""
        return _decode(self.raw)


@dataclass(slots=True)
class World:
    """history: lines before the attack. played: what comes after. questions: ids of events after which the broker of
    the recording asks for a second factor by itself. methods: each account's usual second factor."""

    owners: int
    history: list[bytes]
    played: list[Moment]
    takeovers: list[Takeover]
    instruments: Path
    questions: set[str] = field(default_factory=set)
    methods: dict[str, str] = field(default_factory=dict)

    @property
    def span(self) -> tuple[datetime, datetime]:
        """First and last moment played."""
        return self.played[0].time, self.played[-1].time


class _Line(msgspec.Struct):
    id: str
    time: str
    account: str
    type: str
    session: str | None = None


class _Truth(msgspec.Struct):
    account: str
    family: str
    campaign: str
    events: list[str]


def make(folder: Path, owners: int, seed: int, progress: Callable[[int, int], None]) -> World:
    """Simulate and read back. Raises ValueError where nothing can be told: no thief came, or a number out of range."""
    attacks = max(LEAST_TAKEOVERS, owners // OWNERS_PER_TAKEOVER)
    simulate(folder, accounts=owners, days=DAYS, seed=seed, attacks=attacks, start=SPRING, progress=progress)
    truth = [msgspec.json.decode(line, type=_Truth) for line in (folder / "truth.jsonl").read_bytes().splitlines()]
    if not truth:
        raise ValueError("no thief came: take another seed or more owners")
    return _parted(owners, folder, truth)


def _parted(owners: int, folder: Path, truth: list[_Truth]) -> World:
    of = {event: number for number, line in enumerate(truth) for event in line.events}
    decode = msgspec.json.Decoder(_Line).decode
    lines = (folder / "events.jsonl").read_bytes().splitlines()
    moments, asks, methods = [], _Asked(), _Methods()
    passed: dict[int, set[str]] = {}
    for raw in lines:
        line = decode(raw)
        number = of.get(line.id, -1)
        moments.append(Moment(datetime.fromisoformat(line.time), line.account, line.type, raw, number))
        asks.see(line)
        if line.type in CHALLENGES:
            method = methods.see(moments[-1])
            if number >= 0 and method not in KNOWLEDGE:
                passed.setdefault(number, set()).add(line.type)
    takeovers = [
        # As in `evaluate.stopped`: one who is seen to pass does, one who is seen only to fail does not.
        Takeover(line.account, line.family, line.campaign,
                 "challenge.passed" in passed[n] if n in passed else _PASSES[line.family])
        for n, line in enumerate(truth)
    ]  # fmt: skip
    acts = [moment.time for moment in moments if moment.thief >= 0]
    begin, end = _midnight(acts[0] - BEFORE), acts[-1] + AFTER
    history = [moment.raw for moment in moments if moment.time < begin]
    played = [moment for moment in moments if begin <= moment.time <= end]
    return World(owners, history, played, takeovers, folder / "instruments.csv", asks.found, methods.usual())


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(JST).replace(hour=0, minute=0, second=0, microsecond=0)


class _Asked:
    """Finds the logins of the recording that its broker follows with a challenge of its own."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self._login: dict[str, str] = {}  # session → its login

    def see(self, line: _Line) -> None:
        if line.session is None:
            return
        if line.type == "login.succeeded":
            self._login[line.session] = line.id
        elif line.session in self._login:
            login = self._login.pop(line.session)
            if line.type in CHALLENGES:
                self.found.add(login)


class _Methods:
    """Each account's second factor, as the recording shows it."""

    def __init__(self) -> None:
        self._seen: dict[str, Counter[str]] = {}

    def see(self, moment: Moment) -> str:
        auth = moment.event().auth
        method = auth.method if auth is not None and auth.method is not None else ""
        if method and method not in KNOWLEDGE:
            self._seen.setdefault(moment.account, Counter())[method] += 1
        return method

    def usual(self) -> dict[str, str]:
        return {account: counts.most_common(1)[0][0] for account, counts in self._seen.items()}


def weights(moments: Iterable[Moment], share: float) -> list[float]:
    """How much of the demo's time each event takes, in all 1: `share` of it goes to the acts of thieves.

    The clock of the demo rushes through quiet nights and slows down where something happens; otherwise a ring that buys
    for an hour among three weeks would be over in half a second.
    """
    thieves = [moment.thief >= 0 for moment in moments]
    many = sum(thieves)
    rest = len(thieves) - many
    each = (share / many if many else 0.0, ((1.0 - share) if many else 1.0) / max(1, rest))
    return [each[0] if thief else each[1] for thief in thieves]
