"""Policies tried on the journal: one at a time, beside the server, their results kept to be looked at again.

DATA/trials/ID.json, the newest `KEEP`.
"""

import contextlib
import os
import re
import secrets
import threading
from pathlib import Path
from weakref import WeakKeyDictionary

import msgspec

from kuraban.console.desk.trial_worker import Job
from kuraban.console.desk.working import Work, note
from kuraban.journal.backtest import Comparison
from kuraban.server.service import Service

KEEP = 50
WORKER = "kuraban.console.desk.trial_worker"
RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"
_ID = re.compile(r"[0-9a-f]{16}")


class BusyError(Exception):
    """Another trial is running."""


class Trial(msgspec.Struct):
    """One trial. at, since: microseconds. done, total: events, while it runs."""

    id: str
    who: str
    at: int
    since: int
    toml: str
    state: str = RUNNING
    done: int = 0
    total: int = 0
    result: Comparison | None = None
    problem: str = ""


class Trials:
    """The trials of one data folder."""

    def __init__(self, service: Service):
        self._options = service.options
        self._folder = service.options.data / "trials"
        self._lock = threading.Lock()
        self._work: Work | None = None
        self.running: Trial | None = None
        self.last: Trial | None = None  # where the disk takes nothing, at least this one can be looked at

    def start(self, toml: str, who: str, at: int, since: int) -> Trial:
        """Begin one. Raises `BusyError`, OSError where no process can be started."""
        options = self._options
        job = Job(
            str(options.data.resolve()),
            toml,
            since,
            options.timezone,
            str(options.instruments) if options.instruments else None,
            str(options.ipdb) if options.ipdb else None,
        )
        with self._lock:
            if self.running is not None:
                raise BusyError
            trial = Trial(secrets.token_hex(8), who, at, since, toml)
            self._work = Work(
                WORKER, job, lambda said: note(trial, said, Comparison), lambda status: self._ended(trial, status)
            )
            self.running = trial
        return trial

    def cancel(self, number: str) -> None:
        """End a running one."""
        with self._lock:
            trial = self.running
            if trial is not None and trial.id == number and self._work is not None:
                trial.state = CANCELLED
                self._work.end()

    def get(self, number: str) -> Trial | None:
        """One trial, running or kept."""
        for each in (self.running, self.last):
            if each is not None and each.id == number:
                return each
        if not _ID.fullmatch(number):
            return None
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode((self._folder / f"{number}.json").read_bytes(), type=Trial)
        return None

    def listed(self, most: int = 10) -> list[Trial]:
        """The newest that are kept, newest first."""
        found = [self.get(path.stem) for path in self._paths()[:most]]
        return [trial for trial in found if trial is not None]

    def _paths(self) -> list[Path]:
        paths = [(path.stat().st_mtime_ns, path) for path in self._folder.glob("*.json")]
        return [path for _, path in sorted(paths, reverse=True)]

    def _ended(self, trial: Trial, status: int) -> None:
        if trial.state == RUNNING:
            trial.state = DONE if trial.result is not None else FAILED
            trial.problem = trial.problem or ("" if trial.result else f"exit status {status}")
        self.last = trial
        with contextlib.suppress(OSError):
            self._keep(trial)
        with self._lock:
            self.running = None

    def _keep(self, trial: Trial) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / f"{trial.id}.json"
        with open(os.open(path.with_suffix(".tmp"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.encode(trial))
        path.with_suffix(".tmp").replace(path)
        for old in self._paths()[KEEP:]:
            old.unlink(missing_ok=True)


_TRIALS: "WeakKeyDictionary[Service, Trials]" = WeakKeyDictionary()


def of(service: Service) -> Trials:
    """The trials of a desk."""
    return _TRIALS.setdefault(service, Trials(service))
