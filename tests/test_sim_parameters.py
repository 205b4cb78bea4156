"""Worlds are apart in seeds, ranges and families, and every assumption is written down."""

import json
import tracemalloc
from itertools import pairwise
from pathlib import Path

import pytest

from kuraban.sim import simulate
from kuraban.sim.document import fill, tables
from kuraban.sim.parameters import ATTACKER, PARAMETERS, WORLDS, Parameter, draw_world

PAGE = Path(__file__).parents[1] / "docs" / "simulator.md"


@pytest.mark.parametrize("parameter", ATTACKER, ids=lambda p: p.name)
def test_what_concerns_thieves_never_overlaps_between_worlds(parameter: Parameter) -> None:
    ranges = sorted(parameter.ranges)
    assert all(low < high for low, high in ranges)
    assert all(first[1] <= second[0] for first, second in pairwise(ranges))


@pytest.mark.parametrize("world", WORLDS)
def test_a_world_draws_every_number_from_its_own_range(world: str) -> None:
    at = WORLDS.index(world)
    for seed in range(20):
        drawn = draw_world(world, seed)
        for parameter in PARAMETERS:
            low, high = parameter.ranges[at]
            assert low <= drawn[parameter.name] <= high


def test_names_of_parameters_are_unique() -> None:
    assert len({parameter.name for parameter in PARAMETERS}) == len(PARAMETERS)


def test_worlds_of_one_seed_share_no_id_and_no_number(tmp_path: Path) -> None:
    ids: list[set[str]] = []
    for world in WORLDS:
        simulate(tmp_path / world, accounts=40, days=4, seed=9, attacks=1, world=world)
        lines = (tmp_path / world / "events.jsonl").read_text(encoding="utf-8").splitlines()
        ids.append({json.loads(line)["id"] for line in lines})
    assert not ids[0] & ids[1]
    assert not ids[0] & ids[2]
    assert not ids[1] & ids[2]
    assert len({draw_world(world, 9).draws(1).uniform() for world in WORLDS}) == len(WORLDS)


def test_the_summary_says_whether_attacks_were_asked_for_and_what_was_drawn(tmp_path: Path) -> None:
    asked = simulate(tmp_path, accounts=60, days=5, seed=2, attacks=3)
    written = json.loads((tmp_path / "world.json").read_text(encoding="utf-8"))
    assert written["enriched"] is asked.enriched is True
    assert written["rate"] == asked.takeovers / (60 * 5)
    assert set(written["parameters"]) == {parameter.name for parameter in PARAMETERS}


@pytest.mark.slow
def test_memory_does_not_grow_with_days(tmp_path: Path) -> None:
    peaks = []
    for days in (12, 48):
        tracemalloc.start()
        simulate(tmp_path, accounts=150, days=days, seed=4, attacks=3)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.35 * peaks[0]


def test_the_page_about_the_simulator_names_every_assumption_with_its_ranges() -> None:
    """Made again with `python -m kuraban.sim.document docs/simulator.md`."""
    text = PAGE.read_text(encoding="utf-8")
    assert fill(text) == text
    assert all(table in text for table in tables().values())
