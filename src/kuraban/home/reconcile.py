"""The broker's history against the notices: an execution nobody was told of, a notice of something that never was.

Compared are lumps (one instrument, side and day); a fund's notice and its execution may lie days apart. Only what both
sides could know is compared: the days an export covers, and the days for which mail was read.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from kuraban.home.acts import Lump, lumps, time_of
from kuraban.home.findings import LOOK, Finding, Kind, Level, answer_todo, finding_id
from kuraban.home.model import Fact, Words
from kuraban.home.wording import called

STOCK_DAYS, FUND_DAYS = 1, 14
SETTLED_DAYS = 2  # exports may lag behind by so long
USUAL = 0.8  # of executions that are told by mail, where notices are on
LEAST_TOLD = 3


class Period(msgspec.Struct, frozen=True):
    """The days one export covers for one account. stated: by the file itself, not only the span of its rows."""

    account: str
    first: date
    last: date
    stated: bool = False


class Reconciled(msgspec.Struct, frozen=True):
    """The comparison: lumps that agree (mail, export), findings, and accounts that seem to send no notices at all."""

    twins: tuple[tuple[Lump, Lump], ...]
    findings: tuple[Finding, ...]
    untold: tuple[tuple[str, bool], ...]  # account, whether it is about its funds


def reconcile(facts: Sequence[Fact], periods: Sequence[Period], mail_days: tuple[date, date] | None) -> Reconciled:
    """Compare. facts: believed ones; mail_days: first and last day for which mail was read, None for no mail."""
    mailed = lumps(fact for fact in facts if fact.authenticity is not None)
    exported = lumps(fact for fact in facts if fact.authenticity is None)
    twins = _paired(mailed, exported)
    findings: list[Finding] = []
    untold: list[tuple[str, bool]] = []
    if mail_days is not None:
        missing, untold = _missing(mailed, exported, twins, mail_days)
        findings += missing
    findings += _phantoms(mailed, twins, periods)
    return Reconciled(tuple(twins), tuple(findings), tuple(untold))


def _paired(mailed: list[Lump], exported: list[Lump]) -> list[tuple[Lump, Lump]]:
    """Each mailed lump with the nearest exported one of the same account, instrument and side, used once."""
    by_name: dict[tuple[str, str, str], list[Lump]] = defaultdict(list)
    for lump in exported:
        by_name[lump.account, lump.instrument, lump.side].append(lump)
    pairs: list[tuple[Lump, Lump]] = []
    for lump in mailed:
        near = by_name[lump.account, lump.instrument, lump.side]
        within = FUND_DAYS if lump.fund else STOCK_DAYS
        fitting = [other for other in near if abs((other.day - lump.day).days) <= within]
        if fitting:
            best = min(fitting, key=lambda other: (_differs(lump, other), abs((other.day - lump.day).days)))
            near.remove(best)
            pairs.append((lump, best))
    return pairs


def _differs(one: Lump, other: Lump) -> bool:
    """Whether the two state different amounts, as far as both state any."""
    for a, b in ((one.quantity, other.quantity), (one.notional, other.notional)):
        if a is not None and b is not None:
            return abs(a - b) > 0.01 * max(a, b)
    return False


def _missing(
    mailed: list[Lump], exported: list[Lump], twins: list[tuple[Lump, Lump]], mail_days: tuple[date, date]
) -> tuple[list[Finding], list[tuple[str, bool]]]:
    """Executions without notice on accounts whose executions are otherwise told; accounts that tell of none."""
    told = {other.facts[0].event.id for _, other in twins}
    short = {b.facts[0].event.id: a for a, b in twins if _falls_short(a, b)}
    found: list[Finding] = []
    untold: list[tuple[str, bool]] = []
    for account, fund in sorted({(lump.account, lump.fund) for lump in exported}):
        since = min((x.day for x in mailed if x.account == account and x.fund == fund), default=mail_days[0])
        until = mail_days[1] - timedelta(days=FUND_DAYS if fund else STOCK_DAYS)
        due = [x for x in exported if (x.account, x.fund) == (account, fund) and since <= x.day <= until]
        count = sum(x.facts[0].event.id in told for x in due)
        if count == 0 and len(due) >= LEAST_TOLD:
            untold.append((account, fund))
        if count < LEAST_TOLD or count < USUAL * len(due):
            continue
        for lump in due:
            key = lump.facts[0].event.id
            if key not in told or key in short:
                found.append(_untold(lump, short.get(key)))
    return found, untold


def _falls_short(mailed: Lump, exported: Lump) -> bool:
    """Whether the notices tell of clearly less than was executed."""
    told, done = mailed.quantity, exported.quantity
    return told is not None and done is not None and not mailed.fund and told < 0.99 * done


def _untold(lump: Lump, partly: Lump | None) -> Finding:
    first, who = lump.facts[0], called(lump.account)
    name = _name(first)
    key = finding_id(Kind.MISSING_NOTICE, lump.account, first.event.id)
    verb = ("買い", "bought") if lump.side == "buy" else ("売り", "sold")
    if partly is None:
        sentence = Words(
            f"{who.ja}: {lump.day:%Y-%m-%d} の「{name}」の{verb[0]}は取引履歴にあるのに、通知メールが届いていません。",
            f"{who.en}: {name} was {verb[1]} on {lump.day}, as the history says, and no notice came",
        )
    else:
        sentence = Words(
            f"{who.ja}: {lump.day:%Y-%m-%d} の「{name}」の{verb[0]}は、"
            "通知メールより取引履歴のほうが多くなっています。",
            f"{who.en}: more of {name} was {verb[1]} on {lump.day} than the notices tell of",
        )
    switch = Words(
        "証券会社の画面で、通知メールの設定と登録アドレスが変わっていないか確かめる",
        "check at the broker that notices are still on and go to your own address",
    )
    return Finding(
        id=key,
        kind=Kind.MISSING_NOTICE,
        level=Level.ASK,
        account=lump.account,
        first=time_of(first),
        last=time_of(lump.facts[-1]),
        about=tuple(fact.event.id for fact in lump.facts),
        sentence=sentence,
        todo=(LOOK, switch, answer_todo(key)),
    )


def _phantoms(mailed: list[Lump], twins: list[tuple[Lump, Lump]], periods: Sequence[Period]) -> list[Finding]:
    """Notices of executions that a history covering their day does not have."""
    paired = {id(lump) for lump, _ in twins}
    found: list[Finding] = []
    for lump in mailed:
        within = timedelta(days=FUND_DAYS if lump.fund else STOCK_DAYS)
        late = timedelta(days=SETTLED_DAYS)
        covered = any(
            p.account == lump.account and p.first + within <= lump.day and lump.day + within + late <= p.last
            for p in periods
        )
        if covered and id(lump) not in paired and _same_kind_exported(lump, twins):
            found.append(_phantom(lump))
    return found


def _same_kind_exported(lump: Lump, twins: list[tuple[Lump, Lump]]) -> bool:
    """Whether this export lists this kind of execution at all (a file of shares says nothing of funds)."""
    return any((a.account, a.fund) == (lump.account, lump.fund) for a, _ in twins)


def _phantom(lump: Lump) -> Finding:
    first, who = lump.facts[0], called(lump.account)
    key = finding_id(Kind.PHANTOM_NOTICE, lump.account, first.event.id)
    return Finding(
        id=key,
        kind=Kind.PHANTOM_NOTICE,
        level=Level.ASK,
        account=lump.account,
        first=time_of(first),
        last=time_of(lump.facts[-1]),
        about=tuple(fact.event.id for fact in lump.facts),
        sentence=Words(
            f"{who.ja}: {lump.day:%Y-%m-%d} の「{_name(first)}」の約定通知に当たる取引が、取引履歴にありません。"
            "偽の通知かもしれません。",
            f"{who.en}: a notice tells of an execution of {_name(first)} on {lump.day} that the history does not"
            " have; it may be forged",
        ),
        todo=(LOOK, answer_todo(key)),
    )


def _name(fact: Fact) -> str:
    return (fact.event.order and fact.event.order.instrument) or "?"
