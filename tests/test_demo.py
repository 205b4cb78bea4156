"""`kuraban demo` from beginning to end: a small world against the real server, and what is left when it is stopped."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.json import Decoder

from kuraban.cli import main
from kuraban.cli.demo.broker import loot
from kuraban.events import Event
from kuraban.journal import schema, store

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "kuraban", "demo", "--headless", "--owners", "600", "--seed", "3", "--lang", "en"]
read_event = Decoder(Event).decode


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, "subprocess.CompletedProcess[str]"]:
    folder = tmp_path_factory.mktemp("demo") / "kept"
    command = [*COMMAND, "--minutes", "0.1", "--keep", str(folder)]
    return folder, subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)


def journal(folder: Path) -> list[Event]:
    connection = schema.connect(folder / "desk" / "journal.db", read_only=True)
    try:
        return [read_event(line) for block in store.blocks(connection) for line in block.lines]
    finally:
        connection.close()


def test_the_story_happens_and_the_demo_says_so(told: tuple[Path, Any]) -> None:
    _, done = told
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✘" not in done.stdout
    assert done.stdout.count("✔") >= 6


def test_money_lost_is_what_the_server_was_told_of_and_with_money_stopped_makes_the_whole(
    told: tuple[Path, Any],
) -> None:
    folder, done = told
    truth = [json.loads(line) for line in (folder / "world" / "truth.jsonl").read_bytes().splitlines()]
    thieves = {event for takeover in truth for event in takeover["events"]}
    recorded = (read_event(line) for line in (folder / "world" / "events.jsonl").read_bytes().splitlines())
    wanted = sum(loot(event) for event in recorded if event.id in thieves)
    lost = sum(loot(event) for event in journal(folder) if event.id in thieves)
    said = re.search(r"¥([\d,]+) would have gone; ¥([\d,]+) did, ¥([\d,]+) \(", done.stdout.replace("\n", " "))
    assert said is not None
    numbers = [int(text.replace(",", "")) for text in said.groups()]
    assert numbers == [round(wanted), round(lost), round(wanted - lost)]
    assert 0 < numbers[1] < numbers[2]


def test_what_the_broker_did_about_decisions_reached_the_server(told: tuple[Path, Any]) -> None:
    folder, _ = told
    kinds = {event.type for event in journal(folder) if re.search(r"-(asked|called|reset)$", event.id)}
    assert kinds >= {"challenge.passed", "owner.denied", "credentials.reset"}


def test_both_consoles_can_be_looked_at_and_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [*COMMAND, "--minutes", "5"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        assert select.select([process.stdout], [], [], 300)[0]
        desk, owner = (re.findall(r"http://127\.0\.0\.1:\S+", process.stdout.readline())[0] for _ in range(2))
        with httpx.Client(follow_redirects=True, timeout=60) as browser:
            seen = [browser.post(desk), browser.get(owner), browser.post(desk)]
        assert [(page.status_code, page.url.path) for page in seen[:2]] == [(200, "/console/"), (200, "/")]
        assert seen[2].status_code == 410
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=120)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "stopped" in said
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_folder_with_something_in_it_is_not_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").touch()
    assert main(["demo", "--headless", "--keep", str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert main(["demo", "--owners", "3"]) == 2
