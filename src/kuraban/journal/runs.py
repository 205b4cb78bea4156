"""The journal read back in long runs: what deciding on its events again takes, and nothing else of the blocks.

Calls one by one leave blocks of a few events each: a million events may be hundreds of thousands of blocks. So a run is
put together from many of them before anything is done about single events.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core.profile import DECISION
from kuraban.journal import store
from kuraban.journal.blocks import Content
from kuraban.journal.schema import JournalError
from kuraban.journal.store import PolicyVersion

LONG = 65_536  # events

_FIELDS = np.zeros(DECISION.itemsize, dtype=np.bool_)  # which bytes of a row belong to a field
for _kind, _offset, *_ in (DECISION.fields or {}).values():
    _FIELDS[_offset : _offset + _kind.itemsize] = True


def differing(then: NDArray[Any], now: NDArray[Any]) -> int:
    """How many decisions have come out otherwise: both DECISION, in the same order, counting from the same event."""
    if len(then) != len(now):
        return max(len(then), len(now))
    # Bytes first, for they are nearly always the same; those between the fields mean nothing.
    unequal = (_bytes(then) != _bytes(now))[:, _FIELDS].any(axis=1)
    if not unequal.any():
        return 0
    a, b = then[unequal], now[unequal]
    different = np.zeros(len(a), dtype=np.bool_)
    for name in DECISION.names or ():
        parts = (a[name] != b[name]) & ~((a[name] != a[name]) & (b[name] != b[name]))  # NaN is equal to NaN here
        different |= parts.reshape(len(a), -1).any(axis=1)
    return int(different.sum())


@dataclass(frozen=True, eq=False)
class Run:
    """Events `first`, `first` + 1, …, `count` of them, decided under one policy.

    text: their lines. decisions: DECISION[m]; `row` and `cause` count from the first event.
    """

    first: int
    count: int
    text: bytes
    decisions: NDArray[Any]
    policy: PolicyVersion | None


def policy_at(policies: Sequence[PolicyVersion], seq: int) -> PolicyVersion | None:
    """The policy that decides on an event: the newest of those that begin with it or before."""
    return next((policy for policy in reversed(policies) if policy.first <= seq), None)


def runs(
    connection: sqlite3.Connection, first: int, policies: Sequence[PolicyVersion], until: int | None = None
) -> Iterator[Run]:
    """The journal from event `first` on, `LONG` events at a time; until: stop before the block that begins there.

    Raises `JournalError`: `damaged`, or `gap` where events are missing.
    """
    held: list[Content] = []
    count, following = 0, first
    for content in store.contents(connection, first):
        if until is not None and content.first >= until:
            break
        if content.first != following:
            raise JournalError("gap", f"events before {content.first} are missing; restore from a backup")
        if held and (count >= LONG or policy_at(policies, content.first) is not policy_at(policies, held[0].first)):
            yield _run(held, policies)
            held, count = [], 0
        held.append(content)
        count += content.count
        following += content.count
    if held:
        yield _run(held, policies)


def _run(held: Sequence[Content], policies: Sequence[PolicyVersion]) -> Run:
    first = held[0].first
    rows = np.frombuffer(bytearray().join(content.decisions for content in held), dtype=DECISION)
    sizes = [len(content.decisions) // DECISION.itemsize for content in held]
    offsets = np.repeat([content.first - first for content in held], sizes)
    rows["cause"] += offsets
    rows["row"] += np.where(rows["row"] >= 0, offsets, 0)
    text = b"\n".join(content.text for content in held)
    return Run(first, sum(content.count for content in held), text, rows, policy_at(policies, first))


def _bytes(rows: NDArray[Any]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), DECISION.itemsize)
