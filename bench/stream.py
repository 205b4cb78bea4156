"""The stream that is measured: a small simulated world, lived through again and again until there is enough of it.

Made once, and kept under `build/bench`.
"""

import itertools
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow
import pyarrow.json
import pyarrow.parquet

from kuraban.columns.arrow_types import event_schema
from kuraban.sim.simulate import simulate

FOLDER = Path("build/bench")
EVENTS = 1_000_000

_ACCOUNTS, _DAYS, _ATTACKS, _SEED = 2000, 60, 20, 1
_VERSION = f"{_ACCOUNTS}x{_DAYS}"  # a stream made with other settings has another name


def instruments_file() -> Path:
    """The instruments of the simulated world (CSV)."""
    return _world() / "instruments.csv"


def lines_file(events: int = EVENTS) -> Path:
    """So many events as JSON Lines."""
    path = FOLDER / f"{_VERSION}-{events}.jsonl"
    if not path.exists():
        _say(f"writing {events:,} events")
        repeated = _repeated(_world() / "events.jsonl")
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            for event in itertools.islice(repeated, events):
                file.write(msgspec.json.encode(event) + b"\n")
        unfinished.rename(path)
    return path


def parquet_file(events: int = EVENTS) -> Path:
    """The same events as Parquet, a hundred thousand rows a group."""
    path = FOLDER / f"{_VERSION}-{events}.parquet"
    if not path.exists():
        lines = lines_file(events)
        _say(f"writing {events:,} events as Parquet")
        unfinished = path.with_suffix(".part")
        schema = event_schema()
        options = pyarrow.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
        with (
            pyarrow.json.open_json(lines, parse_options=options) as batches,
            pyarrow.parquet.ParquetWriter(unfinished, schema, compression="zstd") as writer,
        ):
            rows: list[Any] = []
            for batch in batches:
                rows.append(batch)
                if sum(map(len, rows)) >= 100_000:
                    writer.write_table(pyarrow.Table.from_batches(rows))
                    rows.clear()
            if rows:
                writer.write_table(pyarrow.Table.from_batches(rows))
        unfinished.rename(path)
    return path


def _world() -> Path:
    folder = FOLDER / f"world-{_VERSION}"
    if not folder.exists():
        _say("simulating a world")
        unfinished = folder.with_suffix(".part")
        simulate(unfinished, accounts=_ACCOUNTS, days=_DAYS, seed=_SEED, attacks=_ATTACKS)
        unfinished.rename(folder)
    return folder


def _repeated(path: Path) -> Iterator[dict[str, Any]]:
    """A world's events without end: each time around with other ids, and later by the length of the world."""
    raw = path.read_bytes().splitlines()
    for around in itertools.count():
        later = timedelta(days=_DAYS * around)
        for line in raw:
            event: dict[str, Any] = msgspec.json.decode(line)
            event["id"] = f"{event['id']}-{around}"
            event["time"] = (datetime.fromisoformat(event["time"]) + later).isoformat(timespec="milliseconds")
            if "about" in event:
                event["about"] = [f"{name}-{around}" for name in event["about"]]
            yield event


def _say(words: str) -> None:
    sys.stderr.write(f"{words} …\n")
