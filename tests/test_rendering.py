"""Decisions written in bulk are the ones that are written one by one."""

import numpy as np
import pytest

from desk import quick_replay, story, theft
from kuraban.core.profile import DECISION, SCALE
from kuraban.core.signals import ids
from kuraban.decisions import NO_DEVICE
from kuraban.journal.live import Live
from kuraban.rendering import Renderer


def test_decisions_in_bulk_are_those_written_one_by_one() -> None:
    live = Live(quick_replay())
    renderer = Renderer(live.replay.writer)
    lines = story(1500) + theft("a") + theft("b", 25)
    for at in range(0, len(lines), 300):
        taken = live.take(b"\n".join(lines[at : at + 300]), 0)
        rows, batch = taken.decisions, taken.batch
        names = [batch.id(int(row)) if row >= 0 else None for row in rows["row"]]
        times = [batch.time(int(cause)) for cause in rows["cause"]]
        accounts = [live.replay.reader.accounts.name(int(code)) for code in rows["account"]]
        found = list(renderer.decisions(rows, names, accounts, times))
        one_by_one = [
            live.replay.writer.decision(row, *place)
            for row, place in zip(rows, zip(names, times, strict=True), strict=True)
        ]
        assert found == one_by_one


@pytest.mark.parametrize(
    ("weight", "fact", "said"),
    [
        (2.0, 0, "a device id never seen on this account"),
        (-2.0, 0, "a device id known for this account"),
        (2.0, NO_DEVICE, "no device id, which this account usually has"),
        (-2.0, NO_DEVICE, "no device id, which by itself is not suspicious"),
    ],
)
def test_a_login_without_a_device_id_is_never_said_to_have_one(weight: float, fact: int, said: str) -> None:
    row = np.zeros(1, DECISION)
    row["weight"][0][ids.DEVICE], row["fact"][0][ids.DEVICE] = weight * SCALE, fact
    writer = quick_replay().writer
    (found,) = writer.reasons(row[0])
    assert found.en == said
    (bulk,) = Renderer(writer).decisions(row, ["e"], ["a"], ["2025-04-07T10:00:00+09:00"])
    assert bulk.reasons == (found,)
