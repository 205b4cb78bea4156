"""`kuraban home incident`: the first hour, a log of what was done, and the evidence package."""

import argparse
from contextlib import closing
from datetime import datetime, time
from pathlib import Path

from kuraban.cli.home.common import NEEDS_ANSWER, Language, language_of, now, opened, say, show, show_json, show_words
from kuraban.home import incident, walk
from kuraban.home import standing as standings
from kuraban.home.acts import TOKYO
from kuraban.home.config import Config
from kuraban.home.folder import Folder
from kuraban.home.incident import Action
from kuraban.home.problems import HomeError
from kuraban.home.store import Store

STEPS = tuple(step.id for step in incident.guide().step)


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "身に覚えのない取引があったときの、最初の1時間の手順です。\n"
        "What to do in the first hour after acts that were not yours.\n\n"
        "  kuraban home incident                                         手順 / the steps\n"
        "  kuraban home incident note '楽天証券に電話、受付番号123'       記録 / keep a note\n"
        "  kuraban home incident end '補償の申し出まで済んだ' --at 2026-05-20  対応を終える / it is over\n"
        "  kuraban home incident resume                                  まだ終わっていない / it is not over\n"
        "  kuraban home incident package --since 2026-04-30 --into DIR   証拠一式 / the evidence package"
    )
    parser.add_argument(
        "what", nargs="?", default="guide", choices=("guide", "note", "notes", "end", "resume", "package")
    )
    parser.add_argument("text", nargs="?", help="したこと / what was done")
    parser.add_argument("--account", help="どの口座か / which account")
    parser.add_argument("--step", choices=STEPS, help="どの手順か(済みの印が付く) / which step, to tick it")
    parser.add_argument("--at", metavar="TIME", help="いつ / when (2026-04-30T13:05)")
    parser.add_argument("--since", metavar="DATE", help="いつから / from which day (30 days before the incident)")
    parser.add_argument("--until", metavar="DATE", help="いつまで / up to which day (today)")
    parser.add_argument("--into", type=Path, default=Path(), metavar="DIR", help="書き出すフォルダ / where to write")
    parser.add_argument("--early", action="store_true", help="手順が残っていても終える / end it though steps are left")
    parser.add_argument("--json", action="store_true")


def run(given: argparse.Namespace) -> int:
    """Guide, note, or package."""
    folder, config = opened()
    language = language_of(given, config)
    if given.what == "guide":
        lines = incident.first_hour(walk.accounts(folder, config))
        if given.json:
            show_json(incident.as_data(lines))
        else:
            show(incident.as_text(lines, language, standings.current(walk.log(folder))))
        return 0
    if given.what == "note":
        return _note(given, folder, config, language)
    if given.what in {"end", "resume"}:
        return _end(given, folder, config, language)
    if given.what == "notes":
        for action in walk.log(folder):
            show(f"{action.at.astimezone(TOKYO):%Y-%m-%d %H:%M}\t{action.account or ''}\t{action.what}")
        return 0
    return _package(given, folder, config, language)


def _end(given: argparse.Namespace, folder: Folder, config: Config, language: Language) -> int:
    """The owner's own word that it is over, or that it is not."""
    if given.what == "resume":
        standings.resume(folder, now())
        show_words("対応に戻りました。", "it goes on", language)
        return 0
    on = (_moment(given.at) if given.at else now()).astimezone(TOKYO).date()
    with closing(Store.open(folder)) as store:
        found = standings.standing(store, folder, config, now())
    try:
        standings.end(folder, found, on, now(), given.text or "", early=given.early)
    except HomeError:
        if found.state != "going" or given.early:
            raise
        left = found.total - found.done
        raise HomeError.of(
            f"手順がまだ{left}残っています(`kuraban home incident`)。残したまま終えるなら --early を付けてください。",
            f"steps are left ({left}): see `kuraban home incident`; to end it all the same, add --early",
        ) from None
    show_words(f"対応を {on} に終えたと記録しました。", f"noted: it ended on {on}", language)
    return 0


def _account(given: argparse.Namespace, config: Config) -> str | None:
    """Which account a step was done for: it has to be said only where there are several."""
    labels = [one.label for one in config.account]
    each = any(step.id == given.step and step.each for step in incident.guide().step)
    if given.account is not None or not each or not labels:
        return given.account  # type: ignore[no-any-return]
    if len(labels) > 1:
        names = "、".join(labels)
        raise HomeError.of(
            f"どの口座のことか --account で書いてください({names})。", f"say which account by --account ({names})"
        )
    return labels[0]


def _note(given: argparse.Namespace, folder: Folder, config: Config, language: Language) -> int:
    if not given.text:
        raise HomeError.of("したことを書いてください。", "say what was done")
    at = _moment(given.at) if given.at else now()
    text = given.text[: walk.MOST_TEXT]
    walk.note(folder, Action(at=at, noted=now(), what=text, account=_account(given, config), step=given.step))
    show_words("記録しました。", "noted", language)
    return 0


def _package(given: argparse.Namespace, folder: Folder, config: Config, language: Language) -> int:
    until = _moment(given.until, end=True) if given.until else now()
    with closing(Store.open(folder)) as store:
        since = _moment(given.since) if given.since else standings.usual_since(store, folder, config, until)
        package = walk.package(store, folder, config, since, until, given.into, now())
    first, last = (when.astimezone(TOKYO).date() for when in (since, until))
    show_words(
        f"証拠一式を書きました: {package.archive}\n控えておく値(SHA-256): {package.sums}",
        f"the evidence is in {package.archive}\nwrite this down elsewhere (SHA-256): {package.sums}",
        language,
    )
    holds, lacks = package.holds(), package.lacks()
    show_words(f"中身({first}〜{last}): {holds.ja}", f"inside ({first} to {last}): {holds.en}", language)
    for problem in package.problems:
        show(f"- {problem.place}: {say(problem.words, language)}")
    if lacks is not None:
        show(f"⚠ {say(lacks, language)}")
    return 0 if lacks is None else NEEDS_ANSWER


def _moment(text: str, *, end: bool = False) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise HomeError.of(
            f"日時「{text}」は 2026-04-30 か 2026-04-30T13:05 の形で書いてください。",
            f"write the time {text} as 2026-04-30 or 2026-04-30T13:05",
        ) from None
    if end and len(text) <= 10:
        found = datetime.combine(found.date(), time(23, 59, 59))
    return found if found.tzinfo else found.replace(tzinfo=TOKYO)
