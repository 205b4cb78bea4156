"""`kuraban simulate` from outside: what it writes, what it says, and what it leaves when something goes wrong."""

from pathlib import Path

import pytest

from kuraban.cli import main
from kuraban.cli.progress import Bar
from kuraban.sim import output, simulate
from kuraban.sim.stream import Stream

SMALL = ["--accounts", "30", "--days", "3", "--seed", "1"]


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_it_writes_four_files_and_says_what_kind_of_world_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(tmp_path / "new" / "world"), *SMALL]) == 0
    assert files(tmp_path / "new" / "world") == {"events.jsonl", "instruments.csv", "truth.jsonl", "world.json"}
    assert "at the real base rate" in capsys.readouterr().err
    assert main(["simulate", str(tmp_path / "more"), *SMALL, "--attacks", "500"]) == 0
    said = capsys.readouterr().err
    assert "enriched, as asked" in said
    assert "fewer than asked for" in said


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--accounts", "-5"], "must be 1 or more"),
        (["--days", "0"], "must be 1 or more"),
        (["--seed", "-1"], "must be 0 or more"),
        (["--attacks", "-1"], "must be 0 or more"),
        (["--accounts", "many"], "not a whole number"),
        (["--start", "tomorrow"], "not a date"),
        (["--world", "elsewhere"], "invalid choice"),
    ],
)
def test_wrong_arguments_are_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[str], words: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["simulate", str(tmp_path / "w"), *SMALL, *wrong])
    assert stopped.value.code == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / "w").exists()


def test_days_beyond_the_known_holidays_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(tmp_path / "w"), *SMALL, "--start", "2031-01-06"]) == 2
    assert "holidays are known" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_to_is_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert main(["simulate", str(tmp_path / "file"), *SMALL]) == 1
    assert main(["simulate", str(tmp_path / "file" / "below"), *SMALL]) == 1
    assert capsys.readouterr().err.count("cannot write to") == 2


def test_files_that_no_simulation_wrote_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "events.jsonl").write_text("real data\n")
    assert main(["simulate", str(tmp_path), *SMALL]) == 1
    assert "--force" in capsys.readouterr().err
    assert (tmp_path / "events.jsonl").read_text() == "real data\n"
    assert main(["simulate", str(tmp_path), *SMALL, "--force"]) == 0
    assert main(["simulate", str(tmp_path), *SMALL]) == 0  # its own files it replaces


def test_a_failure_half_way_leaves_the_old_world_and_no_half_of_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(tmp_path, accounts=30, days=3, seed=1)
    before = {name: (tmp_path / name).read_bytes() for name in output.FILES}

    def full(self: Stream) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Stream, "_flush", full)
    with pytest.raises(OSError, match="No space"):
        simulate(tmp_path, accounts=30, days=3, seed=2)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_an_interrupted_simulation_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(self: Bar, done: int, total: int | None = None) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Bar, "update", interrupt)
    assert main(["simulate", str(tmp_path / "w"), *SMALL]) == 130
    assert "stopped" in capsys.readouterr().err
    assert files(tmp_path / "w") == set()
