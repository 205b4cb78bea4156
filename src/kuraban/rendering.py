"""Decisions in words, many at a time: the same as `decisions.Writer` gives, at a fraction of the time.

Choosing the heaviest evidence is done for a whole batch at once, and sentences are remembered by what they depend on:
the signal, its sign, its fact, and the fields of the decision that the sentence names.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core.policy import ACTIONS
from kuraban.core.profile import SCALE
from kuraban.core.signals import ids
from kuraban.core.signals.catalogue import SIGNALS
from kuraban.decisions import LEAST_WEIGHT, MOST_REASONS, Decision, Reason, Writer

_MOST = 100_000  # sentences remembered
_NAMED: dict[int, tuple[str, ...]] = {
    ids.LIQUIDATION: ("selling",),
    ids.CHANGE: ("changed",),
    ids.CLIENT: ("browser", "os"),
    ids.NOVEL_INSTRUMENT: ("instrument",),
}
_PLACE = ("country", "asn", "hosting")
_FIELDS = tuple(
    _NAMED.get(k, ()) + (_PLACE if "network" in signal.ja + signal.en + signal.ja_usual + signal.en_usual else ())
    for k, signal in enumerate(SIGNALS)
)
_COLUMNS = sorted({name for fields in _FIELDS for name in fields})


class Renderer:
    """Turns decision rows into `Decision`s."""

    def __init__(self, writer: Writer):
        self._writer = writer
        self._sentences: dict[tuple[int, ...], tuple[str, str]] = {}

    def decisions(
        self, rows: NDArray[Any], events: Sequence[str | None], accounts: Sequence[str], times: Sequence[str]
    ) -> Iterator[Decision]:
        """Each row (DECISION) as a decision, with its event's id, its account's name and its time."""
        if len(self._sentences) > _MOST:
            self._sentences.clear()
        columns = {name: rows[name].tolist() for name in _COLUMNS}
        weights = rows["weight"].astype(np.int32)
        order = np.argsort(-np.abs(weights), axis=1, kind="stable").tolist()
        known = zip(
            rows["probability"].tolist(),
            rows["exposure"].tolist(),
            rows["action"].tolist(),
            rows["cold"].tolist(),
            rows["group_kind"].tolist(),
            weights.tolist(),
            rows["fact"].tolist(),
            order,
            strict=True,
        )
        for i, (probability, exposure, action, cold, group, weighed, facts, heaviest) in enumerate(known):
            yield Decision(
                events[i],
                accounts[i],
                times[i],
                probability,
                round(exposure),
                ACTIONS[action],
                round(probability * exposure, 2),
                self._reasons(rows, i, columns, weighed, facts, heaviest, cold),
                self._writer.group(rows[i]) if group else None,
            )

    def _reasons(
        self,
        rows: NDArray[Any],
        i: int,
        columns: dict[str, list[int]],
        weighed: list[int],
        facts: list[int],
        heaviest: list[int],
        cold: int,
    ) -> tuple[Reason, ...]:
        found: list[Reason] = []
        for k in heaviest:
            weight = weighed[k]
            if abs(weight) < LEAST_WEIGHT * SCALE or len(found) == MOST_REASONS:
                break
            key = (k, weight > 0, facts[k], *[columns[name][i] for name in _FIELDS[k]])
            words = self._sentences.get(key)
            if words is None:
                words = self._sentences[key] = self._sentence(rows[i], k, weight, facts[k])
            if words[0]:
                found.append(Reason(SIGNALS[k].id, weight / SCALE, *words))
        if cold and found:
            found.append(COLD)
        return tuple(found)

    def _sentence(self, row: np.void, k: int, weight: int, fact: int) -> tuple[str, str]:
        signal = SIGNALS[k]
        ja, en = (signal.ja, signal.en) if weight > 0 else (signal.ja_usual, signal.en_usual)
        if not ja:
            return "", ""
        reason = self._writer._reason(row, k, weight / SCALE, fact, ja, en)
        return reason.ja, reason.en


COLD = Reason(
    "cold_start",
    0.0,
    "履歴が少なく、似た口座の傾向で判断",
    "little history: judged by comparable accounts",
)
