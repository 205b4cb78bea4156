"""What should have come and did not: notices are the owner's only witness; switching them off is a thief's first act.

Four kinds of arrival are expected: the notice of a purchase the plan names; the notice of one that has come every
month; anything at all from a broker that writes regularly; and a login notice after the owner's own login, which the
making of an export shows. Each is expected only where the past shows that it comes; what is overdue is asked about
once.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import msgspec

from kuraban.home import businessdays
from kuraban.home.acts import TOKYO
from kuraban.home.findings import LOOK, Finding, Kind, Level, finding_id, known_todo
from kuraban.home.model import Letter, Verdict, Words
from kuraban.home.plan import EXECUTED_WITHIN, Plan, Recurring, due_days
from kuraban.home.wording import called

DAY = timedelta(days=1)
MONTHLY_GAPS = (25.0, 37.0)  # days between arrivals once a month, holidays included
MONTHLY_LEAST, MONTHLY_GRACE = 4, 7
REGULAR_LEAST, REGULAR_SPAN = 12, timedelta(days=90)
SILENT_LEAST, SILENT_TIMES = timedelta(days=21), 3.0
LOGIN_LEAST, LOGIN_SHARE = 3, 0.8


class Arrival(msgspec.Struct, frozen=True):
    """One mail that came: on which account, what kind of notice, how it was read, and whether it is proved genuine."""

    account: str
    time: datetime
    kind: str | None
    format: str | None
    proved: bool
    recurring: bool = False
    fund: bool = False


def arrivals(letters: Iterable[Letter], labels: dict[str, str]) -> list[Arrival]:
    """The believed mails of brokers, by time. labels: the owner's label by broker key."""
    found = []
    for letter in letters:
        verdict, broker = letter.authenticity.verdict, letter.authenticity.broker
        when = letter.received or letter.sent
        if broker is None or when is None or verdict in {Verdict.FORGED, Verdict.LOOKALIKE}:
            continue
        orders = [fact.event.order for fact in letter.facts if fact.event.order is not None]
        found.append(
            Arrival(
                letter.facts[0].event.account if letter.facts else labels.get(broker, broker),
                when,
                letter.kind,
                letter.format,
                verdict is Verdict.VERIFIED,
                any(order.recurring for order in orders),
                any(order.kind == "fund" for order in orders),
            )
        )
    return sorted(found, key=lambda arrival: arrival.time)


def overdue(
    came: Sequence[Arrival], exports: Sequence[tuple[str, datetime]], plan: Plan, until: datetime
) -> list[Finding]:
    """What is overdue. exports: account and time of the owner's exports; until: mail is known up to then."""
    by_account: dict[str, list[Arrival]] = defaultdict(list)
    for arrival in came:
        by_account[arrival.account].append(arrival)
    found = []
    for entry in plan.recurring:
        found += _planned(entry, by_account[entry.account], until)
    for account, mails in sorted(by_account.items()):
        entries = [entry for entry in plan.recurring if entry.account == account]
        silent = _anything(account, mails, until)
        found += silent or ([] if entries else _monthly(account, mails, until))
        found += _logins(account, mails, [when for label, when in exports if label == account], until)
    return found


def _planned(entry: Recurring, mails: list[Arrival], until: datetime) -> list[Finding]:
    """Due days of a standing order without any notice of it, the newest only; never-told ones are told once."""
    told = sorted(m.time.astimezone(TOKYO).date() for m in mails if m.kind in {"execution", "plan"} and _fits(entry, m))
    if not mails:
        return []
    since = mails[0].time.astimezone(TOKYO).date()
    due = [
        day
        for day in due_days(entry, since, until.astimezone(TOKYO).date())
        if _end_of(businessdays.add(day, EXECUTED_WITHIN)) <= until
    ]
    missed = [day for day in due if not _any_within(told, day, businessdays.add(day, EXECUTED_WITHIN))]
    if not missed:
        return []
    name, who = entry.instrument or "積立", called(entry.account)
    if not told:
        return [
            _finding(
                entry.account, f"never:{name}", _end_of(missed[0]), _end_of(missed[-1]),
                Words(
                    f"{who.ja}: 予定にある「{name}」の通知メールが一度も届いていません。"
                    "通知の設定を確かめてください。",
                    f"{who.en}: no notice of the planned {entry.instrument or 'purchase'} has ever come;"
                    " check that notices are on",
                ),
            )
        ]  # fmt: skip
    last = missed[-1]
    if any(day > last for day in told):
        return []
    return [
        _finding(
            entry.account, f"planned:{name}:{last}", _end_of(last), until,
            Words(
                f"{who.ja}: {last:%Y-%m-%d} の「{name}」の通知メールが届いていません。"
                "通知が止められたか、登録アドレスが変えられたかもしれません。",
                f"{who.en}: the notice of the planned {entry.instrument or 'purchase'} of {last} has not come;"
                " notices may have been switched off or the address changed",
            ),
        )
    ]  # fmt: skip


def _fits(entry: Recurring, mail: Arrival) -> bool:
    return mail.kind == "plan" or (mail.fund if entry.kind == "fund" else not mail.fund)


def _monthly(account: str, mails: list[Arrival], until: datetime) -> list[Finding]:
    """Notices of one format that came once a month and have stopped."""
    series: dict[tuple[str | None, str | None], list[datetime]] = defaultdict(list)
    for mail in mails:
        if mail.kind == "plan" or (mail.kind == "execution" and mail.recurring):
            series[mail.kind, mail.format].append(mail.time)
    found, who = [], called(account)
    for (kind, form), times in series.items():
        days = sorted({when.astimezone(TOKYO).date() for when in times})
        gaps = [(b - a).days for a, b in pairwise(days)]
        if len(days) < MONTHLY_LEAST or not all(MONTHLY_GAPS[0] <= gap <= MONTHLY_GAPS[1] for gap in gaps[-12:]):
            continue
        due = days[-1] + timedelta(days=max(gaps[-12:]) + MONTHLY_GRACE)
        if _end_of(due) <= until:
            found.append(
                _finding(
                    account, f"monthly:{kind}:{form}:{days[-1]}", _end_of(due), until,
                    Words(
                        f"{who.ja}: 毎月届いていた積立の通知メールが {days[-1]:%Y-%m-%d} を最後に届いていません。"
                        "通知が止められたか、登録アドレスが変えられたかもしれません。",
                        f"{who.en}: the monthly notice of a standing purchase last came on {days[-1]};"
                        " notices may have been switched off or the address changed",
                    ),
                )
            )  # fmt: skip
    return found


def _anything(account: str, mails: list[Arrival], until: datetime) -> list[Finding]:
    """A broker that writes regularly and has fallen silent. Where some mails are proved genuine, only those count."""
    proved = [mail.time for mail in mails if mail.proved]
    times = proved if len(proved) >= REGULAR_LEAST else [mail.time for mail in mails]
    times = [when for when in times if when > (times[-1] - timedelta(days=365))]
    if len(times) < REGULAR_LEAST or times[-1] - times[0] < REGULAR_SPAN:
        return []
    longest = max(b - a for a, b in pairwise(times))
    if until - times[-1] <= max(SILENT_LEAST, SILENT_TIMES * longest):
        return []
    last, who = times[-1].astimezone(TOKYO).date(), called(account)
    return [
        _finding(
            account, f"anything:{last}", times[-1], until,
            Words(
                f"{who.ja}: いつも届く証券会社からのメールが {last:%Y-%m-%d} を最後に一通も届いていません。"
                "登録アドレスが変えられたか、迷惑メールに入っているかもしれません。",
                f"{who.en}: the broker, which writes regularly, has sent nothing since {last};"
                " the address may have been changed, or its mails filtered",
            ),
        )
    ]  # fmt: skip


def _logins(account: str, mails: list[Arrival], exports: list[datetime], until: datetime) -> list[Finding]:
    """The owner was logged in when an export was made: the login notice that otherwise comes did not."""
    logins = [mail.time for mail in mails if mail.kind == "login"]
    due = sorted({when.astimezone(TOKYO).date() for when in exports if when + DAY <= until})
    seen = [any(abs(login - _noon(day)) <= 1.5 * DAY for login in logins) for day in due]
    before = seen[:-1]
    if not before or seen[-1] or sum(before) < max(LOGIN_LEAST, LOGIN_SHARE * len(before)):
        return []
    who = called(account)
    return [
        _finding(
            account, f"login:{due[-1]}", _noon(due[-1]), until,
            Words(
                f"{who.ja}: {due[-1]:%Y-%m-%d} に自分でログインしたのに、ログイン通知が届いていません。"
                "通知が止められたかもしれません。",
                f"{who.en}: you logged in on {due[-1]} and no login notice came; it may have been switched off",
            ),
        )
    ]  # fmt: skip


def _finding(account: str, trigger: str, first: datetime, last: datetime, sentence: Words) -> Finding:
    key = finding_id(Kind.SILENCE, account, trigger)
    return Finding(
        id=key,
        kind=Kind.SILENCE,
        level=Level.ASK,
        account=account,
        first=first,
        last=last,
        about=(f"silence:{account}:{trigger}",),
        sentence=sentence,
        todo=(LOOK, SETTINGS_TODO, known_todo(key)),
    )


SETTINGS_TODO = Words(
    "証券会社の画面で、通知メールの設定と登録アドレスを確かめ、迷惑メールのフォルダも見る",
    "check at the broker that notices are on and go to your own address, and look into the spam folder",
)


def _any_within(days: list[date], first: date, last: date) -> bool:
    return bisect_left(days, first) < bisect_right(days, last)


def _end_of(day: date) -> datetime:
    return datetime.combine(day + DAY, time(0), TOKYO).astimezone(UTC)


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), TOKYO)
