"""How much memory the process may still take, so that a desk stops taking events in before there is none left.

A control group that is full has the kernel kill the process; an address space that is full has an allocation fail
somewhere in the middle of things. Either loses nothing that was acknowledged, but callers deserve to be told before.
"""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import resource
except ImportError:  # not a Unix
    resource = None  # type: ignore[assignment]

SHORT, ENOUGH = 0.95, 0.9  # shares of a limit: when it becomes short, and when it no longer is
EVERY_S = 0.1

_GROUPS = Path("/sys/fs/cgroup")
_UNLIMITED = 1 << 60  # how the kernel writes that there is no limit: close to 2**63


class Room:
    """What this process has taken of its limits. short: called when it becomes short of memory (with a sentence), and
    when it no longer is (with None)."""

    def __init__(self, short: Callable[[str | None], object], process: Path = Path("/proc/self")):
        self._told = short
        self._process = process
        self._files = list(_group_files(process / "cgroup", _GROUPS))
        self._next, self._table = 0.0, 0
        self._short = False

    def look(self, table: int = 0) -> None:
        """Look again, where the last look was a while ago or for less. table: bytes of a table that is about to be made
        larger."""
        now = time.monotonic()
        if now < self._next and table <= self._table:
            return
        self._next, self._table = now + EVERY_S, table
        words = self.lacking(table, ENOUGH if self._short else SHORT)
        if (words is not None) != self._short:
            self._short = words is not None
            self._told(words)

    def lacking(self, table: int = 0, share: float = SHORT) -> str | None:
        """What would take more than a share of its limit, as a sentence; None where nothing would."""
        for taken, times, limit in self._limits():
            if taken + times * table > share * limit:
                return f"{taken >> 20:,} MiB + {times * table >> 20:,} MiB > {share:.0%} × {limit >> 20:,} MiB"
        return None

    def _limits(self) -> Iterator[tuple[int, int, int]]:
        """Bytes taken, how many times its size making a table larger takes besides, and the limit on both."""
        try:
            size, resident, *_ = (int(word) for word in (self._process / "statm").read_text().split())
        except (OSError, ValueError):
            return
        page = resource.getpagesize()
        for file in self._files:
            with contextlib.suppress(OSError, ValueError):
                limit = int(file.read_text())  # «max» where there is none
                if limit < _UNLIMITED:
                    # What is new in the table takes nothing until it is used.
                    yield resident * page, 1, limit
        space, _ = resource.getrlimit(resource.RLIMIT_AS)
        if space != resource.RLIM_INFINITY:
            yield size * page, 2, space


def _group_files(listed: Path, root: Path) -> Iterator[Path]:
    """The files that hold the memory limits of a process's control group and of those around it (versions 2 and 1)."""
    try:
        found = re.findall(r"^\d+:([^:\n]*):(/[^\n]*)$", listed.read_text(), flags=re.MULTILINE)
    except OSError:
        return
    for kinds, path in found:
        if kinds and "memory" not in kinds.split(","):
            continue
        top, name = (root / "memory", "memory.limit_in_bytes") if kinds else (root, "memory.max")
        group = top / path.lstrip("/")
        while group != top.parent:
            if (group / name).is_file():
                yield group / name
            group = group.parent
