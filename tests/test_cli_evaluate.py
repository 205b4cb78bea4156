"""`kuraban evaluate` from outside: what it prints, and what it says to files that cannot be used."""

import gzip
from pathlib import Path

import msgspec
import pytest

from evaluate_stories import Story
from kuraban.cli import main
from kuraban.evaluate import Report


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A told world: two owners, one theft that is found."""
    story = Story()
    story.crowd(accounts=2, days=2)
    theft = story.buys("victim", 1, 9, 100)
    story.decided(theft, 0.5)
    story.taken_over("victim", theft, family="stuffing")
    story.report(tmp_path)
    return tmp_path


def run(folder: Path, *more: str, decisions: str = "decisions", events: str = "events", truth: str = "truth") -> int:
    files = [str(folder / f"{name}.jsonl") for name in (decisions, events, truth)]
    return main(["evaluate", files[0], "--events", files[1], "--truth", files[2], *more])


def test_it_prints_the_metrics_per_family(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder) == 0
    assert "stuffing" in capsys.readouterr().out


def test_json_reads_back_as_a_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "--json") == 0
    report = msgspec.json.decode(capsys.readouterr().out, type=Report)
    assert report.budgets[0].families["stuffing"].recall.hits == 1


def test_another_worlds_report_gives_thresholds(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder, "--json")
    (folder / "elsewhere.json").write_text(capsys.readouterr().out)
    assert run(folder, "--elsewhere", str(folder / "elsewhere.json")) == 0
    assert "another world" in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["decisions", "events", "truth"])
def test_a_missing_file_is_named(folder: Path, missing: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, **{missing: "nowhere"}) == 1
    said = capsys.readouterr()
    assert "nowhere.jsonl" in said.err
    assert said.out == ""


def written(folder: Path, name: str, *lines: dict[str, object]) -> None:
    (folder / f"{name}.jsonl").write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))


def test_decisions_on_other_accounts_are_no_evaluation(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = {"event": "x", "account": "stranger", "time": "2025-04-01T00:00:00Z", "probability": 0.5, "action": "hold"}
    written(folder, "decisions", line)
    assert run(folder) == 1
    assert "none of the decisions is about an account" in capsys.readouterr().err


def test_decisions_on_other_events_are_no_evaluation(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The account has the same name, the events do not."""
    line = {"event": "x", "account": "victim", "time": "2025-04-01T00:00:00Z", "probability": 0.5, "action": "hold"}
    written(folder, "decisions", line)
    assert run(folder) == 1
    assert "about one of these events" in capsys.readouterr().err


def test_a_truth_of_another_world_is_no_evaluation(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(folder, "truth", {"account": "owner0", "family": "f", "campaign": "c", "events": ["elsewhere"]})
    assert run(folder) == 1
    assert "none of the truth's events" in capsys.readouterr().err


@pytest.mark.parametrize("broken", ["decisions", "events"])
def test_a_file_that_is_no_json_is_refused(folder: Path, broken: str, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / f"{broken}.jsonl").write_bytes(b"\x00\xff not json\n" * 3)
    assert run(folder) == 1
    assert "could be read" in capsys.readouterr().err


def test_an_elsewhere_that_is_no_report_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "elsewhere.json").write_text('{"budgets": 1}')
    assert run(folder, "--elsewhere", str(folder / "elsewhere.json")) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_compressed_file_that_breaks_off_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = gzip.compress((folder / "events.jsonl").read_bytes())
    (folder / "half.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    events = str(folder / "half.jsonl.gz")
    given = ["evaluate", str(folder / "decisions.jsonl"), "--events", events, "--truth", str(folder / "truth.jsonl")]
    assert main(given) == 1
    said = capsys.readouterr().err
    assert "half.jsonl.gz" in said
    assert "breaks off" in said
