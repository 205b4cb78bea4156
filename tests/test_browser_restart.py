"""The server goes away while somebody is at work, and comes back: the real process, killed and started again."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from browser import Look, remember, settled
from desk import theft
from kuraban.console.desk.people import ANALYST, People

pytestmark = [pytest.mark.browser, pytest.mark.slow]
STARTS_MS = 120_000  # on a slow machine that compiles meanwhile


@dataclass
class Process:
    """`kuraban serve` on one port, whoever is killed."""

    data: Path
    port: int
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; it listens when this returns, and may still be reading its journal back."""
        command = ("serve", "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}")
        process = subprocess.Popen(
            [sys.executable, "-m", "kuraban", *command],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self.running.append(process)
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "listening on" in line:
                return
        pytest.fail("".join(said))

    def kill(self) -> None:
        """As a power cut would."""
        for process in self.running:
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert process.stderr is not None
            process.stderr.close()
        self.running.clear()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found = Process(tmp_path / "data", free.getsockname()[1])
    found.start()
    yield found
    found.kill()


def ready(url: str) -> bool:
    """Whether the desk decides."""
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_a_page_goes_on_by_itself_and_an_act_done_meanwhile_is_kept_until_it_is_saved(
    process: Process, look: Look
) -> None:
    look.allow("ERR_CONNECTION", "Failed to load resource", "503", "htmx:")
    page = look.page()
    people = People(process.data)
    word = people.begin(people.add("当直", ANALYST).id, "link")
    people.close()
    remember(page.context, word)
    now = look.page()
    remember(now.context, word)
    now.goto(f"{process.url}/console/")
    expect(now.locator("#alerts-open")).to_have_text("0", timeout=STARTS_MS)
    body = b"\n".join(theft())
    httpx.post(
        f"{process.url}/v1/events", content=body, headers={"content-type": "application/x-ndjson"}, timeout=60
    ).raise_for_status()
    expect(now.locator("#alerts-open")).to_have_text("1")
    page.goto(f"{process.url}/console/alerts")
    settled(page)

    process.kill()
    expect(now.locator("#away")).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("t")
    page.keyboard.press("1")
    page.locator("dialog[open] textarea").fill("停止中に書いた理由")
    page.keyboard.press("Control+Enter")
    failure = page.locator("#failures .failure")
    expect(failure).to_contain_text("停止中に書いた理由")
    expect(page.locator("[data-row] .state .chip")).to_have_class(re.compile("state-open"))

    process.start()
    # Signing in and the pages work while the journal is still being read back; the figures come when it has been.
    expect(now.locator("#away")).to_be_hidden(timeout=STARTS_MS)
    expect(now.locator("#conditions [data-condition]")).to_have_count(0, timeout=STARTS_MS)
    expect(now.locator("#alerts-open")).to_have_text("1")
    failure.get_by_role("button", name="もう一度送る").click()
    expect(page.locator("[data-row] .state .chip")).to_have_class(re.compile("state-takeover"))
    expect(page.locator("[data-row]")).not_to_have_class(re.compile("pending"))
    expect(failure).to_have_count(0)
    page.goto(f"{process.url}/console/alerts?state=takeover")
    page.locator("[data-open]").click()
    expect(page.locator("#history")).to_contain_text("停止中に書いた理由")
    assert ready(process.url)
