"""`kuraban replay`: a stream of events from files, decided upon as if it were live."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec

from kuraban.cli.errors import CommandError
from kuraban.cli.progress import progress
from kuraban.cli.stream import UNUSABLE, add_stream, engine
from kuraban.columns import Reject
from kuraban.plurals import counted
from kuraban.replay import Replay

REJECTED = 3

EXAMPLES = """
examples:
  kuraban replay events.jsonl.gz --instruments instruments.csv
  kuraban replay day1.jsonl --state-out state --out day1-decisions.jsonl
  kuraban replay day2.jsonl --state-in state --state-out state --out day2-decisions.jsonl
"""


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "Reads events, learns each owner's habits, and writes a decision with its reasons, one JSON object a line,\n"
        "for every event that needs more than «allow». 過去のイベントを順に判定します。"
    )
    parser.epilog = EXAMPLES
    add_stream(parser)
    parser.add_argument("--out", metavar="FILE", type=Path, help="where decisions go; default: standard output")
    parser.add_argument("--all", action="store_true", help="write every decision, «allow» too")
    parser.add_argument("--rejects", metavar="FILE", type=Path, help="default: rejects.jsonl beside the output")
    parser.add_argument("--state-in", metavar="FILE", type=Path, help="go on from a saved state")
    parser.add_argument("--state-out", metavar="FILE", type=Path, help="save the state at the end, to go on later")


class Rejects:
    """Lines that became no event, written as they come; the file appears with the first of them."""

    def __init__(self, path: Path):
        self.path, self.count = path, 0
        self._file: BinaryIO | None = None

    def add(self, reject: Reject) -> None:
        """Write one reject."""
        if self._file is None:
            self._file = self.path.open("wb")
        self.count += 1
        self._file.write(msgspec.json.encode(reject) + b"\n")

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()


@contextmanager
def _output(path: Path | None) -> Iterator[BinaryIO]:
    """Where decisions go. A file gets its name when it is whole, so that a run cut off leaves none that looks it."""
    if path is None:
        yield sys.stdout.buffer
        return
    if path.exists() and not path.is_file():  # a pipe or a device
        with path.open("wb") as file:
            yield file
        return
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb", buffering=1 << 20) as file:
        yield file
    unfinished.replace(path)


def _check_outputs(given: argparse.Namespace, rejects: Path) -> None:
    """No input may be lost by a mistyped output, no long run by a folder that is not there."""
    inputs = [Path(name).resolve() for name in given.events if name != "-"]
    inputs += [path.resolve() for path in (given.instruments, given.policy, given.ipdb) if path is not None]
    for option, path in (("--out", given.out), ("--rejects", rejects), ("--state-out", given.state_out)):
        if path is not None and path.resolve() in inputs:
            raise CommandError(f"{option} {path} would overwrite what is to be read; choose another name", 2)
        if path is not None and not path.parent.is_dir():
            raise CommandError(f"{option} {path}: there is no folder {path.parent}")


def run(given: argparse.Namespace) -> int:
    """Replay; returns 3 where some lines were rejected."""
    folder = given.out.parent if given.out is not None else Path()
    rejects = Rejects(given.rejects or folder / "rejects.jsonl")
    _check_outputs(given, rejects.path)
    replay = engine(given, rejects.add)
    began = time.perf_counter()
    try:
        if given.state_in is not None:
            replay.load(given.state_in)
        before = replay.reader.counts.lines
        with _output(given.out) as out, progress("deciding (判定中)") as bar:
            for batch, found in replay.read(given.events, flush=given.state_out is None):
                out.writelines(replay.lines(batch, found, everything=given.all))
                bar.update(replay.summary.events)
            out.flush()
        if given.state_out is not None:
            replay.save(given.state_out)
    except UNUSABLE as error:
        raise CommandError(str(error)) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CommandError(f"{error.filename or 'output'}: {error.strerror or error}") from error
    finally:
        rejects.close()
    lines = replay.reader.counts.lines - before
    sys.stderr.write(summary(replay, lines, time.perf_counter() - began, rejects, kept=given.state_out is not None))
    if rejects.count and rejects.count == lines:
        raise CommandError(f"no line could be used; {rejects.path} says why for each")
    return REJECTED if rejects.count else 0


def summary(replay: Replay, lines: int, seconds: float, rejects: Rejects, *, kept: bool) -> str:
    """What was found, for the person who typed the command."""
    found, counts = replay.summary, replay.reader.counts
    rings = sum(group.startswith("ring") for group in found.groups)
    rows = [
        f"{counted(found.events, 'event')} in {seconds:.1f} s ({found.events / max(seconds, 1e-9):,.0f} a second), "
        f"{counted(len(replay.reader.accounts), 'account')}",
        f"{counted(found.decisions, 'decision')}: "
        + ", ".join(f"{found.actions[name]:,} {name}" for name in found.actions),
        f"{found.after_the_fact:,} made after the fact, {counted(rings, 'ring')}, "
        f"{counted(len(found.groups) - rings, 'spray')}",
        f"{counted(found.accounts_acted_on, 'account')} challenged, held or locked; "
        f"expected loss stopped {found.averted:,.0f} (account currency)",
    ]
    waiting = lines and replay.reader.waiting
    if kept and waiting:
        rows.append(f"{counted(waiting, 'event')} waiting in the state: later ones may still have to go before them")
    if counts.duplicates:
        rows.append(f"{counted(counts.duplicates, 'duplicate')} changed nothing")
    if rejects.count:
        rows.append(f"{counted(rejects.count, 'line')} rejected, each with its reason in {rejects.path}")
    return "\n".join(rows) + "\n"
