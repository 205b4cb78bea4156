"""However `kuraban demo` ends, at whatever stage, nothing of it is left: no process, no file. And it says why."""

import contextlib
import os
import pty
import resource
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kuraban import cli
from kuraban.cli.demo.connection import AnswerError
from kuraban.cli.demo.place import Place, given, temporary
from kuraban.cli.errors import CommandError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc"),
]

SMALL = ["--owners", "200", "--seed", "3", "--lang", "en"]
MARK = "KURABAN_TEST_DEMO"
# What is printed when a stage begins, and how many other processes there are by then.
STAGES = {
    "the world is made": ("making a broker", 1),
    "the engine is compiled": ("its engine is compiled", 2),
    "the story is told": ("playing the attack", 3),
}


class Demo:
    """A running demo with a temporary folder of its own. Its processes are known by a mark in their environment."""

    def __init__(self, folder: Path, words: tuple[str, ...], more: dict[str, str], terminal: bool, most: int | None):
        self.mark, self.temporary = uuid.uuid4().hex, folder / "tmp"
        self.temporary.mkdir()
        kept = {name: value for name, value in os.environ.items() if name not in ("CI", "DISPLAY", "BROWSER")}
        environment = {**kept, MARK: self.mark, "TMPDIR": str(self.temporary), "TERM": "xterm", **more}
        self._said = b""
        self.master, slave = pty.openpty() if terminal else os.pipe()

        def prepare() -> None:
            if most is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            if terminal:
                os.login_tty(slave)

        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "kuraban", "demo", *SMALL, *words], env=environment, preexec_fn=prepare,
            stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
        )  # fmt: skip
        os.close(slave)

    @property
    def printed(self) -> str:
        return self._said.decode("utf-8", "replace")

    def others(self) -> list[int]:
        """The demo's other processes."""
        mark, found = f"{MARK}={self.mark}".encode(), []
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):
                if mark in path.read_bytes() and int(path.parent.name) != self.process.pid:
                    found.append(int(path.parent.name))
        return found

    def until(self, happened: Callable[[], object], *, alive: bool = True) -> None:
        """Wait for it, five minutes at most, and hear what is printed meanwhile. alive: as long as the demo runs."""
        end = time.monotonic() + 300
        while not happened():
            assert time.monotonic() < end, self.printed
            assert not alive or self.process.poll() is None, self.printed
            self.hear(0.05)

    def hear(self, seconds: float) -> bool:
        """Take what is printed within so many seconds; whether there may be more."""
        if self.master < 0 or not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            some = os.read(self.master, 65_536)
        except OSError:  # a terminal whose last process has gone
            some = b""
        self._said += some
        return bool(some)

    def reach(self, stage: str) -> None:
        """Wait until a stage begins, and its processes are there."""
        words, count = STAGES[stage]
        self.until(lambda: words in self.printed)
        self.until(lambda: len(self.others()) >= count)

    def left(self) -> list[Any]:
        """What is."""
        return [*self.others(), *self.temporary.iterdir()]

    def over(self) -> int:
        """Wait until it has ended; its exit status."""
        self.until(lambda: self.process.poll() is not None, alive=False)
        while self.hear(0):
            pass
        return int(self.process.wait())

    def close_terminal(self) -> None:
        """As a window that is closed."""
        os.close(self.master)
        self.master = -1


Start = Callable[..., Demo]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts demos, and kills what they leave."""
    begun: list[Demo] = []

    def starting(*words: str, terminal: bool = False, most: int | None = None, **more: str) -> Demo:
        folder = tmp_path / str(len(begun))
        folder.mkdir()
        begun.append(Demo(folder, words, more, terminal, most))
        return begun[-1]

    yield starting
    for each in begun:
        each.process.kill()
        each.process.wait()
        for number in each.others():
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        if each.master >= 0:
            os.close(each.master)


def at(stage: str, start: Start, folder: Path) -> Demo:
    """A demo that has reached a stage. The engine is compiled only where that has not been done."""
    more = {"NUMBA_CACHE_DIR": str(folder / "compiled")} if stage == "the engine is compiled" else {}
    demo = start("--headless", "--minutes", "5", **more)
    demo.reach(stage)
    return demo


@pytest.mark.parametrize("stage", STAGES)
def test_killed_it_leaves_no_process_and_no_file(stage: str, start: Start, tmp_path: Path) -> None:
    demo = at(stage, start, tmp_path)
    demo.process.kill()
    assert demo.over() == -signal.SIGKILL
    demo.until(lambda: not demo.left(), alive=False)


@pytest.mark.parametrize("stage", STAGES)
def test_interrupted_it_ends_at_once_and_says_so(stage: str, start: Start, tmp_path: Path) -> None:
    demo = at(stage, start, tmp_path)
    demo.process.send_signal(signal.SIGINT)
    assert demo.over() == 130
    assert demo.printed.endswith("stopped (中断しました)\n")
    assert "Traceback" not in demo.printed
    assert demo.left() == []


def test_interrupted_twice_it_does_not_wait_for_its_children(start: Start, tmp_path: Path) -> None:
    demo = at("the story is told", start, tmp_path)
    server = [each for each in demo.others() if b"demo.serving" in Path(f"/proc/{each}/cmdline").read_bytes()]
    os.kill(server[0], signal.SIGSTOP)
    demo.process.send_signal(signal.SIGINT)
    demo.until(lambda: "ending" in demo.printed)
    demo.process.send_signal(signal.SIGINT)
    assert demo.over() == 130
    os.kill(server[0], signal.SIGCONT)
    demo.until(lambda: not demo.left(), alive=False)


def test_a_closed_terminal_ends_it(start: Start) -> None:
    demo = start("--no-open", "--minutes", "5", terminal=True)
    demo.until(lambda: len(demo.others()) >= 3 and "decisions" in demo.printed)
    demo.close_terminal()
    assert demo.over() != 0
    demo.until(lambda: not demo.left(), alive=False)


def test_without_a_browser_it_says_what_to_open_and_waits_at_the_end_until_it_is_interrupted(start: Start) -> None:
    demo = start("--minutes", "0.02", terminal=True)
    demo.until(lambda: "No browser could be opened" in demo.printed)
    demo.until(lambda: "Everything stays up" in demo.printed)
    os.write(demo.master, b"\x03")
    assert demo.over() == 130
    assert "stopped (中断しました)" in demo.printed
    assert "Traceback" not in demo.printed
    assert demo.left() == []


def test_a_disk_that_fills_up_ends_it_with_one_sentence(start: Start) -> None:
    demo = start("--headless", most=1_000_000)
    assert demo.over() == 1
    last = demo.printed.splitlines()[-1]
    assert last.startswith("kuraban demo: cannot use ")
    assert "File too large" in last
    assert "書き込めません" in last
    assert "Traceback" not in demo.printed
    assert demo.left() == []


def test_what_the_server_refuses_is_said_in_both_languages() -> None:
    problem = '{"title":"the disk is full","title_ja":"空きがない","status":503}'
    assert str(AnswerError.of(503, problem.encode())) == "the disk is full (空きがない)"
    assert str(AnswerError.of(502, b"<html>")) == "502: b'<html>'"


def test_a_folder_that_cannot_be_written_to_or_is_too_small_is_refused_before_anything_begins(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match=r"cannot use .*書き込めません"), given(tmp_path / "file" / "folder"):
        pass
    with pytest.raises(CommandError, match="空き容量が足りません"):
        Place(tmp_path).check_room(10**12)


def test_a_temporary_folder_that_cannot_be_made_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: object) -> str:
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(CommandError, match="No usable temporary directory"), temporary():
        pass


def test_interrupted_while_it_is_still_loading_a_command_says_no_more_than_that(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "import_module", interrupted)
    assert cli.main(["demo"]) == 130
    assert capsys.readouterr().err == "\nstopped (中断しました)\n"
