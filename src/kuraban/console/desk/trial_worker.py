"""A policy tried on the journal, as a process of its own at the lowest priority: `python -m … < job > progress`.

The job is one line of JSON on standard input; progress and the result are lines of JSON on standard output. It reads
the journal and writes nothing, and ends when standard input is closed, so that none outlives the server.
"""

import os
import sys
import threading
import time
from pathlib import Path

import msgspec

from kuraban.journal import schema, store
from kuraban.journal.backtest import Comparison, backtest
from kuraban.journal.live import Live
from kuraban.journal.schema import JournalError
from kuraban.journal.snapshots import Snapshots
from kuraban.replay import Replay

_EVERY_S = 0.3


class Job(msgspec.Struct):
    """What to try. since: microseconds; seconds: how long it may take."""

    data: str
    toml: str
    since: int
    timezone: str
    seconds: float
    instruments: str | None = None
    ipdb: str | None = None


class Said(msgspec.Struct, omit_defaults=True):
    """One line of output: how far it is, the result, or why there is none."""

    done: int = 0
    total: int = 0
    result: Comparison | None = None
    problem: str = ""


def main() -> int:
    """Read the job, do it, tell."""
    os.nice(19)
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    threading.Thread(target=_leave_with_the_server, daemon=True).start()
    threading.Timer(job.seconds, _too_long).start()
    try:
        _say(Said(result=_tried(job)))
    except (JournalError, OSError, MemoryError) as error:
        _say(Said(problem=str(error)[:500] or type(error).__name__))
    sys.stdout.flush()
    os._exit(0)


def _tried(job: Job) -> Comparison:
    policy, told = store.parsed(job.toml), [0.0]

    def make() -> Live:
        return Live(Replay(instruments=job.instruments, ipdb=job.ipdb, timezone=job.timezone, lateness_s=0))

    def progress(done: int, total: int) -> None:
        if time.monotonic() - told[0] > _EVERY_S:
            told[0] = time.monotonic()
            _say(Said(done, total))

    connection = schema.connect(Path(job.data) / "journal.db", read_only=True)
    try:
        return backtest(connection, Snapshots(Path(job.data) / "state"), make, policy, job.since, progress)
    finally:
        connection.close()


def _say(said: Said) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
    sys.stdout.buffer.flush()


def _leave_with_the_server() -> None:
    sys.stdin.buffer.read()
    os._exit(3)


def _too_long() -> None:
    _say(Said(problem="time limit"))
    os._exit(4)


if __name__ == "__main__":
    sys.exit(main())
