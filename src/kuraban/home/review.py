"""One look at everything that is known: facts, mails, plan and answers in, findings out. Pure but for its inputs."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from kuraban.home.acts import TOKYO, Act, acts, believed, is_bare_notice, time_of, unread_executions
from kuraban.home.findings import Finding, Kind, Level, finding_id
from kuraban.home.judging import judge
from kuraban.home.model import Fact, Letter, Verdict, Words
from kuraban.home.plan import Plan
from kuraban.home.reconcile import Period, reconcile
from kuraban.home.scoring import Answer, Score
from kuraban.home.silence import Arrival, arrivals, overdue
from kuraban.home.wording import called

# Findings that are found anew at each look: those not found again are over.
RECOMPUTED = frozenset({Kind.SILENCE, Kind.MISSING_NOTICE, Kind.PHANTOM_NOTICE})


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """All that a review looks at. until: up to when mail is known; None where no mail was read."""

    facts: Sequence[Fact]
    letters: Sequence[Letter]
    periods: Sequence[Period]
    exports: Sequence[tuple[str, datetime]]
    answers: Sequence[Answer]
    plan: Plan
    labels: dict[str, str]
    until: datetime | None


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What a review found. acts: everything that happened; untold: accounts that seem to send no execution notices."""

    findings: tuple[Finding, ...]
    acts: tuple[Act, ...]
    scores: tuple[Score, ...]
    untold: tuple[tuple[str, bool], ...]

    def of(self, *levels: Level) -> list[Finding]:
        """The findings of some levels."""
        return [finding for finding in self.findings if finding.level in levels]


def review(known: Known) -> Review:
    """Look at everything."""
    unread = unread_executions(known.letters, known.labels)
    facts = believed([*(fact for fact in known.facts if not is_bare_notice(fact)), *unread])
    came = arrivals(known.letters, known.labels)
    mail_days = None
    if came and known.until is not None:
        mail_days = (came[0].time.astimezone(TOKYO).date(), known.until.astimezone(TOKYO).date())
    compared = reconcile(facts, known.periods, mail_days)
    happened = acts(facts, compared.twins)
    judged = judge(happened, known.answers, known.plan, _since(facts, came))
    silent = overdue(came, known.exports, known.plan, known.until) if known.until is not None else []
    answered = {about for answer in known.answers for about in answer.about}
    late = [f for f in (*compared.findings, *silent) if not answered.issuperset(f.about)]
    findings = (*judged.findings, *late, *_forged(known.letters, known.labels))
    return Review(
        findings=tuple(sorted(findings, key=lambda finding: (finding.first, finding.id))),
        acts=tuple(happened),
        scores=judged.scores,
        untold=compared.untold,
    )


def _since(facts: Sequence[Fact], came: Sequence[Arrival]) -> dict[str, datetime]:
    """Since when each account is known: its first mail or fact."""
    since: dict[str, datetime] = {}
    for account, when in (*((a.account, a.time) for a in came), *((f.event.account, time_of(f)) for f in facts)):
        since[account] = min(when, since.get(account, when))
    return since


def _forged(letters: Iterable[Letter], labels: dict[str, str]) -> list[Finding]:
    """Mails that pretend to be a broker's, one finding a mail, for the digest."""
    found = []
    for letter in letters:
        verdict = letter.authenticity.verdict
        when = letter.received or letter.sent
        if verdict not in {Verdict.FORGED, Verdict.LOOKALIKE} or when is None:
            continue
        broker = letter.authenticity.broker or ""
        who = called(labels.get(broker, broker) or "?")
        found.append(
            Finding(
                id=finding_id(Kind.FORGED, broker, letter.origin),
                kind=Kind.FORGED,
                level=Level.INFO,
                account=labels.get(broker, broker) or None,
                first=when,
                last=when,
                about=(letter.origin,),
                sentence=Words(
                    f"{when.astimezone(TOKYO):%Y-%m-%d} の「{letter.subject[:60]}」は{who.ja}を装った偽のメールです。",
                    f"the mail “{letter.subject[:60]}” of {when.astimezone(TOKYO):%Y-%m-%d}"
                    f" pretends to be from {who.en}",
                ),
                details=tuple(why.words for why in letter.authenticity.why[:3]),
                todo=(
                    Words(
                        "リンクを押さず、消さずに残す(証拠になります)",
                        "open no link in it, and keep it: it is evidence",
                    ),
                ),
            )
        )
    return found
