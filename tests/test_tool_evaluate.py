"""`make evaluate`: one command makes worlds, decides upon them, judges, and writes the page."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent.parent / "tools"
sys.path.insert(0, str(TOOLS))
cache, page, plan = (import_module(f"evaluation.{name}") for name in ("cache", "page", "plan"))


def run(folder: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(TOOLS / "evaluate.py"), "--quick", "--jobs", "1", "--build", str(folder / "build")]
    command += ["--page", str(folder / "evaluation.md"), "--worlds", "development,validation", *more]
    return subprocess.run(command, capture_output=True, check=False, text=True)


@pytest.mark.slow
def test_one_command_reproduces_the_page(tmp_path: Path) -> None:
    """The second run computes nothing anew, keeps what was written by hand, and gives the same page and plots."""
    assert run(tmp_path).returncode == 0
    written = tmp_path / "evaluation.md"
    first, plots = written.read_text(), {p.name: p.read_bytes() for p in (tmp_path / "images").iterdir()}
    for words in (
        "## Targets",
        "## Against other methods",
        "MIDAS-R",
        "gradient boosting",
        "without trading",
        "## Money and friction",
    ):
        assert words in first
    assert {"detection-against-friction.svg", "time-to-detect.svg"} <= set(plots)
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "build").rglob("*.msgpack")}
    ours = first.replace(page.NOTHING, "It is slow to see slow thieves.\n")
    written.write_text(ours)
    assert run(tmp_path).returncode == 0
    assert written.read_text() == ours != first
    assert {p.name: p.read_bytes() for p in (tmp_path / "images").iterdir()} == plots
    assert made
    assert made == {path: path.stat().st_mtime_ns for path in (tmp_path / "build").rglob("*.msgpack")}


def test_a_set_of_worlds_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "--worlds", "public")
    assert done.returncode == 2
    assert "no such worlds: public" in done.stderr


def test_no_two_worlds_share_a_seed() -> None:
    seeds = [spec.seed for each in plan.specs(list(plan.SETS), plan.FULL).values() for spec in each]
    assert len(set(seeds)) == len(seeds) == 3 * plan.FULL.worlds


def test_every_family_of_signals_can_be_left_out() -> None:
    assert plan.FAMILIES == ("access", "credentials", "trading", "cash", "notices", "crowd", "feedback")


def test_what_breaks_off_is_made_again(tmp_path: Path) -> None:
    def breaks(place: Path) -> None:
        place.write_text("half")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        cache.kept(tmp_path / "result", breaks)
    assert not (tmp_path / "result").exists()
    assert cache.kept(tmp_path / "result", lambda place: void(place.write_text("whole"))).read_text() == "whole"
    assert cache.kept(tmp_path / "result", breaks).read_text() == "whole"


def void(_: object) -> None:
    return None


def test_what_is_written_by_hand_is_read_back(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("a\n<!-- by hand: weak -->\nThis.\n\nAnd that.\n<!-- end by hand -->\nb\n")
    assert page.by_hand(tmp_path / "page.md") == {"weak": "This.\n\nAnd that.\n", "limits": page.NOTHING}
    assert page.by_hand(tmp_path / "none.md") == page.DEFAULTS


def test_a_part_of_the_code_that_is_gone_is_noticed() -> None:
    """Results must not be taken for current because the code they depended on has moved."""
    assert cache.code("baselines/*.py") != cache.code("sim")
    with pytest.raises(FileNotFoundError, match="moved"):
        cache.code("baselines/moved.py")
