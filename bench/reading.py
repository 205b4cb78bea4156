"""How fast events are read into rows: JSON Lines against `json.loads` of the same lines, and Parquet."""

import itertools
import json
import time
from pathlib import Path

from bench.result import Result
from bench.stream import EVENTS, instruments_file, lines_file, parquet_file
from kuraban.columns import Interner, Reader
from kuraban.reference.clients import Clients
from kuraban.reference.instruments import Instruments
from kuraban.reference.networks import Networks

# The reader works beside the engine, which needs about as long. All of a replay has to be done in a third.
_SHARE = 0.25
_PARQUET = 1_000_000  # events a second
_ROUNDS = 3
_LINES = 50_000


def json_lines() -> Result:
    """Reading JSON Lines, all inclusive, in the time that `json.loads` needs."""
    path = lines_file()
    _read(lines_file(1000))  # compiles what is not in the cache yet
    mine, theirs = zip(*((_read(path), load_seconds(path)) for _ in range(_ROUNDS)), strict=True)
    share = min(mine) / min(theirs)
    figure = f"{share:.2f} × ({min(mine) / EVENTS * 1e6:.2f} of {min(theirs) / EVENTS * 1e6:.2f} µs an event)"
    return Result("JSON Lines read, against json.loads", figure, f"≤ {_SHARE:.2f} ×", share <= _SHARE)


def parquet() -> Result:
    """Reading Parquet, all inclusive."""
    path = parquet_file()
    _read(parquet_file(1000))
    rate = EVENTS / min(_read(path) for _ in range(_ROUNDS))
    return Result(
        "Parquet read", f"{rate / 1e6:.2f} M events/s", f"≥ {_PARQUET / 1e6:.0f} M events/s", rate >= _PARQUET
    )


def _read(path: Path) -> float:
    """Seconds for reading a file with a new reader."""
    reader = Reader(Networks.load(), Clients(), Instruments.load(instruments_file(), Interner()))
    began = time.perf_counter()
    rows = sum(len(batch) for batches in (reader.read([path]), reader.flush()) for batch in batches)
    seconds = time.perf_counter() - began
    if rows != reader.counts.lines:
        raise RuntimeError(f"{path}: {reader.counts}")
    return seconds


def load_seconds(path: Path) -> float:
    """Seconds for `json.loads` of every line of a file, without the time it takes to read the file."""
    seconds = 0.0
    with path.open("rb") as file:
        while lines := list(itertools.islice(file, _LINES)):
            began = time.perf_counter()
            for line in lines:
                json.loads(line)
            seconds += time.perf_counter() - began
    return seconds
