"""What others would do with the same stream: published methods and common rules, as decisions `evaluate` can judge.

A score s becomes the probability ½(1 + s/(1 + |s|)), which keeps its rank and nothing more: only ranking figures
(recall at a budget) and, where the method publishes a limit, its own operating point (action `challenge`) mean
anything for a baseline; calibration and money do not.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from kuraban.baselines.arana import Arana
from kuraban.baselines.freeman import Freeman
from kuraban.baselines.midas import Midas
from kuraban.baselines.new_client import NewClient
from kuraban.baselines.stream import DECIDED_UPON, Baseline, Event, Surroundings
from kuraban.baselines.volume import Volume
from kuraban.baselines.writing import decision, file_name
from kuraban.evaluate.files import Unreadable, micros, read

BASELINES: Mapping[str, Callable[[Surroundings], Baseline]] = {
    "new device and network": NewClient,
    "Freeman (NDSS 2016)": Freeman,
    "Araña's rule": lambda around: Arana(),
    "volume z-score": lambda around: Volume(),
    "MIDAS-R": lambda around: Midas(),
}


def run(events: Iterable[Path], folder: Path, names: Iterable[str] = tuple(BASELINES)) -> dict[str, Path]:
    """Read the stream once, write each baseline's decisions into `folder`; returns the file of each."""
    folder.mkdir(parents=True, exist_ok=True)
    around = Surroundings()
    methods = {name: BASELINES[name](around) for name in names}
    paths = {name: folder / file_name(name) for name in methods}
    files = {name: path.open("wb", buffering=1 << 20) for name, path in paths.items()}
    try:
        for event in read(events, Event, Unreadable()):
            time = micros(event.time)
            for name, method in methods.items():
                score = method.observe(event, time)
                if score is not None and event.type in DECIDED_UPON:
                    files[name].write(decision(event, score, method.alarm))
    finally:
        for file in files.values():
            file.close()
    return paths
