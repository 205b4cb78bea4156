"""Gradient-boosted trees trained on labels: the upper reference, for a broker never has these labels.

LightGBM (Ke et al., NeurIPS 2017) on `features`, one row an event that is decided upon; the label says whether the
attacker did it. It is trained on worlds other than the one it is judged on. Innocent rows are thinned to `KEEP` of
them by a hash of the event's id, and weighted up again; the owner's own events during and after a takeover are left
out, being neither.

`python -m kuraban.baselines.boosting WORLD… --out MODEL` trains on world folders.
"""

import argparse
import csv
import gzip
import io
import math
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import lightgbm
import numpy as np
from numpy.typing import NDArray

from kuraban.baselines.features import NAMES, Features
from kuraban.baselines.stream import Event, Surroundings
from kuraban.baselines.writing import decision
from kuraban.evaluate.files import Truth, Unreadable, micros, read

KEEP = 0.1
BATCH = 50_000
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 255,
    "verbosity": -1,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,  # on a busy machine several threads mostly wait for one another
}
ROUNDS = 400


def instruments(path: Path | None) -> dict[str, tuple[float, float]]:
    """Name → (average daily value in JPY, price) of an instruments CSV, NaN where unknown; nothing of no file."""
    if path is None or not path.exists():
        return {}
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    return {
        row["instrument"]: (float(row.get("adv_jpy") or math.nan), float(row.get("price") or math.nan)) for row in rows
    }


def rows(events: Iterable[Path], table: Path | None) -> Iterator[tuple[Event, list[float]]]:
    """Every event that is decided upon, with its features."""
    features = Features(Surroundings(), instruments(table))
    for event in read(events, Event, Unreadable()):
        row = features.observe(event, micros(event.time))
        if row is not None:
            yield event, row


def kept(event: str) -> bool:
    """Whether an innocent event stays in the thinned training set: the same ones in every run."""
    return zlib.crc32(event.encode()) < KEEP * 2**32


def training_set(
    events: Iterable[Path], truth: Path, table: Path | None
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Rows, labels and weights of one world."""
    takeovers = list(read([truth], Truth, Unreadable()))
    guilty = {event for takeover in takeovers for event in takeover.events}
    victims = {takeover.account for takeover in takeovers}
    entered: set[str] = set()
    matrix: list[NDArray[np.float32]] = []
    labels: list[float] = []
    for event, row in rows(events, table):
        attacked = event.id in guilty
        if attacked:
            entered.add(event.account)
        elif not kept(event.id) or (event.account in victims and event.account in entered):
            continue
        matrix.append(np.asarray(row, dtype=np.float32))
        labels.append(float(attacked))
    target = np.asarray(labels, dtype=np.float32)
    data = np.stack(matrix) if matrix else np.empty((0, len(NAMES)), dtype=np.float32)
    return data, target, np.where(target > 0, 1.0, 1.0 / KEEP).astype(np.float32)


def train(worlds: Sequence[Path], model: Path, rounds: int = ROUNDS) -> None:
    """Train on world folders (events.jsonl, truth.jsonl, instruments.csv) and write the model as text."""
    parts = [training_set([events_of(world)], world / "truth.jsonl", world / "instruments.csv") for world in worlds]
    data, labels, weights = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    training = lightgbm.Dataset(data, label=labels, weight=weights, feature_name=list(NAMES))
    lightgbm.train(SETTINGS, training, num_boost_round=rounds).save_model(model)


def events_of(world: Path) -> Path:
    """A world folder's event file, compressed or not."""
    found = sorted(path for path in world.glob("events.*") if path.suffix != ".tmp")
    if not found:
        raise FileNotFoundError(f"{world}: no events.* file")
    return found[0]


def decide(model: Path, events: Iterable[Path], table: Path | None, out: Path) -> Path:
    """Write the model's decisions on a stream to `out`; like those of every baseline they rank and mean no more."""
    booster = lightgbm.Booster(model_file=str(model))
    waiting: list[tuple[Event, list[float]]] = []
    with out.open("wb", buffering=1 << 20) as file:

        def flush() -> None:
            if waiting:
                data = np.asarray([row for _, row in waiting], dtype=np.float32)
                scores = np.asarray(booster.predict(data, raw_score=True))
                file.writelines(decision(event, float(s), None) for (event, _), s in zip(waiting, scores, strict=True))
                waiting.clear()

        for pair in rows(events, table):
            waiting.append(pair)
            if len(waiting) >= BATCH:
                flush()
        flush()
    return out


def main() -> int:
    """Train and write the model."""
    parser = argparse.ArgumentParser(prog="python -m kuraban.baselines.boosting", description=__doc__)
    parser.add_argument("worlds", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    try:
        train(given.worlds, given.out)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
