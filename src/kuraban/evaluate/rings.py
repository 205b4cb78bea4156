"""Rings: many taken-over accounts buying one name, and when the decisions said so.

A ring that was there is a campaign's instrument bought by `SMALLEST` attacked accounts or more; a member joins with its
first buy. A member is named by a decision whose `group` begins with «ring», on one of the attacker's buys of that
instrument, or, for decisions about another event or none, once he has bought it. The ring is named with its second
member: one thief among innocent owners is no ring that anybody has seen through. A group is a false ring when none of
its accounts was taken over at that time.
"""

from collections import defaultdict

from kuraban.evaluate.calendar import Calendar
from kuraban.evaluate.decided import Decided, Verdict
from kuraban.evaluate.detection import share
from kuraban.evaluate.files import day
from kuraban.evaluate.report import Crowds, Group, Ring, Rings
from kuraban.evaluate.statistics import quantile
from kuraban.evaluate.world import Takeover, World, key

SMALLEST = 5
SOON = 60.0


def _members(world: World) -> dict[tuple[str, str], list[tuple[int, Takeover]]]:
    """(campaign, instrument) → (time of the first buy, takeover) in time order."""
    joined: dict[tuple[str, str], dict[str, tuple[int, Takeover]]] = defaultdict(dict)
    for takeover in world.takeovers:
        for act in takeover.losses:
            if act.instrument is not None and takeover.campaign:
                joined[takeover.campaign, act.instrument].setdefault(takeover.account, (act.time, takeover))
    return {
        name: sorted(own.values(), key=lambda member: member[0]) for name, own in joined.items() if len(own) >= SMALLEST
    }


def _ring(name: tuple[str, str], members: list[tuple[int, Takeover]], named: dict[str, list[Verdict]]) -> Ring:
    campaign, instrument = name
    bought = {takeover.account: time for time, takeover in members}
    buys = {act.id for _, takeover in members for act in takeover.losses if act.instrument == instrument}
    elsewhere = {act.id for _, takeover in members for act in takeover.losses if act.instrument != instrument}
    hits = [
        verdict
        for account, since in bought.items()
        for verdict in named.get(account, [])
        if verdict.event in buys or (verdict.event not in elsewhere and verdict.time >= since)
    ]
    groups = sorted({verdict.group for verdict in hits if verdict.group is not None})
    family = members[0][1].family
    when = _second(hits)
    if when is None:
        return Ring(campaign, family, instrument, len(members), False, None, None, groups)
    joined = sum(time <= when for time, _ in members)
    return Ring(
        campaign, family, instrument, len(members), True, joined, (when - members[SMALLEST - 1][0]) / 1e6, groups
    )


def _second(hits: list[Verdict]) -> int | None:
    """When the first of the groups had named two members, None where none did."""
    first: dict[str | None, dict[str, int]] = defaultdict(dict)
    for verdict in hits:
        own = first[verdict.group]
        own[verdict.account] = min(verdict.time, own.get(verdict.account, verdict.time))
    return min((sorted(own.values())[1] for own in first.values() if len(own) > 1), default=None)


def _group(name: str, verdicts: list[Verdict], takeovers: dict[str, list[Takeover]]) -> Group:
    accounts = {verdict.account for verdict in verdicts}
    taken = {v.account for v in verdicts if any(takeover.covers(v.time) for takeover in takeovers.get(v.account, []))}
    return Group(name, len(accounts), len(taken))


def crowds(world: World, decided: Decided, calendar: Calendar | None) -> Crowds:
    """Who was put into a ring and did not belong there, and on which days of the market."""
    guilty = world.touched
    decisions = acted = on_crash = on_crowd = 0
    accounts = set()
    for group, verdicts in decided.groups.items():
        for verdict in verdicts:
            today = day(verdict.time)
            if key(world.accounts[verdict.account], today) in guilty:
                continue
            decisions += 1
            acted += verdict.rank > 0
            accounts.add(verdict.account)
            if calendar is not None:
                on_crash += calendar.crashed(verdict.account, today)
                on_crowd += calendar.crowded(verdict.account, today, group)
    if calendar is None:
        return Crowds(decisions, acted, len(accounts), None, None)
    return Crowds(decisions, acted, len(accounts), on_crash, on_crowd)


def rings(world: World, decided: Decided, calendar: Calendar | None = None) -> Rings:
    """The rings that were there and the rings that were named."""
    takeovers: dict[str, list[Takeover]] = defaultdict(list)
    for takeover in world.takeovers:
        takeovers[takeover.account].append(takeover)
    named: dict[str, list[Verdict]] = defaultdict(list)
    for verdicts in decided.groups.values():
        for verdict in verdicts:
            named[verdict.account].append(verdict)
    there = [_ring(name, members, named) for name, members in sorted(_members(world).items())]
    groups = [_group(name, verdicts, takeovers) for name, verdicts in sorted(decided.groups.items())]
    delays = [ring.seconds_after_fifth for ring in there if ring.seconds_after_fifth is not None]
    sizes = [float(ring.members_when_named) for ring in there if ring.members_when_named is not None]
    return Rings(
        there,
        groups,
        share(sum(ring.named for ring in there), len(there)),
        share(sum(delay <= SOON for delay in delays), len(there)),
        quantile(sizes, 0.5),
        quantile(delays, 0.5),
        share(sum(group.taken_over for group in groups), sum(group.accounts for group in groups)),
        sum(group.taken_over == 0 for group in groups),
        crowds(world, decided, calendar),
    )
