"""The evaluation page: text around the tables, and the parts people write by hand, which are carried over."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from evaluation import tables
from evaluation.methods import OURS, TRAINED
from evaluation.plan import Spec
from evaluation.targets import Target
from kuraban.baselines.table import markdown, operating_points
from kuraban.evaluate.render import interval, percent
from kuraban.evaluate.report import Report
from kuraban.sim.simulate import Summary

BY_HAND = re.compile(r"<!-- by hand: (\w+) -->\n(.*?)<!-- end by hand -->", re.DOTALL)
NOTHING = "Nothing has been written here yet.\n"
DEFAULTS = {"weak": NOTHING, "limits": NOTHING}


class Findings(NamedTuple):
    """Everything the page shows."""

    subject: str
    reports: Mapping[str, Report]
    others: Mapping[str, Report]  # ours on the other sets of worlds
    targets: Sequence[Target]
    specs: Sequence[Spec]
    summaries: Sequence[Summary]
    training: Sequence[Spec]
    ring: str | None  # of which one is shown


def by_hand(page: Path) -> dict[str, str]:
    """The hand-written parts of a page that is there already."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    return DEFAULTS | dict(BY_HAND.findall(text))


def _kept(name: str, words: Mapping[str, str]) -> str:
    return f"<!-- by hand: {name} -->\n{words[name]}<!-- end by hand -->"


def write(found: Findings, page: Path, images: str) -> str:
    """The page as Markdown. `images`: the folder of the plots as seen from the page."""
    ours, words = found.reports[OURS], by_hand(page)
    parts = [
        *_opening(found),
        "## Targets\n\nWhat the engine is to reach on worlds it was never tuned on, with its default policy.",
        tables.reached(found.targets),
        "## What is weak",
        _kept("weak", words),
        *_detection(found, images),
        *_money(ours),
        *_rings(found, images),
        *_ablations(found),
        *_trust(ours),
        *_worlds(found),
        "## What these figures cannot say",
        _kept("limits", words),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _opening(found: Findings) -> list[str]:
    ours = found.reports[OURS]
    middle = ours.budgets[1].overall
    stopped = percent(ours.value["overall"].stopped)
    return [
        "# Evaluation",
        "<!-- Written by tools/evaluate.py: what is between the «by hand» marks is kept, all else is replaced. -->",
        f"`make evaluate` reproduces every number here, on {found.subject} worlds: {ours.events:,} events of "
        f"{ours.accounts:,} simulated accounts over {ours.account_days:,} account-days, with "
        f"{len(ours.takeovers)} takeovers. Everything here is measured on simulated brokers; the simulator's "
        "assumptions are listed in `kuraban.sim.parameters`. Real figures will differ. For logins alone there is a "
        "comparison on public data: [evaluation-rba.md](evaluation-rba.md).",
        f"**要約** 1万口座日に1件の誤報まで許すとき、乗っ取りの検知率は{interval(middle.recall)}、"
        f"最初の買付・出金より前に検知できた割合は{interval(middle.in_time)}、自動対応で止められる被害額は{stopped}(いずれも模擬データ、"
        f"乗っ取り{middle.recall.total}件)。",
        "An *account-day* is one account on one Japanese calendar day, quiet days included. A *budget* of 1/10,000 "
        "allows one innocent account-day in 10,000 to be flagged, ranked by probability; a takeover is *found* by "
        "an alert between the attacker's first act and 24 hours after his last, and found *in time* if that alert is "
        "no later than the decision on his first purchase or withdrawal. Intervals are Wilson's at 95 %; those «by "
        "campaign» respect that members of one ring stand and fall together.",
        "Days of an attacked account until its credentials are reset are *aftermath*, those after it *recovering*: the "
        "owner is back and watched closely. Neither is innocent: in worlds this rich in thieves they are a hundred "
        "times as common as in life and would set the thresholds alone. They are shown beside the budgets.",
        *(f"> {note}" for note in ours.notes),
    ]


def _detection(found: Findings, images: str) -> list[str]:
    ours = found.reports[OURS]
    parts = ["## Detection per family"]
    for budget in ours.budgets:
        parts += [
            f"### At 1/{1 / budget.budget:,.0f} account-days\n\nProbability above {budget.threshold:.4g}; "
            f"{budget.flagged} innocent account-days flagged of {budget.allowed} allowed, and besides "
            f"{budget.recovering_flagged} of {ours.recovering_days} recovering ones. Families weighed alike: "
            f"recall {percent(budget.mean_recall)}, in time {percent(budget.mean_in_time)}. Finds that began with an "
            f"alert on an act of the owner's own in the middle of the takeover: {budget.overall.on_owner}.",
            tables.families(budget),
        ]
    parts += [
        "Takeovers are rare, so most alerts are false however good a detector is. What share of the account-days "
        "flagged would be real, had the world the base rates reported for 2025 (mean and peak) and the same recall:",
        tables.precision(ours),
        "### Time to detect",
        f"![Share of takeovers found within a time of the attacker's first act]({images}/time-to-detect.svg)",
        "## Against other methods",
        "All methods see the same stream. «recall / in time» in per cent. The boosted model is trained **with labels** "
        f"on {len(found.training)} development worlds, which no broker has: it is the upper reference. The others "
        "are unlabelled: a rule on new devices and networks; Freeman et al. (NDSS 2016); the spraying rule of Araña "
        "(USENIX Security 2023); a z-score of each name's bought volume; MIDAS-R (AAAI 2020).",
    ]
    for budget in ours.budgets:
        shown = {name: report for name, report in found.reports.items() if not name.startswith(f"{OURS} without")}
        parts += [f"At 1/{1 / budget.budget:,.0f}:", markdown(shown, budget.budget)]
    parts += [
        f"![Recall against the rate of alerts]({images}/detection-against-friction.svg)",
        "By the methods' own limits, where they publish one (ours: challenge, hold or lock):",
        operating_points({name: r for name, r in found.reports.items() if r.operating_points[1].flagged_days}),
    ]
    return parts


def _money(ours: Report) -> list[str]:
    return [
        "## Money and friction",
        "Value is what attackers bought or withdrew. A recording does not react, so what an action would have stopped "
        "is inferred, doubts settled for the attacker: a hold stops its own act, a lock what follows, a challenge the "
        "rest of its session as far as this thief cannot pass it.",
        tables.value(ours),
        "Per 10,000 account-days. Nobody answers a challenge in a recording, so one owner may be challenged several "
        "times a day where in life he would pass once: days are the fairer count, decisions the stricter one.",
        tables.friction(ours),
        "Who bears it? A ratio of 2 means twice the friction of its share of days; «per active day» sets it against "
        "the days on which the owner did something. Age is in no event, so nothing can be said of the old.",
        tables.segments(ours),
    ]


def _rings(found: Findings, images: str) -> list[str]:
    rings = found.reports[OURS].rings
    crowds = rings.innocent
    parts = [
        "## Rings",
        "A ring is *named* once two of its members are in one named group. "
        f"Of {rings.named.total} rings of five members or more {interval(rings.named)} were named, "
        f"{interval(rings.named_by_fifth_or_60s)} by the fifth member or within 60 s of it. Of the accounts named "
        f"{interval(rings.precision)} were truly taken over; {rings.false_rings} rings were false altogether. "
        f"{crowds.decisions} decisions put an innocent account-day into a ring, {crowds.acted} of them with an action; "
        f"on crash days {crowds.on_crash_days}, for a name in the news or listed that day {crowds.on_crowded_names}.",
        tables.rings(found.reports[OURS]),
    ]
    if rings.named_by_fifth_or_60s.hits < rings.named_by_fifth_or_60s.total:
        parts += ["Named late, or not at all:", tables.late_rings(found.reports[OURS])]
    if found.ring is not None:
        parts.append(
            f"The largest ring, {found.ring}, unfolding (of equals the first by name; chosen by size, not by outcome):"
            f"\n\n![A ring's members, their acts and the decisions]({images}/ring-unfolding.svg)"
        )
    return parts


def _ablations(found: Findings) -> list[str]:
    if not any(name.startswith(f"{OURS} without") for name in found.reports):
        return []
    return [
        "## What each family of signals is worth",
        "Recall / in time at each budget, value stopped, and days touched per 10,000, with one family switched off.",
        tables.ablations(found.reports),
    ]


def _trust(ours: Report) -> list[str]:
    return [
        "## Are the probabilities to be trusted?",
        "Account-days by their highest probability: takeovers expected and observed. These worlds are rich in thieves "
        "on purpose, so attacked days are weighed down to the base rate the policy assumes (5e-6 a day).",
        tables.bands(ours),
        "Alert rates: a threshold set on the first half of the days without labels, applied to the second half; and "
        "the thresholds of another set of worlds, with other parameters, applied here.",
        tables.rates(ours),
    ]


def _worlds(found: Findings) -> list[str]:
    families: dict[str, int] = {}
    for own in found.summaries:
        for name, count in own.families.items():
            families[name] = families.get(name, 0) + count
    parts = [
        "## The worlds",
        tables.made(found.specs, found.summaries),
        "Takeovers by family: " + ", ".join(f"{name} {count}" for name, count in sorted(families.items())) + ".",
    ]
    for name, report in found.others.items():
        cells = "; ".join(
            f"1/{1 / b.budget:,.0f}: {interval(b.overall.recall)} found, {interval(b.overall.in_time)} in time"
            for b in report.budgets
        )
        parts.append(f"For comparison, on {name} worlds ({len(report.takeovers)} takeovers): {cells}.")
    if TRAINED in found.reports:
        parts.append("The reference was trained on " + ", ".join(spec.name for spec in found.training) + ".")
    return parts
