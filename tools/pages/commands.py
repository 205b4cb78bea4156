"""The page of the command line: every command with its arguments, from the parsers that read them."""

import argparse
import re

from kuraban.cli import COMMANDS, parser
from pages.markdown import code, table

HEAD = """# The command line

Every command with what it takes, as `kuraban COMMAND --help` says it.

This page is made from the code by `make docs`.

Exit status: 0 done; 1 the input could not be used at all; 2 wrong usage; 3 done, but some lines were rejected (`kuraban
home`: something waits for an answer).
"""


def page() -> str:
    """The whole page."""
    lines = ["", *table(("command", ""), [(f"[`kuraban {c.name}`](#kuraban-{c.name})", c.help) for c in COMMANDS]), ""]
    for command in COMMANDS:
        chosen = _subparsers(parser(command.name))[command.name]
        lines += _command(f"kuraban {command.name}", chosen, "##", command.help)
    return HEAD + "\n".join(lines).rstrip() + "\n"


def _subparsers(of: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    return next(each.choices for each in of._actions if isinstance(each, argparse._SubParsersAction))


def _command(name: str, of: argparse.ArgumentParser, heading: str, help_: str) -> list[str]:
    lines = [f"{heading} {name}", "", *_words(of.description or help_)]
    below = [each for each in of._actions if isinstance(each, argparse._SubParsersAction)]
    rows = [
        _row(each) for each in of._actions if not isinstance(each, (argparse._HelpAction, argparse._SubParsersAction))
    ]
    if rows:
        lines += [*table(("argument", "meaning", "default"), rows), ""]
    for group in below:
        helps = {choice.dest: choice.help or "" for choice in group._choices_actions}
        for sub, found in group.choices.items():
            lines += _command(f"{name} {sub}", found, heading + "#", helps.get(sub, ""))
    return lines


def _words(text: str) -> list[str]:
    """The description: sentences as text, examples as they are."""
    parts = [part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    lines = []
    for part in parts:
        if part.startswith("  ") or "\n  kuraban" in part or part.startswith("kuraban"):
            lines += ["```", *(line.removeprefix("  ") for line in part.splitlines()), "```", ""]
        else:
            lines += [*(line.replace("<", "&lt;") for line in part.splitlines()), ""]
    return lines


def _row(action: argparse.Action) -> tuple[str, str, str]:
    value = ""
    if action.nargs != 0 and action.option_strings:
        value = " " + (_choices(action) or action.metavar or action.dest.upper())  # type: ignore[operator]
    named = ", ".join(code(option + value) for option in action.option_strings)
    named = named or code(str(_choices(action) or action.metavar or action.dest))
    if action.nargs in ("*", "+") or isinstance(action, argparse._AppendAction):
        named += " …"
    default = action.default
    shown = default not in (None, False, argparse.SUPPRESS, []) and action.nargs != 0
    help_ = (action.help or "") % {**vars(action), "prog": "kuraban"} if action.help else ""
    needed = "required" if action.required and action.option_strings else ""
    return named, help_, needed or (code(str(default)) if shown else "")


def _choices(action: argparse.Action) -> str:
    """The words to choose from, or nothing."""
    return "{" + ",".join(map(str, action.choices)) + "}" if action.choices is not None else ""
