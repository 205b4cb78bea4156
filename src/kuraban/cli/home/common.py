"""What the subcommands share: language, the folder and what is in it, and how findings are printed."""

import argparse
import json
import os
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from kuraban.core.jit import compiled_before
from kuraban.home import config as configs
from kuraban.home.config import Config
from kuraban.home.findings import Finding, Level, and_more, few_acts
from kuraban.home.folder import Folder
from kuraban.home.model import Words

Language = Literal["ja", "en"]
LAMPS = {"green": ("🟢", "32"), "yellow": ("🟡", "33"), "red": ("🔴", "31")}
MARKS = {Level.ALARM: "🔴", Level.ASK: "🟡", Level.INFO: "・"}
NEEDS_ANSWER = 3

# Subjects and names come from strangers: no control characters, no reversal of the writing direction on the terminal.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def add_port(parser: argparse.ArgumentParser) -> None:
    """The option of commands that serve the pages."""
    parser.add_argument("--port", type=port, default=0, help="画面のポート / port of the pages (any free one)")


def port(text: str) -> int:
    """A port number; 0 for any free one. Raises ValueError."""
    found = int(text)
    if not 0 <= found <= 65_535:
        raise ValueError
    return found


def language_of(given: argparse.Namespace, config: Config | None = None) -> Language:
    """That of --lang, else of the configuration, else of the system."""
    chosen: Language | None = getattr(given, "lang", None) or (config.language if config else None)
    if chosen is not None:
        return chosen
    system = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "ja" if system.lower().startswith("ja") else "en"


def now() -> datetime:
    """The present, with its offset."""
    return datetime.now(UTC)


def opened() -> tuple[Folder, Config]:
    """The owner's folder and configuration; the default one where nothing is set up."""
    folder = Folder()
    return folder, configs.load(folder.config)


def say(words: Words, language: Language) -> str:
    """One language's sentence."""
    return words.ja if language == "ja" else words.en


def show(text: str = "", *, error: bool = False) -> None:
    """Print a line, without what could harm a terminal."""
    out = sys.stderr if error else sys.stdout
    out.write(_UNSAFE.sub("�", text) + "\n")


def show_words(ja: str, en: str, language: Language) -> None:
    """Print a line in one language."""
    show(ja if language == "ja" else en)


def headline(light: str, sentence: str) -> None:
    """The traffic light and its sentence, coloured on a terminal."""
    lamp, colour = LAMPS[light]
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        sys.stdout.write(f"{lamp} \x1b[1;{colour}m{_UNSAFE.sub('�', sentence)}\x1b[0m\n")
    else:
        show(f"{lamp} {sentence}")


def show_findings(findings: Iterable[Finding], language: Language, *, whole: bool = False) -> None:
    """Findings with what was seen and what to do. whole: with every act, by time, not the weightiest only."""
    for finding in findings:
        show()
        show(f"{MARKS[finding.level]} [{finding.id}] {say(finding.sentence, language)}")
        for words in finding.details:
            show(f"     - {say(words, language)}")
        _show_acts(finding, language, whole)
        for number, words in enumerate(finding.todo, 1):
            show(f"     {number}. {say(words, language)}")


def _show_acts(finding: Finding, language: Language, whole: bool) -> None:
    if whole:
        for told in sorted(finding.listed, key=lambda told: told.time):
            show(f"     - {say(told.words, language)}")
        return
    acts, more = few_acts(finding)
    for words in acts:
        show(f"     - {say(words, language)}")
    if more:
        show(f"     - {say(and_more(more), language)} (--full)")


def announce_compiling(language: Language) -> None:
    """Say why the first run takes a minute."""
    if not compiled_before():
        words = ("初回のみ、判定の準備に1分ほどかかります。", "preparing on the first run, which takes about a minute")
        show(words[0] if language == "ja" else words[1], error=True)


def show_json(value: Any) -> None:
    """One JSON document, readable by people too."""
    sys.stdout.write(json.dumps(msgspec.to_builtins(value), ensure_ascii=False, indent=2) + "\n")
