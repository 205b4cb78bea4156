"""`kuraban home reach`: what hangs on what, what a thief could get to, and the cheapest cuts."""

import argparse
import os
from pathlib import Path

from kuraban.cli.errors import CommandError
from kuraban.cli.home.common import language_of, opened, show, show_json, show_words
from kuraban.home import reach
from kuraban.home.reach import EXAMPLE, FILE, belongings


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        f"{FILE} に書いたつながりから、どこが破られるとどこまで被害が広がるかを示します。\n"
        f"From what {FILE} says hangs together: if this falls, these follow, this much money. --example prints one."
    )
    parser.add_argument("--file", type=Path, help=f"{FILE} の代わりに / instead of {FILE}")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="図を書く / draw the picture")
    parser.add_argument("--png", type=Path, metavar="FILE", help="図を画像で書く / draw it as an image")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--example", action="store_true", help="書き方の例を表示 / print an example")


def _write(path: Path, data: bytes) -> None:
    """The picture shows what the owner has: nobody else may read it."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
    path.chmod(0o600)


def run(given: argparse.Namespace) -> int:
    """Print the table, draw the picture."""
    if given.example:
        show(EXAMPLE)
        return 0
    folder, config = opened()
    language = language_of(given, config)
    mine = belongings(given.file or folder.path / FILE)
    graph = reach.graph(mine)
    advice, best = reach.ranked(graph), reach.separation(graph)
    if given.json:
        show_json(reach.as_data(graph, advice, best))
    else:
        for line in reach.as_text(graph, advice, best, language).splitlines():
            show(line)
    if given.svg or given.png:
        drawing = reach.svg(mine, graph, advice, language)
        try:
            if given.svg:
                _write(given.svg, drawing.encode())
            if given.png:
                _write(given.png, reach.png(drawing))
        except OSError as error:
            raise CommandError(f"{error.filename}: {error.strerror}") from error
        show_words("図を書きました。", "the picture is written", language)
    return 0
