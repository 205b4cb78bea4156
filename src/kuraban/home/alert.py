"""Telling the owner: what is sent, when, on which channel, until he has taken note.

Nothing goes anywhere but to the channels the owner configured. A message is one sentence and what to do now; amounts,
names of instruments and reasons stay at home unless the owner wants them (`details`). Alarms are repeated at the
configured times, and reach the later channels, until acknowledged; a question is repeated once a day, twice. A channel
gets at most so many messages an hour: what is over is gathered into one.
"""

import logging
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

import apprise

from kuraban.home.alertstore import Alert
from kuraban.home.config import Alerts, Channel, channel_url
from kuraban.home.findings import Finding, Kind, Level, and_more, few_acts
from kuraban.home.model import Words
from kuraban.home.problems import HomeError
from kuraban.home.store import Store
from kuraban.home.wording import called
from kuraban.plurals import counted

Language = Literal["ja", "en"]
Send = Callable[[Channel, str, str], bool]  # channel, title, body → whether it went out

QUESTION_REPEATS = 2
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TITLES = {
    Level.ALARM: Words("蔵番: 今すぐ確認", "Kuraban: act now"),
    Level.ASK: Words("蔵番: 確認してください", "Kuraban: please check"),
    Level.INFO: Words("蔵番: お知らせ", "Kuraban: for your information"),
}
# With details off, what a message says of each kind: no amounts, instruments or dates of acts.
BRIEF = {
    Kind.ACTS: Words("普段と違う動き", "something unlike you"),
    Kind.WITHDRAWAL: Words("出金", "a withdrawal"),
    Kind.SETTINGS: Words("登録内容の変更", "a changed setting"),
    Kind.MISSING_NOTICE: Words("届いていない約定通知", "an execution without notice"),
    Kind.PHANTOM_NOTICE: Words("履歴にない約定通知", "a notice the history does not have"),
    Kind.SILENCE: Words("届くはずの通知が来ない", "an expected notice has not come"),
    Kind.MAILBOX: Words("メールを読めない", "a mailbox cannot be read"),
    Kind.GAP: Words("見張りが止まっていた", "the watch had stopped"),
    Kind.FORGED: Words("偽のメール", "a forged mail"),
    Kind.UNREADABLE: Words("読めないもの", "something unreadable"),
}


def say(words: Words, language: Language) -> str:
    """The sentence in one language."""
    return words.ja if language == "ja" else words.en


def message(finding: Finding, language: Language, *, details: bool) -> tuple[str, str]:
    """Title and body of a message about one finding."""
    title = say(TITLES[finding.level], language)
    lines = [say(finding.sentence, language) if details else _brief(finding, language)]
    if details:
        acts, more = few_acts(finding)
        lines += [f"- {say(words, language)}" for words in (*finding.details, *acts)]
        lines += [f"- {say(and_more(more), language)}"] if more else []
    lines += [f"{n}. {say(words, language)}" for n, words in enumerate(finding.todo, 1)]
    lines.append(
        f"詳しくは `kuraban home status`、確認したら `kuraban home ack {finding.id}`"
        if language == "ja"
        else f"more: `kuraban home status`; when seen: `kuraban home ack {finding.id}`"
    )
    return title, "\n".join(lines)


def _brief(finding: Finding, language: Language) -> str:
    what, account = BRIEF[finding.kind], say(called(finding.account or ""), language)
    urgent = finding.level is Level.ALARM
    if language == "ja":
        head = f"{account}: {what.ja}" if account else what.ja
        return f"{head}。{'乗っ取りの疑いがあります。' if urgent and finding.probability else ''}"
    head = f"{account}: {what.en}" if account else what.en
    return f"{head}{'. This may be a takeover' if urgent and finding.probability else ''}."


def due(alert: Alert, channel: Channel, alerts: Alerts, now: datetime) -> bool:
    """Whether a channel should get this alert now: for the first time, or again."""
    if not alert.open or alert.quiet or alert.finding.level is Level.INFO:
        return False
    if now - alert.raised < timedelta(minutes=channel.after_minutes):
        return False
    if channel.name not in alert.channels:
        return alert.finding.level is Level.ALARM or channel.after_minutes == 0
    assert alert.last_sent is not None
    if alert.finding.level is Level.ASK:
        return alert.sends <= QUESTION_REPEATS and now - alert.last_sent >= DAY
    steps = alerts.repeat_minutes
    wait = steps[min(alert.sends, len(steps)) - 1] if steps else 1440
    return now - alert.last_sent >= timedelta(minutes=wait)


def deliver(store: Store, alerts: Alerts, language: Language, now: datetime, send: Send) -> list[str]:
    """Send everything that is due; the names of channels that failed. A failed one is tried again next time."""
    failed: list[str] = []
    waiting = store.alerts(only_open=True)
    for channel in alerts.channels:
        chosen = [alert for alert in waiting if due(alert, channel, alerts, now)]
        chosen.sort(key=lambda alert: (alert.finding.level is not Level.ALARM, alert.raised))
        room = alerts.most_per_hour - store.sends_since(channel.name, now - HOUR)
        single, rest = _shared_out(chosen, room)
        for alert in single:
            title, body = message(alert.finding, language, details=alerts.details)
            if not _sent(store, channel, [alert], title, body, now, send):
                failed.append(channel.name)
                break
        else:
            if rest and not _sent(store, channel, rest, *gathered(rest, language), now, send):
                failed.append(channel.name)
    return failed


def _shared_out(chosen: list[Alert], room: int) -> tuple[list[Alert], list[Alert]]:
    """Alerts for a message each, and those for one message together: the last place in an hour is for them."""
    if len(chosen) <= room:
        return chosen, []
    return (chosen[: room - 1], chosen[room - 1 :]) if room > 0 else ([], [])


def gathered(alerts: Sequence[Alert], language: Language) -> tuple[str, str]:
    """One message about many alerts."""
    level = Level.ALARM if any(alert.finding.level is Level.ALARM for alert in alerts) else Level.ASK
    lines = [f"- {_brief(alert.finding, language)}" for alert in alerts[:10]]
    head = f"ほかに{len(alerts)}件あります。" if language == "ja" else f"{len(alerts)} more:"
    tail = "`kuraban home status` で見てください。" if language == "ja" else "see `kuraban home status`"
    return say(TITLES[level], language), "\n".join([head, *lines, tail])


def _sent(
    store: Store, channel: Channel, alerts: Sequence[Alert], title: str, body: str, now: datetime, send: Send
) -> bool:
    """Send, then note it: after a crash in between, the owner hears twice rather than never."""
    if not send(channel, title, body):
        return False
    with store.transaction():
        store.note_send(channel.name, alerts[0].finding.id, now)
        for alert in alerts:
            latest = store.alert(alert.finding.id) or alert
            first = channel.after_minutes == 0 or channel.name in latest.channels
            store.sent(alert.finding.id, {*latest.channels, channel.name}, now, again=first)
    return True


def by_apprise(channel: Channel, title: str, body: str) -> bool:
    """Send through Apprise; False where it failed. Neither URL nor text is logged: both may be secret."""
    try:
        url = channel_url(channel)
    except HomeError:
        return False
    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    sender = apprise.Apprise()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of modules that Apprise loads with its plugins
        known = bool(sender.add(url))
        return known and bool(sender.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT))


def heartbeat(store: Store, alerts: Alerts, language: Language, now: datetime, send: Send) -> None:
    """Say that the watch goes on, as often as configured, to the first channel: its absence is the alarm."""
    last = store.time_note("heartbeat.sent")
    if not alerts.heartbeat_hours or not alerts.channels:
        return
    if last is not None and now - last < timedelta(hours=alerts.heartbeat_hours):
        return
    hours = alerts.heartbeat_hours
    body = (
        f"見張りは動いています。次の知らせは{hours}時間後です。来なければ `kuraban home status` で確かめてください。"
        if language == "ja"
        else f"The watch goes on. The next word comes in {counted(hours, 'hour')}; "
        f"if not, look at `kuraban home status`."
    )
    if send(alerts.channels[0], "蔵番" if language == "ja" else "Kuraban", body):
        store.set_note("heartbeat.sent", now.isoformat())
