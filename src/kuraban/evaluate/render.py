"""The report as plain text for a terminal."""

from collections.abc import Sequence

from kuraban.evaluate.report import Crowds, Detection, Friction, Report, Share
from kuraban.plurals import counted


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns padded to their widest cell: the first to the left, the others to the right."""
    if not rows:
        return "  (none)"
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    padded = [
        "  "
        + "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        for line in lines
    ]
    return "\n".join(line.rstrip() for line in padded)


def percent(share: float | None) -> str:
    """A share in per cent, «–» for none."""
    return "–" if share is None else f"{100 * share:.1f}%"


def interval(share: Share) -> str:
    """A share with its interval."""
    if share.share is None:
        return "–"
    return f"{percent(share.share)} [{100 * share.low:.0f}–{100 * share.high:.0f}]"


def spread(bounds: tuple[float, float]) -> str:
    """An interval of a share."""
    return f"[{100 * bounds[0]:.0f}–{100 * bounds[1]:.0f}]"


def duration(seconds: float | None) -> str:
    """Seconds as s, min, h or d."""
    if seconds is None:
        return "–"
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if abs(seconds) >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _detections(overall: Detection, families: dict[str, Detection]) -> str:
    rows = [
        (
            name,
            str(found.recall.total),
            str(found.campaigns),
            interval(found.recall),
            spread(found.recall_clustered),
            interval(found.in_time),
            spread(found.in_time_clustered),
            duration(found.seconds_median),
            duration(found.seconds_p90),
        )
        for name, found in [*families.items(), ("overall", overall)]
    ]
    return table(("family", "n", "campaigns", "recall", "by campaign", "in time", "by campaign", "median", "p90"), rows)


def _friction(friction: dict[str, Friction]) -> str:
    rows = [
        (name, f"{own.decisions:,}", f"{own.decisions_per_10k:.2f}", f"{own.days:,}", f"{own.days_per_10k:.2f}")
        for name, own in friction.items()
    ]
    return table(("action", "decisions", "per 10,000", "days", "per 10,000"), rows)


def _detection_parts(report: Report) -> list[str]:
    parts = []
    for budget in report.budgets:
        parts.append(
            f"At 1/{1 / budget.budget:,.0f} of innocent account-days: probability > {budget.threshold:.6g} "
            f"({budget.flagged} flagged of {budget.allowed} allowed, besides {budget.recovering_flagged} of "
            f"{counted(report.recovering_days, 'recovering day')})"
        )
        parts.append(_detections(budget.overall, budget.families))
        parts.append(
            f"  families weighed alike: recall {percent(budget.mean_recall)}, in time {percent(budget.mean_in_time)};"
            f" finds that began with an alert on an act of the owner's own: {budget.overall.on_owner}"
        )
    for point in report.operating_points:
        parts.append(
            f"By the actions themselves, {point.least} or stronger: "
            f"{point.per_10k_days:.2f} per 10,000 innocent account-days"
        )
        parts.append(_detections(point.overall, point.families))
    return parts


def _value_part(report: Report) -> str:
    rows = [
        (
            name,
            f"{own.total:,.0f}",
            percent(own.stopped),
            percent(own.stopped_by_hold_or_lock),
            percent(own.stopped_if_nobody_passes),
            percent(own.passing),
            f"{own.losses:,}",
            percent(own.losses_stopped),
        )
        for name, own in report.value.items()
    ]
    head = ("value taken", "JPY", "stopped", "by hold, lock", "if nobody passes", "thieves who pass")
    return table((*head, "acts", "stopped"), rows)


def _ring_part(report: Report) -> str:
    rings = report.rings
    lines = [
        f"Rings of five members or more: {interval(rings.named)} of {rings.named.total} named, "
        f"{interval(rings.named_by_fifth_or_60s)} by the fifth member or within 60 s of it; "
        f"after {counted(rings.members_when_named_median or 0, 'member')}, "
        f"{duration(rings.seconds_after_fifth_median)} from the fifth (medians)",
        f"Groups named: {len(rings.groups)}, accounts in them truly taken over {interval(rings.precision)}, "
        f"false rings {rings.false_rings}",
        _crowd_line(rings.innocent),
    ]
    rows = [
        (ring.instrument, ring.campaign, str(ring.members), str(ring.members_when_named or "–"),
         duration(ring.seconds_after_fifth))
        for ring in rings.rings
    ]  # fmt: skip
    return "\n".join([*lines, table(("instrument", "campaign", "members", "when named", "from the fifth"), rows)])


def _crowd_line(crowds: Crowds) -> str:
    words = f"Innocent owners put into a ring: {counted(crowds.decisions, 'decision')}, "
    words += f"{crowds.acted} of them above allow"
    if crowds.on_crash_days is None:
        return words
    return f"{words}; on crash days {crowds.on_crash_days}, on names in the news or listed {crowds.on_crowded_names}"


def _segment_part(report: Report) -> str:
    rows = [
        (
            own.name,
            f"{own.accounts:,}",
            percent(own.share_of_days),
            percent(own.share_of_active_days),
            percent(own.share_of_friction),
            "–" if own.ratio is None else f"{own.ratio:.2f}",
            "–" if own.ratio_active is None else f"{own.ratio_active:.2f}",
        )
        for own in report.segments
    ]
    return table(("owners", "accounts", "of days", "of active", "of friction", "ratio", "per active"), rows)


def _band_part(report: Report) -> str:
    rows = [
        (
            f"{band.low:g}–{band.high:g}",
            f"{band.days:,}",
            f"{band.expected:.2f}",
            str(band.observed),
            f"{band.expected_at_base:.2f}",
            f"{band.observed_at_base:.2f}",
        )
        for band in report.bands
    ]
    return table(("probability", "account-days", "expected", "observed", "expected at base rate", "observed"), rows)


def _rate_part(report: Report) -> str:
    rows = [
        (
            f"{rate.basis}, 1/{1 / rate.nominal:,.0f}",
            f"{rate.threshold:.6g}",
            f"{rate.flagged} of {rate.days:,}",
            "–" if rate.realised is None else f"{rate.realised / rate.nominal:.2f}",
            f"{rate.low / rate.nominal:.2f}–{rate.high / rate.nominal:.2f}",
        )
        for rate in report.rates
    ]
    return table(("threshold from", "probability", "flagged", "realised/nominal", "95 %"), rows)


def render(report: Report) -> str:
    """The whole report as text, one table a metric."""
    parts = [
        f"{counted(report.events, 'event')}, {counted(report.decisions, 'decision')}, "
        f"{counted(report.accounts, 'account')}, "
        f"{counted(report.account_days, 'account-day')} ({report.innocent_days:,} innocent, "
        f"{report.attacked_days:,} attacked, {report.aftermath_days:,} aftermath, "
        f"{report.recovering_days:,} recovering), "
        f"{counted(len(report.takeovers), 'takeover')}",
        *(f"Note: {note}" for note in report.notes),
        *_detection_parts(report),
        _value_part(report),
        "Friction on innocent account-days",
        _friction(report.friction),
        "Friction in the aftermath of takeovers (before credentials are reset)",
        _friction(report.aftermath_friction),
        "Friction of owners whose account was taken over, after the reset",
        _friction(report.recovering_friction),
        _ring_part(report),
        "Expected and observed takeovers by highest probability of the account-day",
        _band_part(report),
        "Alert rate, realised over nominal",
        _rate_part(report),
        "Friction (days with a challenge, hold or lock) by kind of owner",
        _segment_part(report),
    ]
    return "\n\n".join(parts) + "\n"
