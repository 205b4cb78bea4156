"""Every method's decisions on a world, computed once and kept: ours, ours without a family of signals, and others'."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

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
GATHERED = ("evaluate/files.py", "evaluate/world.py", "evaluate/decided.py", "evaluate/live.py")
ENGINE = ("core", "columns", "reference", "events.py", "decisions.py", "replay.py", "policy.toml", *GATHERED)
OTHERS = ("baselines/*.py", "reference", "core/layout.py", *GATHERED)
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
        _others(place, {name: files[name] for name in missing if name in BASELINES}, truth)
        for name in missing:
            if name == TRAINED:
                kept(files[name], lambda target: _trained(build, place, training, truth, target))
            elif name not in BASELINES:
                kept(files[name], lambda target, name=name: save(_ours(place, name, truth), target))  # type: ignore[misc]
    return files


def _file(build: Path, place: Path, name: str, training: Sequence[Spec]) -> Path:
    about: list[object] = [place.name, name]
    if name == TRAINED:
        about += [OTHERS_CODE, [worlds.folder(build, spec).name for spec in training]]
    else:
        about.append(OTHERS_CODE if name in BASELINES else ENGINE_CODE)
    return build / "decisions" / f"{digest(*about)}.msgpack"


def _events(place: Path) -> Path:
    return place / "events.jsonl.zst"


def _ours(place: Path, name: str, truth: World) -> Decided:
    silent = () if name == OURS else (name.removeprefix(without("")),)
    return replayed(Replay(instruments=place / "instruments.csv", without=silent), [_events(place)], truth)


def _trained(build: Path, place: Path, training: Sequence[Spec], truth: World, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        out = Path(folder) / "trained.jsonl"
        boosting.decide(model(build, training), [_events(place)], place / "instruments.csv", out)
        save(read_decided(out, truth), target)


def _others(place: Path, files: dict[str, Path], truth: World) -> None:
    """The baselines, all in one pass over the stream."""
    if not files:
        return
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        written = run([_events(place)], Path(folder), files)
        for name, file in files.items():
            found = read_decided(written[name], truth)
            kept(file, lambda target, found=found: save(found, target))  # type: ignore[misc]
