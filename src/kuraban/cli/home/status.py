"""`kuraban home status`: the light, what waits for an answer, and whether the watch is alive."""

import argparse
from datetime import datetime, timedelta
from typing import Any

from kuraban.cli.home.common import (
    NEEDS_ANSWER,
    Language,
    headline,
    language_of,
    now,
    opened,
    say,
    show_findings,
    show_json,
    show_words,
)
from kuraban.home.findings import Level, worst
from kuraban.home.model import Words
from kuraban.home.store import Store

STALE = timedelta(hours=24)


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "今の状態と、答えを待っていることを表示します。\n"
        "Shows the state and what waits for you. Exit status: 0 nothing waits, 3 something does or the watch is off."
    )
    parser.add_argument("--json", action="store_true", help="結果をJSONで / the result as JSON")
    parser.add_argument("--all", action="store_true", help="済んだものも / settled ones too")


def run(given: argparse.Namespace) -> int:
    """Print it."""
    folder, config = opened()
    language = language_of(given, config)
    if not folder.store.exists():
        headline("yellow", say(NOTHING, language))
        return NEEDS_ANSWER
    store = Store.open(folder)
    alerts = store.alerts(only_open=not given.all)
    beat = store.time_note("watch.beat")
    store.close()
    waiting = [alert for alert in alerts if alert.open and alert.finding.level is not Level.INFO]
    stale = beat is None or now() - beat > STALE
    light = {Level.ALARM: "red", Level.ASK: "yellow", Level.INFO: "yellow" if stale else "green"}[
        worst(alert.finding for alert in waiting)
    ]
    if given.json:
        found: dict[str, Any] = {"light": light, "watch_beat": beat, "watching": not stale, "alerts": alerts}
        show_json(found)
    else:
        headline(light, say(_sentence(len(waiting), stale), language))
        _show_beat(beat, language)
        shown = alerts if given.all else waiting
        show_findings((alert.finding for alert in shown), language)
    return 0 if light == "green" else NEEDS_ANSWER


NOTHING = Words(
    "まだ何も記録がありません。`kuraban home setup` から始めてください。",
    "nothing is known yet; begin with `kuraban home setup`",
)


def _sentence(waiting: int, stale: bool) -> Words:
    if waiting:
        return Words(f"答えを待っていることが{waiting}件あります。", f"{waiting} waiting for your answer")
    if stale:
        return Words(
            "見張りが動いていません。`kuraban home watch` を始めてください。",
            "the watch is not running: start `kuraban home watch`",
        )
    return Words("異常はありません。見張りは動いています。", "nothing waits for you, and the watch goes on")


def _show_beat(beat: datetime | None, language: Language) -> None:
    if beat is not None:
        local = f"{beat.astimezone():%Y-%m-%d %H:%M}"
        show_words(f"   最後の見張り: {local}", f"   last watched: {local}", language)
