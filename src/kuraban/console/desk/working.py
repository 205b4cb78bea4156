"""Long work beside the server: a process of its own at the lowest priority, told its job and telling how far it is.

The job is one line of JSON on the process's standard input; what it says are lines of JSON on its standard output. It
reads the journal and writes nothing. It ends when standard input is closed, so that none outlives the server, and when
its time is up.
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from kuraban.journal.schema import JournalError

SECONDS = 1800.0  # how long one may take
_EVERY_S = 0.3

Progress = Callable[[int, int], object]
J = TypeVar("J")


class Said(msgspec.Struct, omit_defaults=True):
    """One line of what it says: how far it is, the result, or why there is none."""

    done: int = 0
    total: int = 0
    result: msgspec.Raw = msgspec.Raw(b"null")
    problem: str = ""


class Told(Protocol):
    """What keeps account of such work for the pages."""

    result: Any
    problem: str
    done: int
    total: int


def note(told: Told, said: Said, kind: type[Any]) -> None:
    """Keep what a process has said. kind: of its result."""
    result = msgspec.json.decode(said.result, type=kind | None)
    if result is not None:
        told.result = result
    elif said.problem:
        told.problem = said.problem
    else:
        told.done, told.total = said.done, said.total


class Work:
    """A process at work. module: what is run by `python -m`. take: gets what it says, in a thread. ended: called once,
    after the last of it, with the exit status. Raises OSError where none can be started."""

    def __init__(self, module: str, job: object, take: Callable[[Said], object], ended: Callable[[int], object]):
        self._process = subprocess.Popen(  # noqa: S603 - our own program, and nothing of anybody's in the command
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        line = msgspec.json.encode(job) + b"\n"
        threading.Thread(target=self._follow, args=(line, take, ended), name="work", daemon=True).start()

    def end(self) -> None:
        """End it now."""
        self._process.kill()

    def _follow(self, line: bytes, take: Callable[[Said], object], ended: Callable[[int], object]) -> None:
        process = self._process
        with process, contextlib.suppress(OSError):
            if process.stdin is not None and process.stdout is not None:
                process.stdin.write(line)
                process.stdin.flush()
                for said in process.stdout:
                    with contextlib.suppress(msgspec.MsgspecError):
                        take(msgspec.json.decode(said, type=Said))
            process.wait()
        ended(process.returncode)


def work(kind: type[J], do: Callable[[J, Progress], Any]) -> None:
    """The process's own side: read a job, do it, say what comes of it, and end."""
    os.nice(19)
    with contextlib.suppress(OSError):  # where memory runs out, it goes and the server stays
        Path("/proc/self/oom_score_adj").write_text("1000")
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=kind)
    threading.Thread(target=_leave_with_the_server, daemon=True).start()
    threading.Timer(SECONDS, _too_long).start()
    told = [0.0]

    def progress(done: int, total: int) -> None:
        if time.monotonic() - told[0] > _EVERY_S:
            told[0] = time.monotonic()
            _say(Said(done, total))

    try:
        _say(Said(result=msgspec.Raw(msgspec.json.encode(do(job, progress)))))
    except (JournalError, OSError, MemoryError) as error:
        _say(Said(problem=str(error)[:500] or type(error).__name__))
    os._exit(0)


def _say(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def _leave_with_the_server() -> None:
    sys.stdin.buffer.read()
    os._exit(3)


def _too_long() -> None:
    _say(Said(problem="time limit"))
    os._exit(4)
