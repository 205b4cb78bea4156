"""Every method's decisions on a world, computed once and kept: ours, ours without a family of signals, and others'."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evaluation import worlds
from evaluation.cache import code, digest, kept, save
from evaluation.plan import Spec
from kuraban.baselines import BASELINES, boosting, run
from kuraban.evaluate import read_world
from kuraban.evaluate.decided import Decided, read_decided
from kuraban.evaluate.live import replayed
from kuraban.evaluate.world import World
from kuraban.replay import Replay

OURS = "Kuraban"
TRAINED = "gradient boosting, labels"
ENGINE = ("core", "columns", "reference", "events.py", "decisions.py", "replay.py", "policy.toml", "evaluate")
OTHERS = ("baselines", "reference", "core/layout.py", "evaluate")
# Taken when the code is loaded: somebody may be editing the files while a long run goes on.
ENGINE_CODE, OTHERS_CODE = code(*ENGINE), code(*OTHERS)


def without(family: str) -> str:
    """The name of our method without a family of signals."""
    return f"{OURS} without {family}"


def read(place: Path) -> World:
    """A world with its truth."""
    return read_world([place / "events.jsonl.zst"], place / "truth.jsonl")


def model(build: Path, training: Sequence[Spec]) -> Path:
    """The boosted reference, trained on the labels of some worlds."""
    places = [worlds.make(build, spec) for spec in training]
    name = digest(OTHERS_CODE, [place.name for place in places])
    return kept(build / "models" / f"{name}.txt", lambda place: boosting.train(places, place))


def decide(build: Path, spec: Spec, names: Sequence[str], training: Sequence[Spec]) -> dict[str, Path]:
    """Files of each method's decisions on one world; the world is read only if one of them is missing."""
    place = worlds.make(build, spec)
    files = {name: _file(build, place, name, training) for name in names}
    missing = [name for name, file in files.items() if not file.exists()]
    if missing:
        truth = read(place)
        for name in missing:
            kept(files[name], _maker(build, place, name, truth, training))
    return files


def _file(build: Path, place: Path, name: str, training: Sequence[Spec]) -> Path:
    about: list[object] = [place.name, name]
    if name == TRAINED:
        about += [OTHERS_CODE, [worlds.folder(build, spec).name for spec in training]]
    else:
        about.append(OTHERS_CODE if name in BASELINES else ENGINE_CODE)
    return build / "decisions" / f"{digest(*about)}.msgpack"


def _maker(build: Path, place: Path, name: str, truth: World, training: Sequence[Spec]) -> Callable[[Path], None]:
    def make(target: Path) -> None:
        if name == TRAINED:
            save(_written(place, truth, lambda out: _trained(build, place, training, out)), target)
        elif name in BASELINES:
            save(_written(place, truth, lambda out: run([_events(place)], out, [name])[name]), target)
        else:
            save(_ours(place, name, truth), target)

    return make


def _events(place: Path) -> Path:
    return place / "events.jsonl.zst"


def _ours(place: Path, name: str, truth: World) -> Decided:
    options: dict[str, Any] = {}
    if name != OURS:
        options["without"] = (name.removeprefix(without("")),)
    return replayed(Replay(instruments=place / "instruments.csv", **options), [_events(place)], truth)


def _trained(build: Path, place: Path, training: Sequence[Spec], out: Path) -> Path:
    return boosting.decide(model(build, training), [_events(place)], place / "instruments.csv", out / "trained.jsonl")


def _written(place: Path, truth: World, write: Callable[[Path], Path]) -> Decided:
    """Decisions of a method that writes them down."""
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        return read_decided(write(Path(folder)), truth)
