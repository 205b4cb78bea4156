"""Snapshots of a running desk: a few generations kept, written beside the work, the newest good one found again.

The state of millions of accounts is gigabytes; writing it must not hold up a decision. Where the system can fork, a
child process writes the state as it is at that moment while the parent goes on (the two share memory until one of them
writes to it). Elsewhere, and at the end of a run, it is written in place.
"""

import contextlib
import os
import re
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

from kuraban import snapshot
from kuraban.journal.live import Live, companion

KEEP = 3
LONGEST_S = 900.0  # that writing one may take
_OURS = re.compile(r"state-[0-9]+", re.ASCII)


class Snapshots:
    """The snapshots of one data folder. The number in a name is that of the first event not contained."""

    def __init__(self, folder: Path, keep: int = KEEP):
        self.folder = folder
        self._keep = keep
        folder.mkdir(parents=True, exist_ok=True)

    def found(self) -> list[Path]:
        """Newest first."""
        return sorted(
            (path for path in self.folder.glob("state-*.kuraban") if _OURS.fullmatch(path.stem)), reverse=True
        )

    def oldest(self) -> int:
        """The event from which the oldest snapshot kept needs the journal; 0 where there is none."""
        found = self.found()
        return _number(found[-1]) if found else 0

    def newest(self) -> int:
        """The event from which the newest snapshot needs the journal; 0 where there is none."""
        found = self.found()
        return _number(found[0]) if found else 0

    def save(self, live: Live) -> None:
        """Write one now. Raises OSError where the disk does not take it; the older ones then stay."""
        path = self.folder / f"state-{live.next:020d}.kuraban"
        if not path.exists():
            live.save(path)
        self._prune()

    def save_beside(self, live: Live, done: Callable[[bool], object]) -> None:
        """Begin to write one while work goes on; `done` is called with the outcome from another thread."""
        if not hasattr(os, "fork") or sys.platform == "darwin":
            self._save_here(live, done)
            return
        with warnings.catch_warnings():
            # Python warns of forks among threads because locks may be held: the child takes none of ours.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            _write_and_leave(self, live)
        threading.Thread(target=self._await, args=(child, done), daemon=True, name="snapshot").start()

    def _save_here(self, live: Live, done: Callable[[bool], object]) -> None:
        try:
            self.save(live)
        except OSError:
            done(False)
        else:
            done(True)

    def _await(self, child: int, done: Callable[[bool], object]) -> None:
        late = threading.Timer(LONGEST_S, _kill, [child])
        late.start()
        _, status = os.waitpid(child, 0)
        late.cancel()
        good = os.waitstatus_to_exitcode(status) == 0
        if good:
            self._prune()
        done(good)

    def _prune(self) -> None:
        for path in self.found()[self._keep :]:
            path.unlink(missing_ok=True)
        kept = {companion(path) for path in self.found()}
        for path in self.folder.glob("state-*.memory"):
            if path not in kept and not path.with_suffix(".kuraban").exists() and _number(path) < self.newest():
                path.unlink(missing_ok=True)
        for path in self.folder.glob(".state-*.tmp"):  # of a run that was killed while it wrote
            if not _alive(path):
                path.unlink(missing_ok=True)

    def load(self, make: Callable[[], Live], damaged: list[str], until: int | None = None) -> Live | None:
        """A desk as the newest good snapshot has it (of those from before event `until`); None where there is none.

        What is wrong with newer ones is added to `damaged`.
        """
        for path in self.found():
            if until is not None and _number(path) > until:
                continue
            live = make()
            try:
                live.load(path)
                if live.next != _number(path):
                    raise snapshot.SnapshotError(f"{path} holds another moment than its name says")
            except snapshot.SnapshotError as error:
                damaged.append(str(error))
                continue
            return live
        return None


def _kill(child: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)


def _write_and_leave(snapshots: Snapshots, live: Live) -> None:
    """In the child: nothing of the parent's may be touched (sockets, database, locks), only the state be read."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        os.closerange(3, 65_536)
        os.nice(10)
        live.save(snapshots.folder / f"state-{live.next:020d}.kuraban")
        status = 0
    finally:
        os._exit(status)


def _number(path: Path) -> int:
    return int(path.stem.partition("-")[2])


def _alive(path: Path) -> bool:
    try:
        os.kill(int(path.name.split(".")[-2]), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
