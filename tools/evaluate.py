"""Reproduces every number of docs/evaluation.md: `make evaluate`.

Makes the worlds, lets every method decide on them, holds the decisions against the truth, and writes the page and its
plots. Everything computed is kept under build/evaluate by what it depends on, so a second run only does what changed.
The last of the sets of worlds given is the one the page is about; the one before it lends its thresholds.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
from evaluation import methods, page, plots, worlds
from evaluation.judging import Judged, judge
from evaluation.plan import FAMILIES, FULL, QUICK, SETS, Size, Spec, specs
from evaluation.steps import Steps
from evaluation.targets import targets

from kuraban.baselines import BASELINES
from kuraban.evaluate.report import Report

ROOT = Path(__file__).resolve().parents[1]


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", default=",".join(SETS), help=f"sets of worlds, default {','.join(SETS)}")
    parser.add_argument(
        "--quick", action="store_true", help="small worlds, to try the machinery; the figures mean little"
    )
    parser.add_argument("--accounts", type=int, help="accounts of a world")
    parser.add_argument("--days", type=int, help="days of a world")
    parser.add_argument("--attacks", type=int, help="takeovers of a world")
    parser.add_argument("--count", type=int, help="worlds of each set")
    parser.add_argument("--no-ablations", action="store_true", help="leave out the runs without each family of signals")
    parser.add_argument("--no-baselines", action="store_true", help="leave out all methods but ours")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "evaluate", help="where results are kept")
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "evaluation.md")
    parser.add_argument("--images", default="images", help="folder of the plots, beside the page")
    return parser.parse_args(given)


def size(given: argparse.Namespace) -> Size:
    """The size asked for."""
    plain = QUICK if given.quick else FULL
    return Size(
        given.accounts or plain.accounts,
        given.days or plain.days,
        given.attacks or plain.attacks,
        given.count or plain.worlds,
    )


def names(given: argparse.Namespace) -> list[str]:
    """The methods to be held against each other."""
    found = [methods.OURS]
    if not given.no_baselines:
        found += [methods.TRAINED, *BASELINES]
    if not given.no_ablations:
        found += [methods.without(family) for family in FAMILIES]
    return found


def judged(
    given: argparse.Namespace, steps: Steps, sets: dict[str, list[Spec]], training: list[Spec]
) -> dict[str, Judged]:
    """Every set of worlds: all methods on the last, ours alone on the others."""
    found: dict[str, Judged] = {}
    before: Report | None = None
    for name, each in sets.items():
        wanted = names(given) if name == list(sets)[-1] else [methods.OURS]
        calls = [(given.build, spec, wanted, training) for spec in each]
        files = steps.run(f"{name} worlds decided upon, {len(wanted)} ways", methods.decide, calls)
        found[name] = judge(given.build, each, files, before)
        before = found[name].reports[methods.OURS]
        steps.say(f"{name} worlds held against the truth")
    return found


def publish(given: argparse.Namespace, found: dict[str, Judged], each: list[Spec], training: list[Spec]) -> None:
    """Write the page, its plots, and beside the results every report as JSON."""
    *others, subject = found
    world, ours, reports = found[subject]
    images = given.page.parent / given.images
    shown = {name: report for name, report in reports.items() if not name.startswith(methods.without(""))}
    plots.detection_against_friction(shown, images / "detection-against-friction.svg")
    plots.time_to_detect(reports[methods.OURS], images / "time-to-detect.svg")
    ring = plots.chosen_ring(reports[methods.OURS])
    if ring is not None:
        plots.ring_unfolding(ring, world, ours, images / "ring-unfolding.svg")
    findings = page.Findings(
        subject,
        reports,
        {name: found[name].reports[methods.OURS] for name in others},
        targets(reports),
        each,
        [worlds.summary(worlds.folder(given.build, spec)) for spec in each],
        training,
        f"{ring.campaign} on {ring.instrument}" if ring is not None else None,
    )
    given.page.write_text(page.write(findings, given.page, given.images), encoding="utf-8")
    (given.build / f"{subject}.json").write_bytes(msgspec.json.encode(reports))


def main(arguments_given: Sequence[str] | None = None) -> int:
    """Do everything."""
    given = arguments(arguments_given)
    try:
        sets = specs(given.worlds.split(","), size(given))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    steps = Steps(given.jobs)
    training = [] if given.no_baselines else specs(["development"], size(given))["development"]
    every = dict.fromkeys([*training, *(spec for each in sets.values() for spec in each)])
    steps.run("worlds made", worlds.make, [(given.build, spec) for spec in every])
    if training:
        steps.run("reference trained", methods.model, [(given.build, training)])
    found = judged(given, steps, sets, training)
    publish(given, found, list(sets.values())[-1], training)
    steps.say(f"written: {given.page}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
