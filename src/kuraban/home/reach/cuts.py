"""What to do first: the cuts ranked by money protected per minute, and the cheapest set that separates everything."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

from kuraban.home.reach.hitting import cheapest
from kuraban.home.reach.rules import Cut, Graph
from kuraban.home.reach.spread import Fall, fall, falls

MOST_FOR_PAIRS = 60
MOST_ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Advice:
    """Cuts to make together (mostly one), after all those advised before.

    saved: yen by which the reach of single accidents shrinks, summed over all accidents that can start it; worst: yen
    in reach of the worst single accident afterwards.
    """

    cuts: tuple[Cut, ...]
    saved: float
    worst: float

    @property
    def minutes(self) -> int:
        """About how long they take."""
        return sum(cut.minutes for cut in self.cuts)


@dataclass(frozen=True, slots=True)
class Separation:
    """The cheapest cuts after which no accident reaches money beyond its own. exact: proved cheapest.

    left: starts that go on reaching other money, for which there is no cut.
    """

    cuts: tuple[Cut, ...]
    exact: bool
    left: tuple[str, ...]


def ranked(graph: Graph, most: int = 12) -> list[Advice]:
    """Greedy: at each step what saves most per minute, a pair where no single cut saves anything. Ties by id."""
    made: frozenset[str] = frozenset()
    advice: list[Advice] = []
    now = falls(graph, made)
    while len(advice) < most:
        candidates = sorted({cut for one in now for cut in one.touching} - made)
        best = _best(graph, made, now, [(one,) for one in candidates])
        if best is None and len(candidates) <= MOST_FOR_PAIRS:
            best = _best(graph, made, now, list(combinations(candidates, 2)))
        if best is None:
            break
        made |= set(best)
        after = falls(graph, made)
        saved = sum(one.yen for one in now) - sum(one.yen for one in after)
        advice.append(Advice(tuple(graph.cuts[one] for one in best), saved, after[0].yen if after else 0.0))
        now = after
    return advice


def _best(
    graph: Graph, made: frozenset[str], now: list[Fall], choices: list[tuple[str, ...]]
) -> tuple[str, ...] | None:
    best: tuple[float, tuple[str, ...]] | None = None
    for choice in choices:
        saved = sum(_saved(graph, made, one, choice) for one in now if not one.touching.isdisjoint(choice))
        worth = saved / sum(graph.cuts[one].minutes for one in choice)
        if saved > 0.5 and (best is None or worth > best[0]):
            best = (worth, choice)
    return None if best is None else best[1]


def _saved(graph: Graph, made: frozenset[str], one: Fall, choice: tuple[str, ...]) -> float:
    if set(graph.starts[one.start]).intersection(choice):
        return one.yen
    return one.yen - fall(graph, one.start, made.union(choice)).yen


def separation(graph: Graph) -> Separation:
    """The least minutes of cuts that leave no accident with a way to money other than the fallen account's own.

    Every way that remains is a chain of rules at least one of which must be undone. Chains are added as they are found
    to remain, and each time the cheapest set that hits all of them is taken (implicit hitting set; Karp 2010): when
    none remains, that set is the cheapest there is.
    """
    everything = frozenset(graph.cuts)
    hopeless = set(_chains(graph, everything))
    clauses: set[frozenset[str]] = set()
    made, exact = frozenset[str](), True
    for _ in range(MOST_ROUNDS):
        remaining = {pair: options for pair, options in _chains(graph, made).items() if pair not in hopeless}
        if not remaining:
            break
        clauses.update(remaining.values())
        made, proved = cheapest(clauses, {key: cut.minutes for key, cut in graph.cuts.items()})
        exact = exact and proved
    else:
        exact = False
        made = _finished(graph, made, hopeless)
    cuts = tuple(graph.cuts[one] for one in sorted(made))
    return Separation(cuts, exact, tuple(dict.fromkeys(start for start, _ in sorted(hopeless))))


def _finished(graph: Graph, made: frozenset[str], hopeless: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The set with what is still missing to it, without a claim to be the cheapest."""
    skipped = set(hopeless)
    while options := next((found for pair, found in _chains(graph, made).items() if pair not in skipped), None):
        made |= {min(options, key=lambda one: (graph.cuts[one].minutes, one))}
    return made


def _chains(graph: Graph, made: frozenset[str]) -> dict[tuple[str, str], frozenset[str]]:
    """For each start and money not its own that it still reaches: the cuts any of which would break that way."""
    chains: dict[tuple[str, str], frozenset[str]] = {}
    for one in falls(graph, made):
        by = {rule.head: rule for rule in one.steps}
        for money, yen in graph.money.items():
            if money not in by or yen <= 0 or money.removeprefix("money:") == one.start.removeprefix("thing:"):
                continue
            options = set(graph.starts[one.start])
            waiting, seen = [money], {one.start}
            while waiting:
                head = waiting.pop()
                if head not in seen:
                    seen.add(head)
                    options.update(by[head].cuts)
                    waiting += by[head].body
            chains[one.start, money] = frozenset(options)
    return chains
