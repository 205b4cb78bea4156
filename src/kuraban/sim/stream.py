"""Output of a world: the events as they happen, and the truth about which of them were a thief's."""

from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from kuraban.sim.agenda import Agenda
from kuraban.sim.draws import Names
from kuraban.sim.times import Stamps

Group = dict[str, Any]
_FLUSH = 4_000


@dataclass(slots=True)
class Takeover:
    """One account in a thief's hands, and the ids of all he did there."""

    account: str
    family: str
    campaign: str
    events: list[str] = field(default_factory=list)


class Stream:
    """Writes events in the order they happen; every id comes from one generator of random names."""

    def __init__(self, path: Path, agenda: Agenda, names: Names) -> None:
        self._file = path.open("wb")
        self._agenda = agenda
        self._names = names
        self._encode = msgspec.json.Encoder().encode
        self._stamp = Stamps()
        self._lines: list[bytes] = []
        self.count = 0

    def emit(self, kind: str, account: str, groups: Group, by: Takeover | None) -> str:
        """Write one event of now; returns its id. Groups that are absent are left out by the caller."""
        name = self._names.next()
        event = {"id": name, "time": self._stamp(self._agenda.now), "account": account, "type": kind, **groups}
        self._lines.append(self._encode(event))
        self.count += 1
        if by is not None:
            by.events.append(name)
        if len(self._lines) >= _FLUSH:
            self._flush()
        return name

    def _flush(self) -> None:
        if self._lines:
            self._file.write(b"\n".join(self._lines) + b"\n")
            self._lines.clear()

    def __enter__(self) -> "Stream":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._file:
            if kind is None:
                self._flush()


def write_truth(path: Path, takeovers: list[Takeover]) -> None:
    """One line per takeover that came to pass."""
    with path.open("wb") as out:
        for each in takeovers:
            if each.events:
                line = {
                    "account": each.account,
                    "family": each.family,
                    "campaign": each.campaign,
                    "events": each.events,
                }
                out.write(msgspec.json.encode(line) + b"\n")
