"""`kuraban home status`: the light, what waits for an answer, and whether the watch is alive."""

import argparse
from datetime import datetime
from typing import Any

from kuraban.cli.home.common import (
    NEEDS_ANSWER,
    Language,
    headline,
    language_of,
    now,
    opened,
    say,
    show,
    show_findings,
    show_json,
    show_words,
)
from kuraban.home.condition import NOTHING, Condition, condition
from kuraban.home.findings import known_todo
from kuraban.home.store import Store


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "今の状態と、答えを待っていることを表示します。\n"
        "Shows the state and what waits for you. Exit status: 0 green; 3 otherwise: something\n"
        "waits, an incident is in progress, something did not come and you do not know why, or the watch is off."
    )
    parser.add_argument("--json", action="store_true", help="結果をJSONで / the result as JSON")
    parser.add_argument("--full", action="store_true", help="取引を一つも省かない / every act, none left out")
    parser.add_argument("--all", action="store_true", help="済んだものも / settled ones too")


def run(given: argparse.Namespace) -> int:
    """Print it."""
    folder, config = opened()
    language = language_of(given, config)
    if not folder.store.exists():
        headline("yellow", say(NOTHING, language))
        return NEEDS_ANSWER
    store = Store.open(folder)
    found = condition(store, folder, config, now())
    alerts = [alert for alert in store.alerts() if given.all or alert.waits]
    store.close()
    if given.json:
        data: dict[str, Any] = {
            "light": found.light,
            "watch_beat": found.beat,
            "watching": found.watching,
            "alerts": alerts,
            "incident": found.incident,
            "unexplained": found.unexplained,
        }
        show_json(data)
    else:
        headline(found.light, say(found.sentence, language))
        for words in (*found.also, *((found.trouble,) if found.trouble else ())):
            show(f"   {say(words, language)}")
        _show_ways(found, language)
        _show_beat(found.beat, language)
        shown = alerts if given.all else found.waiting
        show_findings((alert.finding for alert in shown), language, whole=given.full)
    return 0 if found.light == "green" else NEEDS_ANSWER


def _show_ways(found: Condition, language: Language) -> None:
    """How to go on with what the owner has said already."""
    if found.incident is not None and found.incident.open:
        show_words("   手順: kuraban home incident", "   the steps: kuraban home incident", language)
    for finding in found.unexplained:
        show(f"   ? [{finding.id}] {say(finding.sentence, language)}")
        show(f"     {say(known_todo(finding.id), language)}")


def _show_beat(beat: datetime | None, language: Language) -> None:
    if beat is not None:
        local = f"{beat.astimezone():%Y-%m-%d %H:%M}"
        show_words(f"   最後の見張り: {local}", f"   last watched: {local}", language)
