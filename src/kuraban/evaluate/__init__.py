"""The evaluation: decisions held against the truth, per attacker family, at alert budgets a broker could staff.

`evaluate` reads three files and returns a `Report`; `render` writes it as text. `read_world` and `judge` are its two
halves, for holding several sets of decisions against one stream.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from kuraban.evaluate import detection, friction, rings, stopped
from kuraban.evaluate.decided import Decided, read_decided
from kuraban.evaluate.render import render
from kuraban.evaluate.report import Budget, Outcome, Report
from kuraban.evaluate.world import Takeover, World, read_world

__all__ = ["Report", "evaluate", "judge", "read_world", "render"]


def evaluate(
    decisions: str | PathLike[str],
    events: Iterable[str | PathLike[str]],
    truth: str | PathLike[str],
    *,
    elsewhere: Report | None = None,
) -> Report:
    """Hold `decisions` (JSON Lines) against `truth` over the stream `events`.

    `elsewhere`: another world's report, whose thresholds are tried here (realised against nominal alert rate).
    Records that cannot be read are counted in the report. Raises OSError where a file cannot be opened.
    """
    return judge(read_world([Path(path) for path in events], Path(truth)), Path(decisions), elsewhere=elsewhere)


def judge(world: World, decisions: Path, *, elsewhere: Report | None = None) -> Report:
    """Hold one file of decisions against a world already read."""
    decided = read_decided(decisions, world)
    found = detection.budgets(world, decided)
    return Report(
        notes=_notes(world, decided),
        complete=decided.complete,
        events=world.events,
        decisions=decided.decisions,
        unreadable=world.unreadable.records + decided.unreadable.records,
        accounts=len(world.accounts),
        account_days=world.account_days,
        innocent_days=world.innocent_days,
        attacked_days=len(world.attacked),
        aftermath_days=len(world.aftermath),
        budgets=found,
        operating_points=detection.operating_points(world, decided),
        value=stopped.values(world, decided),
        friction=friction.friction(world, decided),
        aftermath_friction=friction.aftermath_friction(world, decided),
        segments=friction.segments(world, decided),
        bands=detection.bands(world, decided),
        rates=detection.rates(world, decided, elsewhere.budgets if elsewhere is not None else []),
        rings=rings.rings(world, decided),
        takeovers=[_outcome(takeover, decided, found) for takeover in world.takeovers],
    )


def _outcome(takeover: Takeover, decided: Decided, budgets: Sequence[Budget]) -> Outcome:
    verdicts = detection.verdicts_on(takeover, decided)
    within = stopped.verdicts_within(takeover, decided)
    start, deadline = takeover.start or 0, takeover.deadline or 0
    alerts = [detection.first_alert(verdicts, detection.above(budget.threshold)) for budget in budgets]
    return Outcome(
        takeover.account,
        takeover.family,
        takeover.campaign,
        datetime.fromtimestamp(start / 1e6, UTC).isoformat() if takeover.acts else None,
        len(takeover.acts),
        len(takeover.losses),
        sum(act.value for act in takeover.acts),
        stopped.stopped(takeover, within, challenges=False),
        stopped.stopped(takeover, within, challenges=True),
        max((verdict.probability for verdict in verdicts), default=0.0),
        max((verdict.probability for verdict in verdicts if verdict.time <= deadline), default=0.0),
        [None if alert is None else (alert.time - start) / 1e6 for alert in alerts],
    )


def _notes(world: World, decided: Decided) -> list[str]:
    notes = []
    if not decided.complete:
        notes.append(
            "Alerts only: decisions that are not listed count as probability 0. Value stopped and friction are exact; "
            "recall and the bands are lower bounds, unless an unlisted innocent day would rank above the threshold, "
            "which is then too low."
        )
    absent = sum(not takeover.acts for takeover in world.takeovers)
    if absent:
        notes.append(f"{absent} takeovers have none of their events in the stream; they count as missed.")
    if not world.takeovers:
        notes.append("No takeovers in the truth: only friction and alert rates mean anything.")
    if decided.strangers:
        notes.append(f"{decided.strangers} decisions are about accounts that are not in the stream; they are left out.")
    notes.extend(
        f"{unreadable.records} records could not be read; the first: {unreadable.first}"
        for unreadable in (world.unreadable, decided.unreadable)
        if unreadable.records
    )
    notes.extend(
        f"At 1/{1 / budget:,.0f} not one of {world.innocent_days:,} innocent account-days may be flagged: "
        "the stream is too short to tell."
        for budget in detection.BUDGETS
        if budget * world.innocent_days < 1
    )
    return notes
