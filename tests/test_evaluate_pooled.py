"""Several worlds pooled, and decisions gathered from the engine itself."""

from pathlib import Path

import pytest

from evaluate_stories import Story
from kuraban.evaluate import assess, evaluate, read_world
from kuraban.evaluate.decided import read_decided
from kuraban.evaluate.live import replayed
from kuraban.evaluate.pooled import pool_decisions, pool_worlds
from kuraban.evaluate.report import Report
from kuraban.replay import Replay
from kuraban.sim.simulate import simulate


def told(folder: Path, found: bool, noise: float) -> Path:
    """Ten owners over ten days, the loudest at `noise`; one theft by «campaign» c1, decided at 0.5 if it is found."""
    folder.mkdir()
    story = Story()
    story.crowd(accounts=10, days=10)
    story.decided(story.login("owner0", 9, 13), noise, "challenge")
    theft = story.buys("victim", 9, 10, 100)
    story.decided(theft, 0.5 if found else 0.0)
    story.taken_over("victim", theft)
    story.report(folder)
    return folder


def pooled(*folders: Path) -> Report:
    worlds = {f.name: read_world([f / "events.jsonl"], f / "truth.jsonl") for f in folders}
    decided = {f.name: read_decided(f / "decisions.jsonl", worlds[f.name]) for f in folders}
    return assess(pool_worlds(worlds), pool_decisions(worlds, decided))


def test_pooled_worlds_add_up(tmp_path: Path) -> None:
    """Same names in both worlds are different people and different campaigns."""
    one, other = told(tmp_path / "one", True, 0.1), told(tmp_path / "other", False, 0.2)
    report = pooled(one, other)
    assert (report.accounts, report.account_days, report.innocent_days) == (22, 202, 200)
    assert report.friction["challenge"].decisions == 2
    assert (report.budgets[0].overall.recall.hits, report.budgets[0].overall.recall.total) == (1, 2)
    assert report.budgets[0].overall.campaigns == 2


def test_pooled_worlds_share_one_threshold(tmp_path: Path) -> None:
    """No alert is allowed on 200 innocent days: the louder world sets the threshold for both."""
    one, other = told(tmp_path / "one", True, 0.1), told(tmp_path / "other", False, 0.7)
    assert pooled(one).budgets[0].overall.recall.hits == 1
    assert pooled(one, other).budgets[0].overall.recall.hits == 0


def test_one_world_pooled_is_that_world(tmp_path: Path) -> None:
    folder = told(tmp_path / "one", True, 0.1)
    plain = evaluate(folder / "decisions.jsonl", [folder / "events.jsonl"], folder / "truth.jsonl")
    report = pooled(folder)
    assert (report.budgets, report.rates, report.segments) == (plain.budgets, plain.rates, plain.segments)
    assert (report.value, report.friction, report.curve) == (plain.value, plain.friction, plain.curve)


def test_nothing_cannot_be_pooled() -> None:
    with pytest.raises(ValueError, match="no worlds"):
        pool_worlds({})


def test_decisions_in_memory_give_the_report_of_the_file(tmp_path: Path) -> None:
    """A simulated world decided twice: written as JSON Lines and read, and gathered row by row."""
    simulate(tmp_path, accounts=150, days=8, seed=3, attacks=12)
    events, table = tmp_path / "events.jsonl", tmp_path / "instruments.csv"
    replay = Replay(instruments=table)
    with (tmp_path / "decisions.jsonl").open("wb") as out:
        for batch, found in replay.read([events]):
            out.writelines(replay.lines(batch, found, everything=True))
    written = evaluate(tmp_path / "decisions.jsonl", [events], tmp_path / "truth.jsonl")
    world = read_world([events], tmp_path / "truth.jsonl")
    gathered = assess(world, replayed(Replay(instruments=table), [events], world))
    assert written.complete
    assert written.decisions > 100
    assert gathered == written
