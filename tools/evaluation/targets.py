"""What the engine is to reach, and whether it does: every target with what was measured, missed ones by how much."""

from collections.abc import Mapping
from typing import NamedTuple

from evaluation.methods import OURS, TRAINED
from kuraban.baselines import BASELINES
from kuraban.evaluate.render import percent
from kuraban.evaluate.report import Budget, Report

RECALL = {1e-3: (0.93, 0.90), 1e-4: (0.85, 0.75), 1e-5: (0.55, 0.40)}
OWN_DEVICE = ("remote_control", "insider_home")  # the first evidence is what is done, not from where


class Target(NamedTuple):
    """One line: what is wanted, what was measured, and by how much it is missed ("" where it is met)."""

    wanted: str
    measured: str
    missed: str


def targets(reports: Mapping[str, Report]) -> list[Target]:
    """All targets; `reports` are those of every method on the same worlds."""
    ours = reports[OURS]
    found = [line for budget in ours.budgets for line in _recall(budget)]
    if TRAINED in reports:
        found += [_reference(*pair) for pair in zip(ours.budgets, reports[TRAINED].budgets, strict=True)]
    found += _ahead(reports)
    found += _own_device(ours.budgets[1])
    found += [*_money(ours), *_rings(ours)]
    found += [_travels(rate.nominal, rate.realised) for rate in ours.rates if rate.basis == "another world"]
    return found


def _budget(budget: float) -> str:
    return f"1/{1 / budget:,.0f}"


def _at_least(words: str, least: float, share: float | None) -> Target:
    missed = "" if share is not None and share >= least else _points(least, share)
    return Target(f"{words} ≥ {100 * least:.0f} %", percent(share), missed)


def _points(least: float, share: float | None) -> str:
    return "not measured" if share is None else f"by {100 * (least - share):.1f} points"


def _recall(budget: Budget) -> list[Target]:
    found, in_time = RECALL[budget.budget]
    at = _budget(budget.budget)
    return [
        _at_least(f"recall at {at}", found, budget.overall.recall.share),
        _at_least(f"in time at {at}", in_time, budget.overall.in_time.share),
    ]


def _reference(ours: Budget, theirs: Budget) -> Target:
    wanted = f"recall at {_budget(ours.budget)} within 8 points of the label-trained reference"
    mine, best = ours.overall.recall.share, theirs.overall.recall.share
    if mine is None or best is None:
        return Target(wanted, "–", "not measured")
    missed = f"by {100 * (best - mine - 0.08):.1f} points" if best - mine > 0.08 else ""
    return Target(wanted, f"{percent(mine)} against {percent(best)}", missed)


def _ahead(reports: Mapping[str, Report]) -> list[Target]:
    found = []
    for number, budget in enumerate(reports[OURS].budgets):
        behind = []
        for family, own in budget.families.items():
            best = max(
                (reports[name].budgets[number].families[family].recall.hits, name)
                for name in reports
                if name in BASELINES
            )
            if best[0] > own.recall.hits:
                behind.append(f"{family} ({own.recall.hits} against {best[0]} of {own.recall.total}, {best[1]})")
        measured = f"in {len(budget.families) - len(behind)} of {len(budget.families)}"
        wanted = f"no baseline without labels finds more at {_budget(budget.budget)}, in any family"
        found.append(Target(wanted, measured, "; ".join(behind)))
    return found


def _own_device(budget: Budget) -> list[Target]:
    return [
        _at_least(f"{family}, recall at {_budget(budget.budget)}", 0.5, budget.families[family].recall.share)
        for family in OWN_DEVICE
        if family in budget.families
    ]


def _money(report: Report) -> list[Target]:
    """Friction is counted in account-days touched; repeated decisions of a day are shown beside it.

    In a recording nobody answers, so an owner who would have passed the first challenge is challenged again and again.
    """
    challenged, held, locked = (report.friction[name] for name in ("challenge", "hold", "lock"))
    return [
        _at_least("attacker value stopped", 0.85, report.value["overall"].stopped),
        _at_most("challenges", 10, challenged.days_per_10k, challenged.decisions_per_10k),
        _at_most(
            "holds or locks", 1, held.days_per_10k + locked.days_per_10k,
            held.decisions_per_10k + locked.decisions_per_10k,
        ),
    ]  # fmt: skip


def _at_most(action: str, most: float, days: float, decisions: float) -> Target:
    missed = "" if days <= most else f"{days / most:.1f} times as many"
    wanted = f"days with {action} ≤ {most:g} per 10,000 innocent account-days"
    return Target(wanted, f"{days:.2f} ({decisions:.2f} decisions)", missed)


def _rings(report: Report) -> list[Target]:
    rings = report.rings
    crowds = rings.innocent
    market = None if crowds.on_crash_days is None else crowds.on_crash_days + (crowds.on_crowded_names or 0)
    soon = rings.named_by_fifth_or_60s
    return [
        Target(
            "no innocent owner put into a ring on a crash day or for a name in the news or listed",
            "–" if market is None else str(market),
            "" if market == 0 else "not measured" if market is None else f"{market} decisions",
        ),
        Target(
            "every ring named by its fifth member or within 60 s of it",
            f"{soon.hits} of {soon.total}",
            "" if soon.hits == soon.total else f"by {soon.total - soon.hits} rings",
        ),
    ]


def _travels(nominal: float, realised: float | None) -> Target:
    wanted = f"alert rate with another world's threshold within ±25 % of {_budget(nominal)}"
    if realised is None:
        return Target(wanted, "–", "not measured")
    ratio = realised / nominal
    return Target(wanted, f"{ratio:.2f} times nominal", "" if 0.75 <= ratio <= 1.25 else f"{ratio:.2f} times nominal")
