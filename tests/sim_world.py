"""A simulated world as tests read it: events in order, whose each of them is, and sessions."""

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Event = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A world's files, read."""

    events: list[Event]
    takeovers: list[dict[str, Any]]
    family: dict[str, str]  # of a thief's events, by id
    daily_value: dict[str, float]  # JPY by instrument; absent for funds

    def owners(self) -> list[Event]:
        """What owners did in accounts that no thief ever entered."""
        robbed = {takeover["account"] for takeover in self.takeovers}
        return [event for event in self.events if event["account"] not in robbed]

    def owned(self, account: str) -> list[Event]:
        """What the owner himself did in an account."""
        return [e for e in self.events if e["account"] == account and e["id"] not in self.family]

    def sessions(self) -> list[list[Event]]:
        """Owners' sessions, each in order of time."""
        found: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in self.owners():
            if "session" in event:
                found[event["account"], event["session"]].append(event)
        return list(found.values())

    def of_family(self, name: str) -> list[list[Event]]:
        """A family's takeovers, each as the thief's own events in order of time."""
        accounts = [t["account"] for t in self.takeovers if t["family"] == name]
        mine: dict[str, list[Event]] = {account: [] for account in accounts}
        for event in self.events:
            if self.family.get(event["id"]) == name:
                mine[event["account"]].append(event)
        return list(mine.values())


def read(folder: Path) -> Told:
    """Read what `simulate` wrote."""
    events = [json.loads(line) for line in (folder / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    takeovers = [json.loads(line) for line in (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()]
    with (folder / "instruments.csv").open(encoding="utf-8", newline="") as table:
        value = {row["instrument"]: float(row["adv_jpy"]) for row in csv.DictReader(table) if row["adv_jpy"]}
    family = {name: takeover["family"] for takeover in takeovers for name in takeover["events"]}
    return Told(events, takeovers, family, value)


def placed(events: list[Event], side: str) -> list[Event]:
    """Orders of one side."""
    return [event for event in events if event["type"] == "order.placed" and event["order"]["side"] == side]


def changed(events: list[Event], name: str, to: str = "") -> list[Event]:
    """Changes of one setting, perhaps only those to a value."""
    changes = [event for event in events if event["type"] == "setting.changed"]
    return [e for e in changes if e["setting"]["name"] == name and to in ("", e["setting"]["to"])]
