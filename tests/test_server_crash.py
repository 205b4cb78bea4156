"""The desk killed without warning under concurrent load: nothing acknowledged is lost, nothing decided changes."""

from pathlib import Path

import pytest

from crashing import forked_rounds, rounds


@pytest.mark.slow
def test_what_was_acknowledged_survives_any_kill(tmp_path: Path) -> None:
    acknowledged = [count for _, count in rounds(tmp_path / "data", 5, seed=20)]
    assert sum(acknowledged) > 100


@pytest.mark.slow
def test_what_was_acknowledged_survives_a_kill_at_any_stage_of_writing(tmp_path: Path) -> None:
    acknowledged = [count for _, count in forked_rounds(tmp_path / "data", 25, seed=21)]
    assert acknowledged[-1] > 500
