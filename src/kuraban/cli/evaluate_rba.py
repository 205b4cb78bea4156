"""`kuraban evaluate-rba`: the published protocol on a copy of the public RBA login data set."""

import argparse
import sys
from pathlib import Path

import msgspec

from kuraban.baselines.rba import Settings, evaluate, render
from kuraban.cli.errors import CommandError
from kuraban.cli.progress import progress


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    plain = Settings()
    parser.description = (
        "Runs the engine and Freeman's method over the login data set of Wiefling et al. (2022): how often are users\n"
        "asked to re-authenticate at a given share of attackers caught? The file is not part of Kuraban; see\n"
        "docs/evaluation-rba.md. 公開ログインデータでの比較(データは各自で入手)。"
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="rba-dataset.csv, also .csv.gz")
    parser.add_argument("--share", type=float, default=plain.share, help="of the users that are attacked (%(default)s)")
    parser.add_argument("--country", default=plain.country, help="where the service is at home (%(default)s)")
    parser.add_argument("--seed", type=int, default=plain.seed, help="for the attackers' choices (%(default)s)")
    parser.add_argument("--most", type=int, help="read only so many rows")
    parser.add_argument("--json", action="store_true", help="the results as JSON")


def run(given: argparse.Namespace) -> int:
    """Print the results; 3 if some rows could not be read."""
    country = given.country
    if len(country) != 2 or not (country.isascii() and country.isupper()):
        raise CommandError("--country must be two capital letters, such as NO", 2)
    settings = Settings(share=given.share, country=country, seed=given.seed, most=given.most)
    try:
        with progress("replaying logins (ログインを再生)") as bar:
            found = evaluate(given.file, settings, lambda done: bar.update(done, given.most))
    except OSError as error:
        raise CommandError(f"cannot read {given.file}: {error.strerror or error}") from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n" if given.json else render(found))
    return 3 if found.unreadable else 0
