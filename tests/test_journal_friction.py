"""Friction against loss: one pass over decisions tells of every price of friction."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from desk import quick_replay, story, theft
from kuraban.core.policy import load
from kuraban.journal.friction import SCALES, Sweep, chosen, left
from kuraban.journal.live import Live


def decisions() -> tuple[NDArray[Any], np.ndarray]:
    live = Live(quick_replay())
    return live.take(b"\n".join(story(800) + theft()), 1).decisions, live.replay.policy


def test_at_its_own_prices_a_policy_chooses_what_the_engine_chose() -> None:
    rows, policy = decisions()
    assert (chosen(rows, policy, 1.0) == rows["action"]).all()
    assert rows["action"].max() > 0


def test_a_scale_of_friction_is_that_policy_with_its_prices_changed() -> None:
    rows, policy = decisions()
    dearer = policy.copy()
    for name in ("notify", "challenge", "hold", "lock"):
        dearer[name] *= 5.0
    live = Live(quick_replay())
    live.replay.policy = dearer
    again = live.take(b"\n".join(story(800) + theft()), 1).decisions
    assert (chosen(rows, policy, 5.0) == again["action"]).all()


def test_what_an_action_leaves_is_less_the_more_it_stops() -> None:
    rows, policy = decisions()
    worst = rows[np.argmax(rows["probability"] * rows["exposure"])]
    allow, notify, challenge, _, lock = left(np.array([worst]), policy)[0]
    assert allow == worst["probability"] * worst["exposure"]
    assert allow > notify > challenge > lock > 0
    assert np.isclose(lock, 0.02 * allow)


def test_cheaper_friction_asks_more_accounts_and_leaves_less_whatever_the_batches() -> None:
    rows, policy = decisions()
    whole, parts, done = Sweep(), Sweep(), Sweep(None)
    whole.add(rows, policy)
    done.add(rows, policy)
    for n in range(0, len(rows), 100):
        parts.add(rows[n : n + 100], policy)
    points = whole.points()
    assert points == parts.points()
    assert [point.accounts for point in points] == sorted((point.accounts for point in points), reverse=True)
    assert points[0].left < points[-1].left
    assert done.points()[0] == points[SCALES.index(1.0)]


def test_nothing_decided_leaves_nothing() -> None:
    empty = Sweep()
    empty.add(decisions()[0][:0], load())
    assert {(point.accounts, point.left) for point in empty.points()} == {(0, 0)}
