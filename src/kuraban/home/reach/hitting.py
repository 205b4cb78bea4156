"""The cheapest set that hits every one of a family of sets: branch and bound with a lower bound, part by part."""

from collections.abc import Iterable, Mapping

MOST_NODES = 50_000

Clause = frozenset[str]


def cheapest(clauses: Iterable[Clause], cost: Mapping[str, float]) -> tuple[frozenset[str], bool]:
    """A set with an element of every clause, of least cost, and whether that is proved. No clause may be empty.

    Clauses that share no element with others are solved by themselves, so that time grows with the largest part.
    """
    chosen: frozenset[str] = frozenset()
    exact = True
    for part in _parts(_minimal(clauses)):
        search = _Search(cost)
        search.run(part, frozenset(), 0.0)
        chosen |= search.best
        exact = exact and search.nodes <= MOST_NODES
    return chosen, exact


def _minimal(clauses: Iterable[Clause]) -> list[Clause]:
    """Without those that are hit whenever a smaller one is."""
    kept: list[Clause] = []
    for clause in sorted(set(clauses), key=lambda one: (len(one), sorted(one))):
        if not any(smaller <= clause for smaller in kept):
            kept.append(clause)
    return kept


def _parts(clauses: list[Clause]) -> list[list[Clause]]:
    parts: list[tuple[set[str], list[Clause]]] = []
    for clause in clauses:
        elements, members = set(clause), [clause]
        apart: list[tuple[set[str], list[Clause]]] = []
        for part in parts:
            if elements.isdisjoint(part[0]):
                apart.append(part)
            else:
                elements |= part[0]
                members = part[1] + members
        parts = [*apart, (elements, members)]
    return [members for _, members in parts]


class _Search:
    """Depth first; a branch is left when its cost and the least it still demands come to as much as the best."""

    def __init__(self, cost: Mapping[str, float]):
        self._cost = cost
        self._least = float("inf")
        self.best: frozenset[str] = frozenset()
        self.nodes = 0

    def run(self, clauses: list[Clause], made: frozenset[str], spent: float) -> None:
        """Looks for something cheaper than the best that begins with `made`."""
        self.nodes += 1
        if not clauses:
            if spent < self._least:
                self.best, self._least = made, spent
            return
        if spent + self._demanded(clauses) >= self._least or (self.nodes > MOST_NODES and self._least < float("inf")):
            return
        pivot = min(clauses, key=lambda one: (len(one), sorted(one)))
        hits = {one: sum(1 for clause in clauses if one in clause) for one in pivot}
        banned: set[str] = set()
        for one in sorted(pivot, key=lambda one: (self._cost[one] / hits[one], one)):
            # Sets with an element tried before were all looked at there: leave it out here.
            rest = [clause - banned for clause in clauses if one not in clause]
            if all(rest):
                self.run(rest, made | {one}, spent + self._cost[one])
            banned.add(one)

    def _demanded(self, clauses: list[Clause]) -> float:
        """A lower bound: clauses without a common element each need one of their own."""
        total, taken = 0.0, set[str]()
        for clause in sorted(clauses, key=len):
            if taken.isdisjoint(clause):
                taken |= clause
                total += min(self._cost[one] for one in clause)
        return total
