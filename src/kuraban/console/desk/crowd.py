"""What the pages of a ring and of a spray share: the group's name in words, its members, who joined when."""

import sqlite3
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from kuraban.console.desk import choosing, members
from kuraban.console.desk.choosing import Choice
from kuraban.console.desk.members import RING, First, Group, GroupAct, Tally
from kuraban.console.desk.reading import choice, whole
from kuraban.console.desk.seat import Visit
from kuraban.decisions import NETWORK_WORDS, Decision
from kuraban.journal.alerts import STATES, Alert
from kuraban.journal.live import Live
from kuraban.reference.countries import country_letters, country_name
from kuraban.server.problems import ProblemError

MOST = 50
_decision = msgspec.json.Decoder(Decision)

Words = tuple[str, str]  # Japanese, English
_Times = list[tuple[int, int]]


@dataclass(frozen=True)
class Member:
    """An alert with the decision it shows."""

    alert: Alert
    decision: Decision


@dataclass(frozen=True)
class Members:
    """A page of members. chart: how many had joined when. first: who joined first. alone: whether it is no more than
    one account's alert. choice: who may be judged together, for whoever may."""

    tally: Tally
    shown: list[Member]
    acts: list[GroupAct]
    chart: dict[str, Any]
    order: str
    state: str | None
    after: int
    count: int
    first: First | None
    alone: bool
    choice: Choice | None = None

    @property
    def most(self) -> int:
        """How many a page has."""
        return MOST


def named(name: str) -> Group:
    """The group of an id. Raises `ProblemError`."""
    group = members.parsed(name)
    if group is None:
        raise ProblemError(404, "not-found", "there is no such ring or spray")
    return group


def path(group: Group) -> str:
    """Where a group's page is, below /console."""
    return f"/groups/show?id={quote(group.id, safe='')}"


async def gathered(visit: Visit, group: Group) -> Members:
    """A group's members as the query asks for them. Raises `ProblemError` where it has none."""
    query = visit.request.query_params
    order = choice(query.get("order"), members.ORDERS, "joined")
    state = choice(query.get("state"), STATES, None)
    after = whole(query.get("from"))

    def read(
        connection: sqlite3.Connection,
    ) -> tuple[Tally | None, list[Alert], list[GroupAct], list[tuple[int, int]], First | None]:
        found = members.page(connection, group, order=order, state=state, after=after, most=MOST)
        acts, times = members.acts(connection, group), members.joined(connection, group)
        return members.tally(connection, group), found, acts, times, members.first(connection, group)

    tally, found, acts, times, first = await visit.service.read(read)
    if tally is None:
        raise ProblemError(404, "not-found", "no alert belongs to this group")
    shown = [Member(alert, _decision.decode(alert.decision)) for alert in found]
    count = tally.total if state is None else tally.alerts[state]
    alone = members.is_alone(tally, first)
    waiting = tally.waiting
    asks = waiting and not alone and not visit.asked_by_htmx and visit.person.may("analyst")
    chosen = (
        await visit.service.read(lambda connection: choosing.choice(connection, group.id, waiting)) if asks else None
    )
    chart = joining(times)
    return Members(tally, shown, acts, chart, order, state, after, count, first, alone, chosen)


def joining(times: _Times) -> dict[str, Any]:
    """How many had joined when, to be drawn."""
    return {"x": [at / 1e6 for at, _ in times], "values": [count for _, count in times]}


def title(live: Live, group: Group) -> Words:
    """What a group is about, in words."""
    if group.kind == RING:
        return instrument(live, group.key)
    return network(live, group.asn or 0)


def instrument(live: Live, symbol: str) -> Words:
    """An instrument's symbol with its name, where there is one."""
    code = live.replay.instruments.interner.find(symbol)
    ja, en = (symbol, symbol) if code is None else live.replay.instruments.names(code)
    return (symbol if ja == symbol else f"{symbol} {ja}", symbol if en == symbol else f"{symbol} {en}")


def network(live: Live, asn: int) -> Words:
    """A network's number with the name it is registered under."""
    if not 0 < asn < 2**31:
        return "不明なネットワーク", "unknown network"
    name = live.replay.networks.organisation(asn)
    return (f"AS{asn} {name}", f"AS{asn} {name}") if name else (f"AS{asn}", f"AS{asn}")


def kinds(flags: int) -> Words:
    """What sort of network, in words; empty where it is an ordinary one."""
    return "、".join(ja for flag, ja, _ in NETWORK_WORDS if flags & flag), ", ".join(
        en for flag, _, en in NETWORK_WORDS if flags & flag
    )


def country(code: int) -> Words:
    """A country in words."""
    if not country_letters(code):
        return "不明", "unknown"
    return country_name(code, "ja"), country_name(code, "en")
