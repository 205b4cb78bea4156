"""The evaluation: decisions held against the truth, per attacker family, at alert budgets a broker could staff.

`evaluate` reads three files and returns a `Report`; `render` writes it as text. `read_world` and `judge` are its two
halves, for holding several sets of decisions against one stream.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

from kuraban.core.layout import DECIDABLE
from kuraban.evaluate import curves, detection, friction, rings, stopped
from kuraban.evaluate.calendar import Calendar, read_calendar
from kuraban.evaluate.decided import Decided, read_decided
from kuraban.evaluate.render import render
from kuraban.evaluate.report import Budget, Outcome, Report
from kuraban.evaluate.world import Takeover, World, read_world
from kuraban.plurals import counted

__all__ = ["MismatchError", "Report", "assess", "evaluate", "judge", "read_world", "render"]


class MismatchError(ValueError):
    """Events, decisions and truth that do not belong together; the message says in what."""


def evaluate(
    decisions: str | PathLike[str],
    events: Iterable[str | PathLike[str]],
    truth: str | PathLike[str],
    *,
    elsewhere: Report | None = None,
    calendar: str | PathLike[str] | None = None,
) -> Report:
    """Hold `decisions` (JSON Lines) against `truth` over the stream `events`.

    `elsewhere`: another world's report, whose thresholds are tried here (realised against nominal alert rate).
    `calendar`: crash days and crowded names of the market, against which rings are held (`evaluate.calendar`).
    Records that cannot be read are counted in the report. Raises OSError where a file cannot be opened, and
    `MismatchError` where the three files cannot belong together.
    """
    days = read_calendar(Path(calendar)) if calendar is not None else None
    world = read_world([Path(path) for path in events], Path(truth))
    decided = read_decided(Path(decisions), world)
    check(world, decided)
    return assess(world, decided, elsewhere=elsewhere, calendar=days)


def judge(world: World, decisions: Path, *, elsewhere: Report | None = None) -> Report:
    """Hold one file of decisions against a world already read."""
    return assess(world, read_decided(decisions, world), elsewhere=elsewhere)


def check(world: World, decided: Decided) -> None:
    """Raise `MismatchError` where the three files have so little in common that no figure would mean anything."""
    if not world.events and world.unreadable.records:
        raise MismatchError(f"no events could be read; the first record: {world.unreadable.first}")
    if not decided.decisions and decided.unreadable.records:
        raise MismatchError(f"no decisions could be read; the first record: {decided.unreadable.first}")
    if decided.decisions and decided.strangers == decided.decisions:
        raise MismatchError("none of the decisions is about an account of these events")
    if world.takeovers and not any(takeover.acts for takeover in world.takeovers):
        raise MismatchError("none of the truth's events is among these events")
    if decided.decided_events and not decided.decided_events & world.victim_events:
        raise MismatchError("none of the decisions on attacked accounts is about one of these events")


def assess(
    world: World, decided: Decided, *, elsewhere: Report | None = None, calendar: Calendar | None = None
) -> Report:
    """Hold decisions already gathered against a world already read."""
    found = detection.budgets(world, decided)
    shares = stopped.passing(world.takeovers)
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
        recovering_days=len(world.recovering),
        budgets=found,
        operating_points=detection.operating_points(world, decided),
        value=stopped.values(world, decided),
        friction=friction.friction(world, decided),
        aftermath_friction=friction.aftermath_friction(world, decided),
        recovering_friction=friction.recovering_friction(world, decided),
        segments=friction.segments(world, decided),
        bands=detection.bands(world, decided),
        curve=curves.curve(world, decided),
        rates=detection.rates(world, decided, elsewhere.budgets if elsewhere is not None else []),
        rings=rings.rings(world, decided, calendar),
        takeovers=[_outcome(takeover, decided, found, shares) for takeover in world.takeovers],
    )


def _outcome(takeover: Takeover, decided: Decided, budgets: Sequence[Budget], shares: Mapping[str, float]) -> Outcome:
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
        stopped.stopped(takeover, within, stopped.credit(takeover, shares)),
        stopped.stopped(takeover, within, 0.0),
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
        notes.append(f"{counted(absent, 'takeover')} without any event in the stream, counted as missed.")
    outside = sum(
        bool(takeover.acts) and not any(act.type in DECIDABLE for act in takeover.acts) for takeover in world.takeovers
    )
    if outside:
        notes.append(
            f"In {counted(outside, 'takeover')} the attacker did nothing that is decided upon: "
            "only what came after can find them."
        )
    if not world.takeovers:
        notes.append("No takeovers in the truth: only friction and alert rates mean anything.")
    if decided.strangers:
        notes.append(f"{counted(decided.strangers, 'decision')} about accounts that are not in the stream, left out.")
    foreign = len(decided.decided_events - world.victim_events)
    if foreign:
        notes.append(f"{counted(foreign, 'event')} decided upon on attacked accounts, not in the stream.")
    notes.extend(
        f"{counted(unreadable.records, 'record')} could not be read; the first: {unreadable.first}"
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
