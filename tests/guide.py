"""Guides run as their readers would: blocks of a page, and a shell that keeps what was done so far.

In a page, a fence `console` holds commands after `$ ` (continued after `> `) and all that they print; `…` stands for
anything, alone on a line for any lines; a command that ends in ` &` goes on after what it prints at first. A fence `sh`
holds a script whose output is not shown. Before a fence, a comment `<!-- file: NAME -->` says that it is that file, and
`<!-- not run: REASON -->` why it is not run.
"""

import os
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FINE = (0, 3)  # 3: something needs an answer, or some lines were rejected
_FENCE = re.compile(r"(?:<!-- *([^\n]*?) *-->\n+)?^```([a-z]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """One fence. note: the comment before it. line: where it stands in the page."""

    kind: str
    text: str
    note: str
    line: int

    @property
    def file(self) -> str | None:
        """The name of the file that it is, or None."""
        return self._said("file")

    @property
    def unrun(self) -> str | None:
        """Why it is not run, or None."""
        return self._said("not run")

    def _said(self, what: str) -> str | None:
        kind, _, said = self.note.partition(":")
        return said.strip() if kind == what else None


class Command(NamedTuple):
    """A command of a `console` fence and what it prints."""

    text: str
    output: str


class GuideError(AssertionError):
    """A guide that does not say what happens."""


def blocks(text: str) -> list[Block]:
    """The fences of a page."""
    found = []
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start(2)) + 1
        found.append(Block(match[2], match[3], match[1] or "", line))
    return found


def commands(block: Block) -> Iterator[Command]:
    """The commands of a `console` fence, each with the output shown for it."""
    text, output = list[str](), list[str]()
    for line in block.text.splitlines():
        if line.startswith("$ "):
            if text:
                yield Command("\n".join(text), "\n".join(output))
            text, output = [line[2:]], []
        elif line.startswith("> ") and not output:
            text.append(line[2:])
        else:
            output.append(line)
    if text:
        yield Command("\n".join(text), "\n".join(output))


def matches(shown: str, printed: str) -> bool:
    """Whether what was printed is what the page shows, with `…` for anything."""
    pattern = ""
    for line in shown.strip("\n").split("\n"):
        if line.strip() == "…":
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += r"[^\n]*?".join(re.escape(part) for part in line.rstrip().split("…")) + r"[ \t]*\n"
    return re.fullmatch(pattern, printed.strip("\n") + "\n") is not None


class Shell:
    """A bash that a guide is typed into. Whatever it started ends with it."""

    def __init__(self, folder: Path, language: str, seconds: float = 600.0):
        self.folder, self.seconds = folder, seconds
        self._programs = list[int]()
        path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
        environment = {"PATH": path, "HOME": str(folder), "LANG": language, "TERM": "dumb", "TZ": "Asia/Tokyo"}
        for name in ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR"):  # what is compiled is compiled already
            if name in os.environ:
                environment[name] = os.environ[name]
        environment.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )

    def __enter__(self) -> "Shell":
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(self.seconds)
            for program in self._programs:  # a program has ended when nobody holds the other side any more
                while self._more(program, time.monotonic() + self.seconds):
                    pass
        except (subprocess.TimeoutExpired, GuideError):
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise
        finally:
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()
            for program in self._programs:
                os.close(program)

    def run(self, command: str) -> tuple[int, str]:
        """Type a command; its exit status and everything it printed."""
        printed = self._type(command + "\nprintf '\\n%s\\n' \"status-of-it $?\"\n", r"\nstatus-of-it \d+\n")
        before, _, status = printed.rpartition("\nstatus-of-it ")
        return int(status), before

    def start(self, command: str, shown: str) -> None:
        """Start a program that goes on, and wait until it has printed what the page shows."""
        pipe = self.folder / f".printed-{len(self._programs)}"
        os.mkfifo(pipe)
        self._programs.append(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
        self.run(f"{command} >{pipe} 2>&1 &")
        self._read(self._programs[-1], lambda printed: matches(shown, printed), command)

    def _type(self, text: str, end: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()
        ended = re.compile(end + r"\Z")
        return self._read(self._process.stdout.fileno(), lambda printed: ended.search(printed) is not None, text)

    def _read(self, descriptor: int, enough: Callable[[str], bool], what: str) -> str:
        printed, deadline = b"", time.monotonic() + self.seconds
        while not enough(printed.decode(errors="replace")):
            try:
                more = self._more(descriptor, deadline)
            except GuideError:
                more = b""
            if not more:
                raise GuideError(f"{what}\ndoes not go on; so far it printed\n{printed.decode(errors='replace')}")
            printed += more
        return printed.decode(errors="replace")

    @staticmethod
    def _more(descriptor: int, deadline: float) -> bytes:
        """What is printed next; nothing at the end."""
        ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            raise GuideError("it does not end")
        return os.read(descriptor, 1 << 16)
