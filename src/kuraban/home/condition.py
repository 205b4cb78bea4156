"""How things stand for the owner: one light, one sentence, what waits for him, and whether the watch goes on.

Green says only what is known: that nothing waits for his answer. While an incident that he reported goes on it stays
red, whatever was answered; that he does not know why something did not come is no all-clear either.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from kuraban.home.alertstore import Alert
from kuraban.home.config import Config
from kuraban.home.findings import RANK, Finding, Level, worst
from kuraban.home.folder import Folder
from kuraban.home.model import Words
from kuraban.home.standing import Standing, progress, standing, unexplained
from kuraban.home.store import Store

Light = Literal["green", "yellow", "red"]
STALE = timedelta(hours=24)
LIGHTS: dict[Level, Light] = {Level.ALARM: "red", Level.ASK: "yellow", Level.INFO: "green"}
BRIGHT: dict[Light, int] = {"green": 0, "yellow": 1, "red": 2}

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
PLAN = Words(
    "予定のファイルに読めない所があります。前の予定のまま見張っています。画面の「予定」に、直す行があります。",
    "the plan cannot be read, and the watch keeps to the one before: the page Plan says which line to put right",
)
WELL = Words(
    "答えを待っていることはありません。見張りは動いています。", "nothing waits for your answer, and the watch goes on"
)


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown first. waiting: alarms first, then by age. beat: when the watch last looked.

    also: further lines below the sentence, the weightier first. trouble: that the watch is off, has not looked at
    everything yet, or cannot read the plan, where the sentence is another; None where all is well with it.
    unexplained: what did not come, of which the owner does not know why. incident: None where nothing is kept yet.
    """

    light: Light
    sentence: Words
    trouble: Words | None
    waiting: tuple[Alert, ...]
    beat: datetime | None
    watching: bool
    also: tuple[Words, ...] = ()
    unexplained: tuple[Finding, ...] = ()
    incident: Standing | None = None


def condition(store: Store, folder: Folder, config: Config, now: datetime, stopped: Words | None = None) -> Condition:
    """How things stand. stopped: why the watch is known not to run, None where that is not known."""
    waiting = [alert for alert in store.alerts() if alert.waits and alert.finding.level is not Level.INFO]
    waiting.sort(key=lambda alert: (-RANK[alert.finding.level], alert.raised))
    beat = store.time_note("watch.beat")
    off = stopped or (OFF if beat is None or now - beat > STALE else None)
    trouble = off or (FIRST_LOOK if store.note("watch.looked") is None else None)
    trouble = trouble or (PLAN if store.note("watch.plan_wrong") is not None else None)
    incident, unknown = standing(store, folder, config, now), unexplained(store)
    lines = sorted(_lines(waiting, incident, unknown, trouble), key=lambda line: -BRIGHT[line[0]])
    light, sentence = lines[0]
    return Condition(
        light=light,
        sentence=sentence,
        trouble=trouble if trouble is not sentence else None,
        waiting=tuple(waiting),
        beat=beat,
        watching=off is None,
        also=tuple(words for _, words in lines[1:] if words is not trouble and words is not WELL),
        unexplained=tuple(unknown),
        incident=incident,
    )


def _lines(
    waiting: Sequence[Alert], incident: Standing, unknown: Sequence[Finding], trouble: Words | None
) -> list[tuple[Light, Words]]:
    """Everything to be said, each with the light it stands for; of one light, the weightier first."""
    found: list[tuple[Light, Words]] = []
    if waiting:
        found.append((LIGHTS[worst(alert.finding for alert in waiting)], _sentence(waiting)))
    if incident.open:
        found.append(("red" if incident.state == "going" else "yellow", progress(incident)))
    if unknown:
        found.append(("yellow", _unknown(len(unknown))))
    if trouble:
        found.append(("yellow", trouble))
    found.append(("green", WELL))
    if incident.state == "ended":
        found.append(("green", progress(incident)))
    return found


def _sentence(waiting: Sequence[Alert]) -> Words:
    """What waits, the urgent first."""
    alarms, rest = sum(alert.finding.level is Level.ALARM for alert in waiting), len(waiting)
    if not alarms:
        return Words(f"答えを待っていることが{rest}件あります。", f"{rest} waiting for your answer")
    others = Words(f"(ほかに{rest - alarms}件)", f" ({rest - alarms} more)") if rest > alarms else Words("", "")
    return Words(f"今すぐ確かめることが{alarms}件あります{others.ja}。", f"{alarms} to look at right now{others.en}")


def _unknown(count: int) -> Words:
    return Words(
        f"届かない理由が分からない知らせが{count}件あります。証券会社に、通知の設定と登録アドレスが変わっていないか"
        "問い合わせ、分かったら答え直してください。",
        f"you do not know why something has not come ({count}): ask the broker whether notices are on and go to your"
        " own address, then answer again",
    )
