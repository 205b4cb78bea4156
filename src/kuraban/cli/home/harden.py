"""`kuraban home harden`: what to secure, in which order, with the record of what was done."""

import argparse
from datetime import date

from kuraban.cli.home.common import language_of, now, opened, show, show_json, show_words
from kuraban.home import hardening
from kuraban.home.acts import TOKYO
from kuraban.home.hardening import RECORD, Done
from kuraban.home.problems import HomeError


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "守りを固める手順を、正しい順に示します。済んだ日は補償の申請で求められる記録として残ります。\n"
        "What to secure, in the right order; the dates are kept as the record a claim for compensation asks for.\n\n"
        "  kuraban home harden                          一覧 / the list\n"
        "  kuraban home harden done STEP THING          済んだ / done   (STEP と THING は --ids で)\n"
        "  kuraban home harden record                   記録を表示 / show the record"
    )
    parser.add_argument("what", nargs="?", default="show", choices=("show", "done", "not-needed", "undone", "record"))
    parser.add_argument("step", nargs="?")
    parser.add_argument("thing", nargs="?")
    parser.add_argument("--on", metavar="DATE", help="済ませた日 / the day it was done (2026-04-01)")
    parser.add_argument("--note", default="", help="メモ / a note")
    parser.add_argument("--record", action="store_true", help="記録を表示 / the same as `record`")
    parser.add_argument("--ids", action="store_true", help="手順の番号を表示 / show the ids")
    parser.add_argument("--json", action="store_true")


def run(given: argparse.Namespace) -> int:
    """Show the list or the record, or add a line to it."""
    folder, config = opened()
    language = language_of(given, config)
    record = folder.path / RECORD
    if given.what in {"done", "not-needed", "undone"}:
        folder.prepare()
        hardening.append(record, _line(given))
        show_words("記録しました。", "noted", language)
        return 0
    done, unreadable = hardening.read(record)
    for problem in unreadable:
        show(f"{problem.place}: {problem.words.ja if language == 'ja' else problem.words.en}", error=True)
    if given.record or given.what == "record":
        show(hardening.record_text(done, language))
        return 0
    tasks = hardening.plan(hardening.things_in(folder.path, config), done, now().astimezone(TOKYO).date())
    if given.json:
        show_json(hardening.as_data(tasks))
    elif given.ids:
        for task in tasks:
            show(f"{task.step.id}\t{task.thing.name}\t{task.state}")
    else:
        show(hardening.as_text(tasks, language))
    return 0


def _line(given: argparse.Namespace) -> Done:
    today = now().astimezone(TOKYO).date()
    try:
        on = date.fromisoformat(given.on) if given.on else today
    except ValueError:
        raise HomeError.of("日付は 2026-04-01 の形で書いてください。", "write the date as 2026-04-01") from None
    return hardening.entry(given.step, given.thing, given.what.replace("-", "_"), on, now(), given.note)
