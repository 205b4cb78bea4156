"""`kuraban home watch --open` as it is typed: watch and pages together, and how they end."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from home_pages import Owner, quiet


@pytest.fixture(scope="module")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Owner:
    return quiet(tmp_path_factory.mktemp("owner"))


@contextmanager
def kuraban(owner: Owner, *words: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", Path]]:
    """The command in a process of its own, and the file it prints to."""
    printed = owner.root / "printed.txt"
    given = {**os.environ, "KURABAN_HOME": str(owner.folder.path), "LANG": "en_US.UTF-8", **environment}
    with (
        printed.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-u", "-m", "kuraban", "home", *words], env=given, stdout=out, stderr=out, text=True
        ) as process,
    ):
        try:
            yield process, printed
        finally:
            if process.poll() is None:
                process.kill()


def until(happened: Callable[[], object], process: "subprocess.Popen[str]", printed: Path) -> None:
    """Wait for it, as long as the process lives, two minutes at most."""
    end = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, printed.read_text()
        assert time.monotonic() < end, printed.read_text()
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue


def address(printed: Path) -> str:
    """What was printed for the owner to open; empty before."""
    found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", printed.read_text())
    return found[0] if found else ""


def test_the_browser_is_opened_by_an_address_that_works_once_and_all_ends_by_one_signal(owner: Owner) -> None:
    shown = owner.root / "shown"
    browser = owner.root / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > "{shown}.new" && mv "{shown}.new" "{shown}"\n')
    browser.chmod(0o700)
    with kuraban(owner, "watch", "--open", "--offline", BROWSER=f"{browser} %s") as (process, printed):
        until(shown.exists, process, printed)
        opened = shown.read_text()
        assert opened != address(printed)
        with httpx.Client(follow_redirects=True) as client:
            assert "data-light" in client.get(opened).text
        assert httpx.get(opened).status_code == 403
        assert httpx.get(address(printed)).status_code == 303
        until(lambda: "watching" in printed.read_text(), process, printed)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(opened)


def test_what_stopped_the_watch_stands_on_its_pages_until_it_is_ended(owner: Owner) -> None:
    owner.folder.plan.write_text("[[recurring]]\n", "utf-8")
    try:
        with kuraban(owner, "watch", "--pages", "--offline") as (process, printed):
            until(lambda: "has stopped" in printed.read_text(), process, printed)
            with httpx.Client(follow_redirects=True) as client:
                page = client.get(address(printed)).text
            assert 'data-light="yellow"' in page
            assert "plan.toml" in page
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 1
    finally:
        owner.folder.plan.unlink()


def test_pages_alone_open_beside_a_watch_and_a_taken_port_is_said_in_words(owner: Owner) -> None:
    with kuraban(owner, "console", "--no-browser") as (process, printed):
        until(lambda: address(printed), process, printed)
        port = address(printed).split(":")[2].partition("/")[0]
        other = subprocess.run(
            [sys.executable, "-m", "kuraban", "home", "console", "--no-browser", "--port", port, "--lang", "ja"],
            env={**os.environ, "KURABAN_HOME": str(owner.folder.path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert other.returncode == 1
        assert "--port" in other.stderr
        assert "Traceback" not in other.stderr
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
