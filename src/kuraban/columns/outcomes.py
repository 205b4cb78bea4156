"""What becomes of lines: events that were taken, rejects with their reasons, and the counts of both."""

from collections import Counter
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from kuraban.columns.batch import Batch


class Reject(msgspec.Struct, frozen=True):
    """A line that became no event, and why. line: its number from 1. excerpt: its beginning, 200 characters at most."""

    source: str
    line: int
    code: str
    reason: str
    excerpt: str


@dataclass(frozen=True, eq=False)
class Taken:
    """Events out of lines in hand.

    batch: as rows. ids: uint64[n, 2], two hashes of each id. lines: int64[n], the number of each one's line from 1.
    begins, ends: int64[n], where each lies in the text. rejects: the lines that became no event.
    """

    batch: Batch
    ids: NDArray[np.uint64]
    lines: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    rejects: list[Reject]


@dataclass
class Counts:
    """Every line that is not empty is counted once: `lines == accepted + duplicates + rejected.total()`.

    A source that breaks off counts as one more line, rejected.
    """

    lines: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
