"""The report as a whole: friction, segments, notes, the text and the command."""

import gzip
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
import pyarrow.parquet
import pytest
import zstandard

from evaluate_stories import Story
from kuraban.evaluate import Report, evaluate, render


def test_friction_counts_decisions_and_days(tmp_path: Path) -> None:
    """Two challenges on one day and a hold on another, over ten innocent account-days."""
    story = Story()
    story.crowd(accounts=5, days=2)
    for hour in (13, 14):
        story.decided(story.login("owner0", 0, hour), 0.1, "challenge")
    story.decided(story.login("owner1", 1, 13), 0.1, "hold")
    friction = story.report(tmp_path).friction
    assert (friction["challenge"].decisions_per_10k, friction["challenge"].days_per_10k) == (2000, 1000)
    assert friction["hold"].decisions_per_10k == 1000
    assert friction["lock"].decisions == 0


def test_a_segment_that_bears_more_than_its_share_shows(tmp_path: Path) -> None:
    """One of four owners lives on the app and has half of all days with friction: twice its share."""
    story = Story()
    for number in range(4):
        story.login(f"owner{number}", 0, 9, channel="app" if number == 0 else "web")
    for number in (0, 1):
        story.decided(story.login(f"owner{number}", 0, 10, channel="app" if number == 0 else "web"), 0.1, "challenge")
    segments = {segment.name: segment for segment in story.report(tmp_path).segments}
    assert (segments["app only"].share_of_days, segments["app only"].share_of_friction) == (0.25, 0.5)
    assert segments["app only"].ratio == pytest.approx(2)
    assert segments["all"].ratio == pytest.approx(1)


def test_who_acts_more_meets_more_friction_but_not_more_an_act(tmp_path: Path) -> None:
    """The app user acts on both days, the web user on one; each active day meets friction."""
    story = Story()
    for account, day, channel in (("busy", 0, "app"), ("busy", 1, "app"), ("calm", 0, "web")):
        event = story.login(account, day, 9, channel=channel)
        story.decided(event, 0.1, "challenge")
        story.decided(event, 0.0)
    app = next(segment for segment in story.report(tmp_path).segments if segment.name == "app only")
    assert app.ratio == pytest.approx(4 / 3)
    assert app.ratio_active == pytest.approx(1)


def test_the_attackers_own_events_do_not_make_the_owner(tmp_path: Path) -> None:
    """The owner lives on the app; the thief's web login does not change that."""
    story = Story()
    story.login("ann", 0, 9, channel="app")
    story.taken_over("ann", story.login("ann", 0, 10, channel="web"))
    segments = {segment.name: segment.accounts for segment in story.report(tmp_path).segments}
    assert (segments["app only"], segments["web only"]) == (1, 0)


def test_a_traveller_and_a_vpn_user_are_told_by_their_networks(tmp_path: Path) -> None:
    """Ann logs in from Japan and from France, Ben mostly from a cloud, Eve's one try of a cloud makes no VPN user."""
    story = Story()
    japan, france, cloud = "126.159.33.187", "90.3.4.5", "52.95.110.1"
    for account, addresses in (("ann", (japan, france)), ("ben", (cloud, cloud)), ("eve", (japan, japan, cloud))):
        for hour, address in enumerate(addresses):
            story.login(account, 0, 9 + hour, ip=address)
    story.login("odd", 0, 9, ip="not an address")
    segments = {segment.name: segment.accounts for segment in story.report(tmp_path).segments}
    assert (segments["travellers"], segments["hosting or VPN"]) == (1, 1)


def test_alerts_alone_are_told_from_every_decision(tmp_path: Path) -> None:
    story = Story()
    story.decided(story.login("ann", 0, 9), 0.3, "challenge")
    report = story.report(tmp_path)
    assert not report.complete
    assert any(note.startswith("Alerts only") for note in report.notes)
    story.decided(story.login("ben", 0, 9), 0.0)
    assert story.report(tmp_path).complete


def test_what_cannot_be_read_is_counted(tmp_path: Path) -> None:
    """A broken line, a decision out of range and a decision about a stranger."""
    story = Story()
    story.decided(story.login("ann", 0, 9), 1.5)
    story.decided(story.login("ann", 0, 10), 0.5)
    story.later("stranger", 0, 9, 0.5, "notify", None)
    story.report(tmp_path)
    with (tmp_path / "events.jsonl").open("ab") as file:
        file.write(b"{broken\n\n")
    report = evaluate(tmp_path / "decisions.jsonl", [tmp_path / "events.jsonl"], tmp_path / "truth.jsonl")
    assert (report.unreadable, report.decisions) == (2, 2)
    assert any("not in the stream" in note for note in report.notes)


def write_parquet(rows: list[dict[str, Any]], path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), path)


def test_every_container_reads_the_same(tmp_path: Path) -> None:
    """JSON Lines, gzip, zstd and Parquet of one stream give one report."""
    story = Story()
    story.decided(story.login("ann", 0, 9, channel="app"), 0.1)
    theft = story.buys("ann", 1, 9, 100)
    story.decided(theft, 0.5)
    story.taken_over("ann", theft)
    plain = story.report(tmp_path)
    raw = (tmp_path / "events.jsonl").read_bytes()
    (tmp_path / "events.jsonl.gz").write_bytes(gzip.compress(raw))
    (tmp_path / "events.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(raw))
    groups = ("id", "time", "account", "type", "session", "client", "order")
    rows = [{name: event.get(name) for name in groups} for event in story.events]
    write_parquet(rows, tmp_path / "events.parquet")
    for name in ("events.jsonl.gz", "events.jsonl.zst", "events.parquet"):
        assert evaluate(tmp_path / "decisions.jsonl", [tmp_path / name], tmp_path / "truth.jsonl") == plain


def test_a_stream_in_several_files_is_one_stream(tmp_path: Path) -> None:
    story = Story()
    story.crowd(accounts=3, days=2)
    whole = story.report(tmp_path)
    lines = (tmp_path / "events.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "a.jsonl").write_bytes(b"".join(lines[:2]))
    (tmp_path / "b.jsonl").write_bytes(b"".join(lines[2:]))
    parts = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    assert evaluate(tmp_path / "decisions.jsonl", parts, tmp_path / "truth.jsonl") == whole


def test_the_text_names_the_families_and_the_budgets(tmp_path: Path) -> None:
    story = Story()
    story.crowd(accounts=3, days=2)
    theft = story.buys("ann", 1, 9, 100)
    story.decided(theft, 0.5)
    story.taken_over("ann", theft, family="stuffing")
    text = render(story.report(tmp_path))
    assert "stuffing" in text
    assert "1/100,000" in text
    assert "100.0% [21–100]" in text


def test_an_empty_world_is_evaluated_too(tmp_path: Path) -> None:
    report = Story().report(tmp_path)
    assert report.account_days == 0
    assert render(report)


def test_the_command_prints_a_report_that_reads_back(tmp_path: Path) -> None:
    story = Story()
    story.crowd(accounts=2, days=1)
    expected = story.report(tmp_path)
    command = [sys.executable, "-m", "kuraban.evaluate", str(tmp_path / "decisions.jsonl"), "--json"]
    command += ["--events", str(tmp_path / "events.jsonl"), "--truth", str(tmp_path / "truth.jsonl")]
    done = subprocess.run(command, capture_output=True, check=True)
    assert msgspec.json.decode(done.stdout, type=Report) == expected


def test_the_command_says_what_it_could_not_open(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kuraban.evaluate", str(tmp_path / "none"), "--events", "none", "--truth", "none"]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 1
    assert "none" in done.stderr
    assert "Traceback" not in done.stderr
