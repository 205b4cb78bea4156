"""What an owner is told over a year, when he answers each question within the hour."""

from collections.abc import Sequence
from datetime import timedelta

from kuraban.home.findings import Finding, Level
from kuraban.home.model import Letter
from kuraban.home.plan import Plan
from kuraban.home.review import Known, review
from kuraban.home.scoring import Answer
from kuraban.home.silence import arrivals, overdue

HOUR = timedelta(hours=1)
EMPTY = Plan()


def known(letters: Sequence[Letter], answers: Sequence[Answer] = (), plan: Plan = EMPTY) -> Known:
    """All that these mails say."""
    return Known(
        facts=[fact for letter in letters for fact in letter.facts],
        letters=letters,
        periods=(),
        exports=(),
        answers=answers,
        plan=plan,
        labels={},
        until=letters[-1].received,
    )


def told_in(letters: Sequence[Letter], plan: Plan = EMPTY) -> tuple[list[Finding], list[Answer]]:
    """Every question and alarm of the year, each answered «mine» before the next act is judged; and the answers.

    An act is judged by what came before it only, so judging the whole year again after each answer tells what was told
    on the day.
    """
    asked: list[Finding] = []
    answers: list[Answer] = []
    while True:
        found = review(known(letters, answers, plan)).of(Level.ASK, Level.ALARM)
        new = next((finding for finding in found if finding.id not in {one.id for one in asked}), None)
        if new is None:
            return asked, answers
        asked.append(new)
        answers.append(Answer(new.first + HOUR, new.about, True, new.kind.value))


def silences_in(letters: Sequence[Letter], plan: Plan = EMPTY) -> set[str]:
    """Ids of everything found overdue on any Sunday of the year."""
    came = arrivals(letters, {})
    found: set[str] = set()
    day = came[0].time
    while day < came[-1].time:
        day += timedelta(days=7)
        known_then = [arrival for arrival in came if arrival.time <= day]
        found |= {finding.id for finding in overdue(known_then, (), plan, min(day, came[-1].time))}
    return found
