"""A desk worth looking at: a simulated month, a ring, a spray, thefts, and harmful strings wherever strangers write."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from crowd_stories import HOSTILE as SPRAYED
from crowd_stories import NAMES, RING, SPRAY, robbed, sprayed, told
from desk import Running, running, theft
from engine_stories import trader, world

SCRIPT = "\"'><script>window.hostile=1</script><img src=x onerror=window.hostile=1>"
TURNED = "photo\u202egpj.exe\u2066\u200f証券"
LONG = "長" * 100
TEMPLATE = "{{7*7}}{% raw %}${7*7}<!--"
HOSTILE = (SCRIPT, TURNED, LONG, TEMPLATE)
THIN = {"T1.T": SCRIPT, "T2.T": LONG}  # names of instruments that thieves buy


def renamed(table: Path) -> Path:
    """The table of instruments with names that mean harm."""
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        harm = THIN.get(row["instrument"])
        if harm is not None:
            row["name_ja"] = row["name_en"] = harm
    target = table.with_name("renamed.csv")
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return target


def harmful(account: str, text: str) -> list[bytes]:
    """A theft in which everything a stranger can write is the given text."""
    lines = []
    for line in theft(account):
        event: dict[str, Any] = json.loads(line)
        event["id"] = f"{text[:90]}{event['id'][-30:]}"
        event["session"] = f"{text[:60]}{event['session'][-30:]}"
        if event.get("client", {}).get("device") == "d-thief":
            event["client"] |= {"user_agent": text, "device": text[:100]}
        for group, field in (("setting", "to"), ("cash", "destination")):
            if group in event:
                event[group][field] = text[:100]
        lines.append(msgspec.json.encode(event))
    return lines


@contextmanager
def shown(folder: Path, **options: Any) -> Iterator[Running]:
    """The desk, served."""
    stream, table = world(folder / "world")
    with running(folder / "data", instruments=renamed(table), **options) as desk:
        told(desk, stream.read_bytes().splitlines())
        for name in (*NAMES, SPRAYED):
            told(desk, trader(name))
        told(desk, sprayed(40, SPRAYED))
        for n, name in enumerate(NAMES):
            told(desk, robbed(n, name))
        for text in HOSTILE:
            told(desk, harmful(text, text))
        yield desk


__all__ = ["HOSTILE", "LONG", "RING", "SCRIPT", "SPRAY", "TEMPLATE", "TURNED", "shown"]
