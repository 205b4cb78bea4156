"""If this falls, these follow: the rules applied until nothing more falls, with each step's reason, and the money."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from kuraban.home.reach.rules import Graph, Rule


@dataclass(frozen=True, slots=True)
class Fall:
    """What follows from one start.

    steps: the rules that made something fall, in order. touching: the cuts that could change anything of this. yen: all
    the money then in reach.
    """

    start: str
    steps: tuple[Rule, ...]
    touching: frozenset[str]
    yen: float

    def things(self) -> list[str]:
        """Names of the devices, phones and accounts that follow, the start left out."""
        return [rule.head.removeprefix("thing:") for rule in self.steps if rule.head.startswith("thing:")]


def fall(graph: Graph, start: str, cuts: Iterable[str] = ()) -> Fall:
    """What falls after `start`, with some cuts already made. Linear in the rules that are touched."""
    undone = frozenset(cuts)
    fallen = {start}
    steps: list[Rule] = []
    limits: dict[str, float] = {}
    missing: dict[int, int] = {}
    touching = set(graph.starts.get(start, ()))
    waiting = deque([start])
    while waiting:
        for at in graph.uses.get(waiting.popleft(), ()):
            rule = graph.rules[at]
            missing[at] = missing.get(at, len(rule.body)) - 1
            if missing[at] or undone.intersection(rule.cuts):
                continue
            touching.update(rule.cuts)
            _raise_limit(limits, rule, graph)
            if rule.head not in fallen:
                fallen.add(rule.head)
                steps.append(rule)
                waiting.append(rule.head)
    return Fall(start, tuple(steps), frozenset(touching), sum(limits.values()))


def _raise_limit(limits: dict[str, float], rule: Rule, graph: Graph) -> None:
    """Of several ways to the same money the widest counts."""
    whole = graph.money.get(rule.head)
    if whole is not None:
        reached = whole if rule.limit is None else min(whole, rule.limit)
        limits[rule.head] = max(limits.get(rule.head, 0.0), reached)


def falls(graph: Graph, cuts: Iterable[str] = ()) -> list[Fall]:
    """Every start that can happen, most money first. A start undone by a cut, or immune to false pages, is left out."""
    undone = frozenset(cuts)
    found = [
        fall(graph, start, undone)
        for start, avoided in graph.starts.items()
        if start not in graph.immune and not undone.intersection(avoided)
    ]
    return sorted(found, key=lambda one: -one.yen)
