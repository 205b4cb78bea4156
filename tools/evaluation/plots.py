"""The plots of the evaluation, as SVG that is the same byte for byte for the same figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot
from matplotlib.lines import Line2D

from evaluation.methods import OURS, TRAINED
from kuraban.evaluate.decided import ACTIONS, Decided, Verdict
from kuraban.evaluate.report import Report, Ring
from kuraban.evaluate.world import Takeover, World

WIDTH = 8.0
INK = {OURS: "#b5121b", TRAINED: "#1f5fa8"}
GREYS = ("#444444", "#777777", "#999999", "#666666", "#aaaaaa")
STYLES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (1, 3)))
ACTION_INK = {"allow": "#bbbbbb", "notify": "#e8c547", "challenge": "#f08a24", "hold": "#d1495b", "lock": "#6a0d83"}
SHAPES = {"login.succeeded": "o", "order.placed sell": "v", "order.placed buy": "^"}
OTHER_SHAPE = "s"


def _save(figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "kuraban", "svg.fonttype": "path"}):
        figure.savefig(path, format="svg", metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
    # Matplotlib ends some lines of an SVG with a blank.
    path.write_text("\n".join(line.rstrip() for line in path.read_text().splitlines()) + "\n")


def detection_against_friction(reports: Mapping[str, Report], path: Path) -> None:
    """Recall against the rate of alerts on innocent account-days, a line a method; ours also in time."""
    figure, axes = pyplot.subplots(figsize=(WIDTH, 4.6))
    for number, (name, report) in enumerate(reports.items()):
        rates = [1e4 * point.rate for point in report.curve]
        ink = INK.get(name, GREYS[number % len(GREYS)])
        style = "-" if name in INK else STYLES[number % len(STYLES)]
        width = 2.2 if name in INK else 1.1
        axes.plot(rates, [point.recall for point in report.curve], color=ink, ls=style, lw=width, label=name)
        if name == OURS:
            soon = [point.in_time for point in report.curve]
            axes.plot(rates, soon, color=ink, ls="--", lw=1.4, label=f"{name}, in time")
            for point in report.operating_points:
                at = max(point.per_10k_days, min(rates, default=0.1))
                axes.plot(at, point.overall.recall.share or 0.0, "*", color=ink, ms=11)
                axes.annotate(f"{point.least}+", (at, point.overall.recall.share or 0.0), fontsize=8,
                              xytext=(4, -11), textcoords="offset points")  # fmt: skip
    for budget in (0.1, 1.0, 10.0):
        axes.axvline(budget, color="#dddddd", lw=0.8, zorder=0)
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("innocent account-days flagged per 10,000 (log scale)")
    axes.set_ylabel("takeovers found")
    axes.legend(fontsize=8, loc="lower right")
    axes.set_title("Detection against friction; stars: by the actions themselves", fontsize=10)
    _save(figure, path)


def time_to_detect(report: Report, path: Path) -> None:
    """The share of takeovers found within a time of the attacker's first act, a line a budget."""
    figure, axes = pyplot.subplots(figsize=(WIDTH, 3.8))
    total = max(1, len(report.takeovers))
    for number, budget in enumerate(report.budgets):
        waits = sorted(max(1.0, wait) for out in report.takeovers if (wait := out.alert_after[number]) is not None)
        shares = [(rank + 1) / total for rank in range(len(waits))]
        axes.step([1.0, *waits, 30 * 86_400], [0.0, *shares, shares[-1] if shares else 0.0], where="post",
                  color=INK[OURS], ls=STYLES[number], label=f"1/{1 / budget.budget:,.0f} account-days")  # fmt: skip
    axes.set_xscale("log")
    marks = {1: "at once", 60: "1 min", 600: "10 min", 3600: "1 h", 86_400: "1 d", 604_800: "7 d"}
    axes.set_xticks(list(marks), list(marks.values()))
    axes.minorticks_off()
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("after the attacker's first act")
    axes.set_ylabel("takeovers found")
    axes.legend(fontsize=8, loc="upper left", title="alerts allowed", title_fontsize=8)
    axes.set_title("Time to detect", fontsize=10)
    _save(figure, path)


def chosen_ring(report: Report) -> Ring | None:
    """The ring to show: of those with most members the first by name, whether it was named or not."""
    return min(report.rings.rings, key=lambda ring: (-ring.members, ring.campaign, ring.instrument), default=None)


def ring_unfolding(ring: Ring, world: World, decided: Decided, path: Path) -> None:
    """Members as rows, their acts as marks coloured by the decision, and when the ring was named."""
    members = [
        takeover
        for takeover in world.takeovers
        if takeover.campaign == ring.campaign and any(act.instrument == ring.instrument for act in takeover.losses)
    ]
    members.sort(key=lambda takeover: _joined(takeover, ring))
    opening = _joined(members[0], ring) - 3_600_000_000
    figure, axes = pyplot.subplots(figsize=(WIDTH, 0.6 + 0.32 * len(members) + 1.2))
    for row, takeover in enumerate(members):
        _row(axes, row, takeover, decided.victims.get(takeover.account, []), opening)
    joins = [(_joined(takeover, ring) - opening) / 6e7 for takeover in members]
    axes.plot(joins, range(len(members)), color="#cccccc", lw=1, zorder=0)
    if ring.seconds_after_fifth is not None:
        named = joins[4] + ring.seconds_after_fifth / 60
        axes.axvline(named, color=INK[OURS], lw=1.4)
        axes.annotate("ring named", (named, -0.9), fontsize=8, color=INK[OURS], ha="center", annotation_clip=False)
    axes.set_yticks(range(len(members)), [f"member {row + 1}" for row in range(len(members))], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, joins[-1] + 30)
    axes.set_xlabel("minutes, from one hour before the first member buys the name")
    _legend(axes)
    _save(figure, path)


def _joined(takeover: Takeover, ring: Ring) -> int:
    return min(act.time for act in takeover.losses if act.instrument == ring.instrument)


def _row(axes: Any, row: int, takeover: Takeover, verdicts: list[Verdict], opening: int) -> None:
    ranks = {verdict.event: verdict.rank for verdict in verdicts if verdict.event is not None}
    for act in takeover.acts:
        if act.id in ranks and act.time >= opening:
            kind = act.type if act.type != "order.placed" else f"order.placed {'buy' if act.loss else 'sell'}"
            shape, ink = SHAPES.get(kind, OTHER_SHAPE), ACTION_INK[ACTIONS[ranks[act.id]]]
            axes.plot((act.time - opening) / 6e7, row, shape, color=ink, ms=6, mec="#333333", mew=0.4)
    for verdict in verdicts:
        if verdict.event is None and verdict.time >= opening:
            axes.plot((verdict.time - opening) / 6e7, row, "x", color=ACTION_INK[ACTIONS[verdict.rank]], ms=7, mew=2)


def _legend(axes: Any) -> None:
    shapes = {"login": "o", "sale": "v", "purchase": "^", "anything else": OTHER_SHAPE, "ring told afterwards": "x"}
    marks = [Line2D([], [], marker=shape, ls="", color="#555555", label=name) for name, shape in shapes.items()]
    inks = [Line2D([], [], marker="o", ls="", color=ink, label=name) for name, ink in ACTION_INK.items()]
    axes.legend(handles=[*marks, *inks], fontsize=7, ncol=5, loc="upper center", bbox_to_anchor=(0.5, -0.18))
