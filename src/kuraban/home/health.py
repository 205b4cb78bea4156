"""The watch watching itself: a time it did not run, a mailbox it cannot read."""

from datetime import datetime, timedelta

from kuraban.home.findings import Finding, Kind, Level, finding_id
from kuraban.home.model import Words
from kuraban.plurals import counted

GAP_ASKED = timedelta(days=3)


def gap(last: datetime, now: datetime) -> Finding:
    """The watch did not run between two times: a question where it was for days, else a line of the digest."""
    key = finding_id(Kind.GAP, None, last.isoformat())
    hours = (now - last).total_seconds() / 3600
    return Finding(
        id=key,
        kind=Kind.GAP,
        level=Level.ASK if now - last > GAP_ASKED else Level.INFO,
        account=None,
        first=last,
        last=now,
        about=(f"gap:{last.isoformat()}",),
        sentence=Words(
            f"{last.astimezone():%Y-%m-%d %H:%M} から約{hours:,.0f}時間、見張りが止まっていました。"
            "その間のメールはこれから読みます。",
            f"The watch was off for about {counted(hours, 'hour')} from {last.astimezone():%Y-%m-%d %H:%M}."
            " Mails of that time are read now.",
        ),
        todo=(
            Words(
                "パソコンの起動時に `kuraban home watch` が始まるようにする",
                "have `kuraban home watch` start with the computer",
            ),
        ),
    )


def down(name: str, first: datetime, now: datetime) -> Finding:
    """A mailbox cannot be read since then: nothing is being watched, which is an alarm."""
    key = finding_id(Kind.MAILBOX, name, first.isoformat())
    return Finding(
        id=key,
        kind=Kind.MAILBOX,
        level=Level.ALARM,
        account=name,
        first=first,
        last=now,
        about=(f"mailbox:{name}:{first.isoformat()}",),
        sentence=Words(
            f"メール「{name}」を {first.astimezone():%m/%d %H:%M} から読めません。その間の通知は見張れていません。",
            f"the mailbox {name} cannot be read since {first.astimezone():%d %b %H:%M}; notices are not being watched",
        ),
        todo=(
            Words(
                "メールに自分でログインできるか確かめ、アプリパスワードを入れ直す",
                "see whether you can log in to your mail yourself, and renew the app password",
            ),
        ),
    )
