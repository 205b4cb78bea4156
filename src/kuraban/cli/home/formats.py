"""`kuraban home formats`: which mails and exports are read, and whether each format still reads its samples."""

import argparse
from pathlib import Path

from kuraban.cli.home.common import language_of, say, show, show_json, show_words
from kuraban.home.mail.formats import testing as mails
from kuraban.home.mail.formats.catalogue import FORMATS as MAILS
from kuraban.home.model import Words
from kuraban.home.statements import testing as exports
from kuraban.home.statements.formats import FORMATS as EXPORTS
from kuraban.home.trials import Trial


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "読める形式の一覧(list)と、見本での検査(test)。形式を書き足すときに使います。\n"
        "Lists the formats that are read, and tries them on their samples."
    )
    parser.add_argument("what", choices=("list", "test"))
    parser.add_argument("--only", metavar="FORMAT", help="この形式だけ / only this one")
    parser.add_argument("--samples", type=Path, help="見本のフォルダ / another folder of samples")
    parser.add_argument("--write", action="store_true", help="正解ファイルを書く / write missing golden files")
    parser.add_argument("--json", action="store_true")


def run(given: argparse.Namespace) -> int:
    """List or test; 1 where a sample does not read as it should."""
    language = language_of(given)
    if given.what == "list":
        for known in MAILS:
            show(f"{known.id}\t{say(known.title, language)}")
        for form in EXPORTS:
            show(f"{form.id}\t{say(form.name, language)} (CSV)")
        return 0
    trials = _trials(given)
    if given.json:
        show_json(trials)
    else:
        for trial in trials:
            show(f"{'✓' if trial.passed else '✗'} {trial.format} {trial.sample}")
            for problem in trial.problems:
                show(f"    {say(problem, language)}")
        failed = sum(not trial.passed for trial in trials)
        show_words(
            f"{len(trials)}件の見本のうち {failed}件が合いません。"
            if failed
            else f"{len(trials)}件の見本はすべて合いました。",
            f"{failed} of {len(trials)} samples fail" if failed else f"all {len(trials)} samples read as they should",
            language,
        )
    return 0 if trials and all(trial.passed for trial in trials) else 1


def _trials(given: argparse.Namespace) -> list[Trial]:
    """Of exports always; of mails from the project's samples, or from a folder that has `.eml` files."""
    found = exports.check_formats(given.samples or exports.SAMPLES, only=given.only, write=given.write)
    if given.samples is not None:
        found = [trial for trial in found if trial.sample != "-"]
    outcomes = mails.check_all(given.samples or mails.SAMPLES)
    if given.write:
        for outcome in outcomes:
            if outcome.letter is not None and not outcome.path.with_suffix(".json").exists():
                mails.write_golden(outcome.path)
        outcomes = mails.check_all(given.samples or mails.SAMPLES)
    for outcome in outcomes:
        form = (outcome.letter.format if outcome.letter else None) or outcome.path.parent.name
        if given.only is None or form == given.only:
            words = tuple(Words(difference, difference) for difference in outcome.differences)
            found.append(Trial(form, outcome.path.name, words))
    return found
