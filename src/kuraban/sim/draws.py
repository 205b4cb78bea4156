"""Random draws of one actor: a NumPy stream keyed by whose it is, read one number at a time.

Every account, campaign and day has its own stream, so that a world is the same byte for byte whatever else happens in
it, and one more account changes nothing for the others. Uniform numbers are fetched in blocks: scalar calls into NumPy
cost more than everything else the simulator does.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from statistics import NormalDist
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_STANDARD_NORMAL = NormalDist()
_BLOCK = 48


class Draws:
    """Scalar draws from the stream that belongs to `key`."""

    __slots__ = ("_block", "_generator")

    def __init__(self, *key: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
        self._block: list[float] = []

    def uniform(self) -> float:
        """A number in [0, 1)."""
        if not self._block:
            self._block = self._generator.random(_BLOCK).tolist()
        return self._block.pop()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.uniform() < probability

    def between(self, low: float, high: float) -> float:
        """Uniform in [low, high)."""
        return low + (high - low) * self.uniform()

    def integer(self, low: int, high: int) -> int:
        """Uniform over low..high, both included."""
        return low + int(self.uniform() * (high - low + 1))

    def normal(self, mean: float = 0.0, deviation: float = 1.0) -> float:
        """Normal."""
        return mean + deviation * _STANDARD_NORMAL.inv_cdf(max(self.uniform(), 1e-12))

    def lognormal(self, median: float, sigma: float) -> float:
        """Lognormal, given by its median and the deviation of its logarithm."""
        return median * math.exp(self.normal(0.0, sigma))

    def exponential(self, mean: float) -> float:
        """Exponential with this mean."""
        return -mean * math.log(1.0 - self.uniform())

    def poisson(self, mean: float) -> int:
        """Poisson; a rounded normal above 40, where the difference no longer shows."""
        if mean <= 0.0:
            return 0
        if mean > 40.0:
            return max(0, round(self.normal(mean, math.sqrt(mean))))
        limit, product, count = math.exp(-mean), self.uniform(), 0
        while product > limit:
            product *= self.uniform()
            count += 1
        return count

    def pick(self, items: Sequence[T]) -> T:
        """One of the items, all equally likely."""
        return items[int(self.uniform() * len(items))]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """Up to `count` different items in random order."""
        rest = list(items)
        chosen = []
        for _ in range(min(count, len(rest))):
            at = int(self.uniform() * len(rest))
            rest[at], rest[-1] = rest[-1], rest[at]
            chosen.append(rest.pop())
        return chosen

    def weighted(self, items: Sequence[T], weights: Sequence[float]) -> T:
        """One of the items in proportion to its weight."""
        return self.cumulative(items, list(accumulate(weights)))

    def cumulative(self, items: Sequence[T], sums: Sequence[float]) -> T:
        """One of the items, given the running sums of their weights."""
        return items[min(bisect_right(sums, self.uniform() * sums[-1]), len(items) - 1)]


class Names:
    """Random names in hexadecimal, for ids of every kind from one single stream: they say nothing of whose they are."""

    __slots__ = ("_block", "_generator")

    def __init__(self, *key: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
        self._block: list[int] = []

    def next(self) -> str:
        """Sixteen hexadecimal digits never given before (2**64 names; a repeat is beyond any world's size)."""
        if not self._block:
            self._block = self._generator.integers(0, 2**64, size=2048, dtype=np.uint64).tolist()
        return f"{self._block.pop():016x}"
