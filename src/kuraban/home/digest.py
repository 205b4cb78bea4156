"""The weekly digest: everything ordinary in a dozen lines, so that no alert has to say it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from kuraban.home.acts import TOKYO
from kuraban.home.config import Alerts
from kuraban.home.findings import Kind, Level
from kuraban.home.model import Verdict, Words
from kuraban.home.review import Review
from kuraban.home.store import Store
from kuraban.home.wording import called
from kuraban.plurals import counted

WEEK = timedelta(days=7)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ACTS = {  # Japanese, English of one, English of several
    "login.succeeded": ("ログイン", "login", "logins"),
    "order.placed": ("約定", "execution", "executions"),
    "withdrawal.requested": ("出金", "withdrawal", "withdrawals"),
    "withdrawal.paid": ("出金完了", "withdrawal paid", "withdrawals paid"),
    "cash.deposited": ("入金", "deposit", "deposits"),
    "cash.swept": ("銀行連携の入金", "pull over the bank link", "pulls over the bank link"),
    "setting.changed": ("設定変更", "setting changed", "settings changed"),
}


def digest(store: Store, found: Review, since: datetime, until: datetime, reminders: Sequence[Words] = ()) -> Words:
    """What happened between two times, in both languages; lines end with a line break but for the last.

    reminders: precautions that are due again.
    """
    lines = [
        Words(
            f"{since.astimezone(TOKYO):%m/%d}〜{until.astimezone(TOKYO):%m/%d} のまとめ",
            f"{since.astimezone(TOKYO):%d %b} to {until.astimezone(TOKYO):%d %b}",
        ),
        *_accounts(found, since, until),
        *_mails(store, since),
        *_open(store),
        *_troubles(store, found, since),
        *reminders,
    ]
    return Words("\n".join(line.ja for line in lines), "\n".join(line.en for line in lines))


def _accounts(found: Review, since: datetime, until: datetime) -> list[Words]:
    """What happened on each account."""
    by_account: dict[str, Counter[str]] = {}
    for act in found.acts:
        if since <= act.seen < until and act.event.type in ACTS:
            by_account.setdefault(act.account, Counter())[act.event.type] += 1
    if not by_account:
        return [Words("口座の動きはありませんでした。", "Nothing happened on your accounts.")]
    return [
        Words(
            f"{called(account).ja}: " + "、".join(f"{ACTS[kind][0]} {n}件" for kind, n in kinds.most_common()),
            f"{called(account).en}: " + ", ".join(counted(n, *ACTS[kind][1:]) for kind, n in kinds.most_common()),
        )
        for account, kinds in sorted(by_account.items())
    ]


def _mails(store: Store, since: datetime) -> list[Words]:
    """Mails of brokers by how far they can be believed."""
    counts = store.counts(since)
    of = {verdict: sum(n for (broker, v), n in counts.items() if broker and v is verdict) for verdict in Verdict}
    lines = [
        Words(
            f"証券会社のメール: 本物 {of[Verdict.VERIFIED]}通、確認できない {of[Verdict.UNVERIFIED]}通",
            f"mails of brokers: {of[Verdict.VERIFIED]} proved genuine, {of[Verdict.UNVERIFIED]} not provable",
        )
    ]
    older = store.late(since)
    if older:
        lines.append(
            Words(
                f"ほかに、前に届いたメール {older}通を読みました。",
                f"read beside these: {counted(older, 'older mail')}",
            )
        )
    fakes = of[Verdict.FORGED] + of[Verdict.LOOKALIKE]
    if fakes:
        lines.append(
            Words(
                f"偽のメール: {fakes}通。リンクを押さず、消さずに残してください(証拠になります)。",
                f"forged mails: {fakes}. Open no link in them and keep them: they are evidence.",
            )
        )
    return lines


def _open(store: Store) -> list[Words]:
    """Questions that still wait."""
    waiting = [a.finding for a in store.alerts(only_open=True) if a.finding.level is not Level.INFO]
    return [Words(f"回答待ち [{f.id}] {f.sentence.ja}", f"waiting [{f.id}] {f.sentence.en}") for f in waiting[:5]]


def _troubles(store: Store, found: Review, since: datetime) -> list[Words]:
    """What could not be read, accounts that send no notices, and times the watch was off."""
    lines = []
    unread = store.unreadable(since)
    if unread:
        lines.append(Words(f"読めなかったもの: {len(unread)}件", f"could not be read: {len(unread)}"))
    for account, fund in dict.fromkeys(found.untold):
        what = ("投信の約定通知", "notices of fund executions") if fund else ("約定通知", "notices of executions")
        lines.append(
            Words(
                f"{called(account).ja}: {what[0]}が届いていません。オンにしてください。",
                f"{called(account).en}: {what[1]} are off: switch them on",
            )
        )
    gaps = [alert.finding for alert in store.alerts(since) if alert.finding.kind is Kind.GAP]
    return lines + [finding.sentence for finding in gaps]


def last_due(alerts: Alerts, now: datetime) -> datetime:
    """The latest time a digest was due, in the owner's local time."""
    local = now.astimezone()
    day = local.date() - timedelta(days=(local.weekday() - WEEKDAYS.index(alerts.digest_day)) % 7)
    due = datetime.combine(day, time(alerts.digest_time.hour, alerts.digest_time.minute)).astimezone()
    return due if due <= now else due - WEEK
