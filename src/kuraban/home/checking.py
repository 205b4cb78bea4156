"""One pass over paths: mails and exports read, judged together, and summed up in a traffic light and one sentence."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from kuraban.home import intake
from kuraban.home.config import Config
from kuraban.home.findings import Finding, Kind, Level, answer_todo, known_todo
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.sources import files
from kuraban.home.mail.sources.model import Item, unreadable
from kuraban.home.model import Letter, Unreadable, Verdict, Words
from kuraban.home.plan import Plan
from kuraban.home.review import Known, Review, review
from kuraban.home.scoring import Answer
from kuraban.home.store import Store
from kuraban.plurals import agreeing, counted

FEW = 5  # mails named one by one: then a forged one is what was asked about


class Light(StrEnum):
    """The whole result in one word."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What one pass found.

    letters: mails read by verdict; brokers: mails of brokers among them; facts: events stated; exports: files read.
    single: the mails themselves, where only a few were given.
    """

    light: Light
    sentence: Words
    letters: dict[str, int]
    brokers: int
    facts: int
    exports: int
    acts: int
    findings: tuple[Finding, ...]
    forged: tuple[Finding, ...]
    unreadable: tuple[Unreadable, ...]
    untold: tuple[str, ...]
    single: tuple[Letter, ...]


def mails_of(path: Path) -> Iterator[Item]:
    """The mails of a path. An export is no mail; a folder of exports only is no problem either."""
    if path.is_file() and path.suffix.lower() in intake.EXPORTS:
        return iter(())
    return files.mails(path)


def check(
    paths: Sequence[Path],
    config: Config,
    plan: Plan,
    answers: Sequence[Answer],
    context: MailContext,
    store: Store,
    now: datetime,
) -> Report:
    """Read everything below the paths into the store and judge it. The store may hold earlier facts."""
    exports, problems = 0, list[Unreadable]()
    for path in paths:
        if not path.exists():
            problems.append(unreadable(str(path), "missing"))
            continue
        box = _context_of(path, context)
        for _ in intake.take_mails(store, mails_of(path), box):
            pass
        for export in intake.exports_below(path):
            read = intake.take_export(store, export, config, now)
            exports += read is not None and not isinstance(read, Unreadable) and read.format is not None
    verdicts = store.verdicts()
    letters = list(store.letters(brokers_only=sum(verdicts.values()) > FEW))
    known = Known(
        facts=store.facts(),
        letters=letters,
        periods=store.periods(),
        exports=(),
        answers=answers,
        plan=plan,
        labels=config.labels,
        until=intake.mail_known_until(store, now),
    )
    unread = [*problems, *store.unreadable(EVER)]
    return _report(review(known), letters, verdicts, len(known.facts), exports, unread)


NOT_KEPT = Words(
    "自分の操作なら、することはありません。違うなら `kuraban home incident` の手順へ",
    "if it was you, nothing is to be done; if not, follow `kuraban home incident`",
)


def unkept(report: Report, kept: Collection[str]) -> Report:
    """The report without commands that would fail: what is not kept cannot be answered. kept: ids of kept alerts."""
    findings = tuple(one if one.id in kept else _unanswerable(one) for one in report.findings)
    return msgspec.structs.replace(report, findings=findings)


def _unanswerable(finding: Finding) -> Finding:
    answers = {answer_todo(finding.id), known_todo(finding.id)}
    todo = [words for words in finding.todo if words not in answers]
    if len(todo) < len(finding.todo):
        todo.append(NOT_KEPT)
    return msgspec.structs.replace(finding, todo=tuple(todo))


EVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _context_of(path: Path, context: MailContext) -> MailContext:
    """With the provider's mark learned from this path where the owner has configured none."""
    if context.receivers:
        return context
    learned = intake.learn_receivers(mails_of(path))
    return MailContext(
        learned, context.sealers, context.keys, context.accounts, context.mail_domains, context.addresses, context.now
    )


def _report(
    found: Review,
    letters: list[Letter],
    verdicts: dict[str, int],
    facts: int,
    exports: int,
    problems: list[Unreadable],
) -> Report:
    total = sum(verdicts.values())
    raised = tuple(found.of(Level.ALARM)) + tuple(found.of(Level.ASK))
    forged = tuple(finding for finding in found.findings if finding.kind is Kind.FORGED)
    single = tuple(letters) if total <= FEW else ()
    light, sentence = _light(raised, forged, single, total, facts)
    return Report(
        light=light,
        sentence=sentence,
        letters=verdicts,
        brokers=sum(letter.authenticity.broker is not None for letter in letters),
        facts=facts,
        exports=exports,
        acts=len(found.acts),
        findings=raised,
        forged=forged,
        unreadable=tuple(problems),
        untold=tuple(dict.fromkeys(account for account, _ in found.untold)),
        single=single,
    )


def _light(
    raised: Sequence[Finding], forged: Sequence[Finding], single: Sequence[Letter], letters: int, facts: int
) -> tuple[Light, Words]:
    alarms = [finding for finding in raised if finding.level is Level.ALARM]
    if alarms:
        return Light.RED, alarms[0].sentence
    if single and forged:
        worst = next((x for x in single if x.authenticity.verdict is Verdict.FORGED), single[0])
        why = worst.authenticity.why[0].words if worst.authenticity.why else Words("", "")
        return Light.RED, Words(f"偽のメールです。{why.ja}", f"This mail is not genuine: {why.en}")
    if raised:
        n = len(raised)
        return Light.YELLOW, Words(
            f"確認が必要なことが{n}件あります。",
            f"{counted(n, 'thing')} {agreeing(n, 'needs', 'need')} your answer.",
        )
    if single and any(x.authenticity.verdict is Verdict.UNVERIFIED for x in single):
        return Light.YELLOW, Words(
            "本物かどうか確かめられないメールがあります。リンクは開かないでください。",
            "A mail cannot be proved genuine: open no link in it.",
        )
    if not letters and not facts:
        return Light.YELLOW, Words(
            "読めるメールも取引履歴もありませんでした。", "No mail and no history could be read."
        )
    return Light.GREEN, Words(
        "見た範囲では、すべてあなたの操作と考えられます。",
        "As far as can be seen, everything that happened is yours.",
    )
