"""The tables of the evaluation page, in Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from evaluation.methods import OURS, without
from evaluation.plan import FAMILIES, Spec
from evaluation.targets import Target
from kuraban.evaluate.render import duration, interval, percent, spread
from kuraban.evaluate.report import Budget, Report, Ring
from kuraban.evaluate.rings import SOON
from kuraban.evaluate.statistics import quantile
from kuraban.sim.parameters import BASE_RATE as BASE_RATES
from kuraban.sim.simulate import Summary


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table: the first column to the left, the others to the right."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in (head, rule, *rows))


def reached(found: Sequence[Target]) -> str:
    """Targets: wanted, measured, missed."""
    return table(("target", "measured", "met"), [(t.wanted, t.measured, t.missed or "yes") for t in found])


def families(budget: Budget) -> str:
    """Ours per family at one budget."""
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
        for name, found in [*budget.families.items(), ("**overall**", budget.overall)]
    ]
    head = ("family", "takeovers", "campaigns", "recall, % [95 %]", "by campaign", "in time, % [95 %]", "by campaign")
    return table((*head, "median", "p90"), rows)


def precision(report: Report) -> str:
    """How many alerts would be real at the true base rates, were the recall the same there."""
    rows = []
    for budget in report.budgets:
        recall = budget.overall.recall.share
        cells = [percent(None if recall is None else _real(base, recall, budget.budget)) for base in BASE_RATES]
        rows.append((f"1/{1 / budget.budget:,.0f}", percent(recall), *cells))
    heads = [f"real at {base:g} a day" for base in BASE_RATES]
    return table(("budget", "recall", *heads), rows)


def _real(base: float, recall: float, budget: float) -> float:
    return base * recall / (base * recall + budget)


def value(report: Report) -> str:
    """What was taken and stopped."""
    rows = [
        (name, f"{own.total / 1e6:,.1f}", percent(own.stopped), percent(own.stopped_by_hold_or_lock),
         percent(own.stopped_if_nobody_passes), percent(own.passing), f"{own.losses:,}", percent(own.losses_stopped))
        for name, own in report.value.items()
    ]  # fmt: skip
    head = ("family", "taken, ¥M", "stopped", "by hold and lock alone", "if nobody passed a challenge")
    return table((*head, "thieves who pass", "purchases, withdrawals", "of them stopped"), rows)


def friction(report: Report) -> str:
    """What innocent owners bear, and the owners of attacked accounts before the reset."""
    rows = [
        (name, f"{own.days_per_10k:.2f}", f"{own.decisions_per_10k:.2f}",
         f"{report.aftermath_friction[name].days_per_10k:,.0f}",
         f"{report.recovering_friction[name].days_per_10k:,.0f}")
        for name, own in report.friction.items()
    ]  # fmt: skip
    return table(
        ("action", "innocent days touched", "decisions", "aftermath days touched", "recovering days touched"), rows
    )


def segments(report: Report) -> str:
    """Friction by kind of owner."""
    rows = [
        (own.name, f"{own.accounts:,}", percent(own.share_of_days), percent(own.share_of_active_days),
         percent(own.share_of_friction), _ratio(own.ratio), _ratio(own.ratio_active))
        for own in report.segments
    ]  # fmt: skip
    return table(("owners", "accounts", "of days", "of active days", "of friction", "ratio", "per active day"), rows)


def _ratio(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def bands(report: Report) -> str:
    """Calibration in the top bands."""
    rows = [
        (f"{band.low:g}–{band.high:g}", f"{band.days:,}", f"{band.expected_at_base:.2f}",
         f"{band.observed_at_base:.2f}", str(band.observed))
        for band in report.bands
    ]  # fmt: skip
    return table(("highest probability of the day", "account-days", "expected", "observed", "(unweighted)"), rows)


def rates(report: Report) -> str:
    """Do thresholds travel?"""
    rows = [
        (rate.basis, f"1/{1 / rate.nominal:,.0f}", f"{rate.flagged} of {rate.days:,}",
         _ratio(rate.realised / rate.nominal if rate.realised is not None else None),
         f"{rate.low / rate.nominal:.2f}–{rate.high / rate.nominal:.2f}")
        for rate in report.rates
    ]  # fmt: skip
    return table(("threshold from", "nominal", "flagged", "realised ÷ nominal", "95 %"), rows)


def rings(report: Report) -> str:
    """The rings that were there, by family."""
    rows = []
    for family in sorted({ring.family for ring in report.rings.rings}):
        own = [ring for ring in report.rings.rings if ring.family == family]
        named = [ring for ring in own if ring.named]
        delays = [ring.seconds_after_fifth for ring in named if ring.seconds_after_fifth is not None]
        sizes = [float(ring.members_when_named) for ring in named if ring.members_when_named is not None]
        middle = quantile(sizes, 0.5)
        rows.append(
            (family, str(len(own)), str(len(named)), str(sum(soon(ring) for ring in own)),
             "–" if middle is None else f"{middle:g}", duration(quantile(delays, 0.5)), duration(quantile(delays, 0.9)))
        )  # fmt: skip
    head = ("family", "rings", "named", "by the fifth or 60 s", "members when named (median)")
    return table((*head, "from the fifth (median)", "p90"), rows)


def late_rings(report: Report) -> str:
    """The rings that were named late, or not at all."""
    rows = [
        (ring.campaign, ring.instrument, str(ring.members), str(ring.members_when_named or "–"),
         duration(ring.seconds_after_fifth))
        for ring in report.rings.rings if not soon(ring)
    ]  # fmt: skip
    return table(("campaign", "instrument", "members", "members when named", "from the fifth"), rows)


def soon(ring: Ring) -> bool:
    """Whether a ring was named by its fifth member or soon after."""
    return ring.seconds_after_fifth is not None and ring.seconds_after_fifth <= SOON


def ablations(reports: Mapping[str, Report]) -> str:
    """Ours without each family of signals."""
    rows = []
    for name in (OURS, *(without(family) for family in FAMILIES)):
        if name in reports:
            report = reports[name]
            cells = [f"{percent(b.overall.recall.share)} / {percent(b.overall.in_time.share)}" for b in report.budgets]
            challenged = report.friction["challenge"].days_per_10k
            strict = report.friction["hold"].days_per_10k + report.friction["lock"].days_per_10k
            stopped = percent(report.value["overall"].stopped)
            rows.append((name, *cells, stopped, f"{challenged:.2f}", f"{strict:.2f}"))
    budgets = [f"1/{1 / budget.budget:,.0f}" for budget in reports[OURS].budgets]
    return table(("signals", *budgets, "value stopped", "challenges", "holds, locks"), rows)


def made(specs: Sequence[Spec], found: Sequence[Summary]) -> str:
    """The worlds."""
    rows = [
        (spec.name, f"{own.accounts:,}", str(own.days), f"{own.events:,}", str(own.takeovers), f"{own.rate:.1e}")
        for spec, own in zip(specs, found, strict=True)
    ]
    return table(("world", "accounts", "days", "events", "takeovers", "per account and day"), rows)
