"""How things stand for the owner: one light, one sentence, what waits for him, and whether the watch goes on."""

from datetime import datetime, timedelta
from typing import Literal

import msgspec

from kuraban.home.alertstore import Alert
from kuraban.home.findings import RANK, Level, worst
from kuraban.home.model import Words
from kuraban.home.store import Store

Light = Literal["green", "yellow", "red"]
STALE = timedelta(hours=24)
LIGHTS: dict[Level, Light] = {Level.ALARM: "red", Level.ASK: "yellow", Level.INFO: "green"}

NOTHING = Words(
    "まだ何も記録がありません。`kuraban home setup` から始めてください。",
    "nothing is known yet; begin with `kuraban home setup`",
)
FIRST_LOOK = Words(
    "最初の確認が終わるまで、しばらくお待ちください。メールを読んでいます。",
    "the first look at your mails is still going on",
)
OFF = Words(
    "見張りが動いていません。`kuraban home watch` を始めてください。",
    "the watch is not running: start `kuraban home watch`",
)
WELL = Words("異常はありません。見張りは動いています。", "nothing waits for you, and the watch goes on")


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown first. waiting: alarms first, then by age. beat: when the watch last looked.

    trouble: that the watch is off, or has not looked at everything yet; None where all is well with it.
    """

    light: Light
    sentence: Words
    trouble: Words | None
    waiting: tuple[Alert, ...]
    beat: datetime | None
    watching: bool


def condition(store: Store, now: datetime, stopped: Words | None = None) -> Condition:
    """How things stand. stopped: why the watch is known not to run, None where that is not known."""
    waiting = [alert for alert in store.alerts(only_open=True) if alert.finding.level is not Level.INFO]
    waiting.sort(key=lambda alert: (-RANK[alert.finding.level], alert.raised))
    beat = store.time_note("watch.beat")
    off = stopped or (OFF if beat is None or now - beat > STALE else None)
    trouble = off or (FIRST_LOOK if store.note("watch.looked") is None else None)
    light = LIGHTS[worst(alert.finding for alert in waiting)]
    return Condition(
        light="yellow" if light == "green" and trouble else light,
        sentence=_sentence(waiting) if waiting else trouble or WELL,
        trouble=trouble,
        waiting=tuple(waiting),
        beat=beat,
        watching=off is None,
    )


def _sentence(waiting: list[Alert]) -> Words:
    """What waits, the urgent first."""
    alarms, rest = sum(alert.finding.level is Level.ALARM for alert in waiting), len(waiting)
    if not alarms:
        return Words(f"答えを待っていることが{rest}件あります。", f"{rest} waiting for your answer")
    others = Words(f"(ほかに{rest - alarms}件)", f" ({rest - alarms} more)") if rest > alarms else Words("", "")
    return Words(f"今すぐ確かめることが{alarms}件あります{others.ja}。", f"{alarms} to look at right now{others.en}")
