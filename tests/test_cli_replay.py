"""The commands a broker's engineer types first: replay, explain, schema; their output, errors and exit statuses."""

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from kuraban.cli import main
from kuraban.cli.replay import REJECTED
from kuraban.sim.simulate import simulate

Captured = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small broker with some thieves."""
    folder = tmp_path_factory.mktemp("world")
    simulate(folder, accounts=150, days=15, seed=3, attacks=12)
    return folder


def decisions(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_replay_writes_what_is_above_allow_and_with_all_every_decision(world: Path, tmp_path: Path) -> None:
    events = str(world / "events.jsonl")
    few, every = tmp_path / "few.jsonl", tmp_path / "every.jsonl"
    common = [events, "--instruments", str(world / "instruments.csv")]
    assert main(["replay", *common, "--out", str(few)]) == 0
    assert main(["replay", *common, "--out", str(every), "--all"]) == 0
    assert [d for d in decisions(every) if d["action"] != "allow"] == decisions(few)
    decidable = {"login.succeeded", "setting.changed", "order.placed", "cash.swept", "withdrawal.requested"}
    asked = [e["id"] for e in decisions(Path(events)) if e["type"] in decidable]
    assert sorted(asked) == sorted(d["event"] for d in decisions(every) if d["event"] is not None)


def test_decisions_have_the_fields_of_the_contract(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "d.jsonl"
    assert main(["replay", str(world / "events.jsonl"), "--out", str(out)]) == 0
    fields = ["event", "account", "time", "probability", "exposure", "action", "expected_loss", "reasons", "group"]
    for decision in decisions(out):
        assert list(decision) == fields
        assert 0.0 <= decision["probability"] <= 1.0
        assert decision["expected_loss"] == pytest.approx(decision["probability"] * decision["exposure"], abs=1.0)
        weights = [abs(reason["weight"]) for reason in decision["reasons"] if reason["signal"] != "cold_start"]
        assert weights == sorted(weights, reverse=True)
        assert all(set(reason) == {"signal", "weight", "ja", "en"} for reason in decision["reasons"])


def test_two_halves_with_a_state_between_give_the_bytes_of_the_whole(world: Path, tmp_path: Path) -> None:
    lines = (world / "events.jsonl").read_bytes().splitlines(keepends=True)
    first, second, state = tmp_path / "1.jsonl", tmp_path / "2.jsonl.gz", tmp_path / "state"
    first.write_bytes(b"".join(lines[: len(lines) // 2]))
    second.write_bytes(gzip.compress(b"".join(lines[len(lines) // 2 :])))
    table = ["--instruments", str(world / "instruments.csv"), "--all"]
    whole, one, two = (tmp_path / name for name in ("whole", "one", "two"))
    assert main(["replay", str(world / "events.jsonl"), *table, "--out", str(whole)]) == 0
    assert main(["replay", str(first), *table, "--out", str(one), "--state-out", str(state)]) == 0
    assert main(["replay", str(second), *table, "--out", str(two), "--state-in", str(state)]) == 0
    assert one.read_bytes() + two.read_bytes() == whole.read_bytes()


def test_standard_input_and_output_can_be_piped(
    world: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    raw = (world / "events.jsonl").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(raw))))
    assert main(["replay", "-"]) == 0
    output = capsysbinary.readouterr().out.splitlines()
    assert output
    assert all(json.loads(line)["action"] != "allow" for line in output)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_rejected_lines_are_written_beside_the_output_and_told_by_the_status(
    world: Path, tmp_path: Path, capsys: Captured
) -> None:
    events = tmp_path / "in" / "events.jsonl"
    events.parent.mkdir()
    good = (world / "events.jsonl").read_bytes().splitlines(keepends=True)[:50]
    events.write_bytes(b"".join([*good[:20], b'{"id": "x", "type": "party"}\n', *good[20:], b"{nonsense\n"]))
    out = tmp_path / "out" / "decisions.jsonl"
    out.parent.mkdir()
    assert main(["replay", str(events), "--out", str(out)]) == REJECTED
    rejects = decisions(out.parent / "rejects.jsonl")
    assert [(reject["line"], reject["code"]) for reject in rejects] == [(21, "unknown_type"), (52, "not_json")]
    assert "2 lines rejected" in capsys.readouterr().err


def test_where_no_line_can_be_used_the_status_is_one(elsewhere: Path, capsys: Captured) -> None:
    (elsewhere / "events.jsonl").write_text("nonsense\n[]\n")
    assert main(["replay", "events.jsonl"]) == 1
    assert "no line could be used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replay", "nowhere.jsonl"], "nowhere.jsonl"),
        (["replay", "events.jsonl", "--policy", "bad.toml"], "unknown key [cost] chalenge"),
        (["replay", "events.jsonl", "--state-in", "bad.toml"], "not a Kuraban state file"),
        (["replay", "events.jsonl", "--instruments", "nowhere.csv"], "nowhere.csv"),
        (["replay", "events.jsonl", "--out", "no/such/folder"], "there is no folder no/such"),
        (["replay", "events.jsonl", "--state-out", "no/such/folder"], "there is no folder no/such"),
        (["replay", "events.jsonl", "--ipdb", "bad.toml"], "bad.toml"),
        (["explain", "events.jsonl", "--event", "nothing"], "no event 'nothing' was accepted"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_sentence(
    words: list[str], said: str, world: Path, elsewhere: Path, capsys: Captured
) -> None:
    (elsewhere / "events.jsonl").write_bytes(
        b"".join((world / "events.jsonl").read_bytes().splitlines(keepends=True)[:9])
    )
    (elsewhere / "bad.toml").write_text("[cost]\nchalenge = 3\n")
    assert main(words) == 1
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_wrong_usage_is_status_two(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["replay"])
    assert stop.value.code == 2
    assert main(["replay", "x", "--timezone", "Nowhere/Nothing"]) == 2
    assert "Nowhere/Nothing" in capsys.readouterr().err


def test_explain_takes_one_decision_apart(world: Path, tmp_path: Path, capsys: Captured) -> None:
    out = tmp_path / "d.jsonl"
    events = str(world / "events.jsonl")
    assert main(["replay", events, "--out", str(out)]) == 0
    gravest = max((d for d in decisions(out) if d["event"]), key=lambda d: float(d["probability"]))
    capsys.readouterr()
    assert main(["explain", events, "--event", gravest["event"], "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert {key: whole[key] for key in gravest} == gravest
    assert whole["after"] - whole["prior"] == pytest.approx(sum(part["weight"] for part in whole["signals"]), abs=0.05)
    assert min(whole["costs"], key=whole["costs"].get) == whole["action"]
    assert main(["explain", events, "--event", gravest["event"]]) == 0
    page = capsys.readouterr().out
    assert "→ " + whole["action"] in page
    assert all(part["ja"] in page and part["en"] in page for part in whole["signals"])


def test_explain_says_which_events_only_teach(world: Path, capsys: Captured) -> None:
    events = world / "events.jsonl"
    snapshot = next(e["id"] for e in decisions(events) if e["type"] == "account.snapshot")
    assert main(["explain", str(events), "--event", snapshot]) == 1
    assert "only teaches" in capsys.readouterr().err


@pytest.mark.parametrize("what", ["event", "decision"])
def test_schema_is_json(what: str, capsys: Captured) -> None:
    assert main(["schema", what]) == 0
    assert json.loads(capsys.readouterr().out)["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize("option", ["--out", "--rejects", "--state-out"])
def test_an_output_never_overwrites_what_is_to_be_read(
    option: str, world: Path, elsewhere: Path, capsys: Captured
) -> None:
    events = elsewhere / "events.jsonl"
    events.write_bytes((world / "events.jsonl").read_bytes()[:9000])
    before = events.read_bytes()
    assert main(["replay", "events.jsonl", option, str(events)]) == 2
    assert "would overwrite" in capsys.readouterr().err
    assert events.read_bytes() == before


def test_a_run_that_is_cut_off_leaves_the_older_output_as_it_was(
    world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "d.jsonl"
    out.write_text("of yesterday\n")

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("kuraban.replay.Replay.lines", stop)
    assert main(["replay", str(world / "events.jsonl"), "--out", str(out)]) == 130
    assert out.read_text() == "of yesterday\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_a_full_disk_is_said(world: Path, elsewhere: Path, capsys: Captured) -> None:
    assert main(["replay", str(world / "events.jsonl"), "--all", "--out", "/dev/full"]) == 1
    assert "No space left on device" in capsys.readouterr().err
