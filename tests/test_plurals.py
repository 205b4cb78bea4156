"""Counts in English: one mail, two mails, and never «1 mails»."""

import re
from pathlib import Path

import numpy as np
import pytest

import kuraban
from desk import quick_replay
from kuraban.core.profile import DECISION, SCALE
from kuraban.core.signals.catalogue import SIGNALS
from kuraban.plurals import agreeing, counted

SOURCES = Path(kuraban.__file__).parent
NOUNS = (
    "accounts|alerts|account-days|decisions|days|duplicates|entries|events|exports|holdings|hours|lines|logins|mails|members"
    "|minutes|months|notices|orders|owners|positions|questions|records|rings|rows|sprays|steps|takeovers|units|withdrawals"
)
# A number put into a sentence right before a plural: f-strings, % of templates, output beside the words.
UNAWARE = re.compile(rf"(?:\}}|%[sd]) (?:[a-z]+ )?(?:{NOUNS})\b|[}}]{{2}} \{{\{{ t\([^)]*, ?[\"'](?:{NOUNS})[\"']\)")
# What the helper has counted already; bounds and constants, never one; parts of a whole («one of 2,000»).
COUNTED = re.compile(
    r"\{(?:counted\(.*?\)|MOST_\w+|LINK_S[^}]*)\}|newest %s events of each|(?:1/|one of )\{[^}]*\}"
    r"|\{fact\} (?:names|withdrawals)"
)
SIGNAL_SENTENCES = SOURCES / "core" / "signals" / "catalogue.py"


@pytest.mark.parametrize(
    ("number", "noun", "said"),
    [
        (0, "mail", "0 mails"),
        (1, "mail", "1 mail"),
        (2, "forged mail", "2 forged mails"),
        (2_000, "entry", "2,000 entries"),
        (2, "day", "2 days"),
        (3, "loss", "3 losses"),
        (3, "match", "3 matches"),
    ],
)
def test_one_thing_is_said_as_one_and_every_other_number_as_several(number: int, noun: str, said: str) -> None:
    assert counted(number, noun) == said


def test_a_number_with_decimals_is_never_one_thing_and_a_plural_can_be_given() -> None:
    assert counted(1.0, "minute", places=1) == "1.0 minutes"
    assert counted(0.6, "minute") == "1 minute"
    assert [counted(n, "setting changed", "settings changed") for n in (1, 2)] == [
        "1 setting changed",
        "2 settings changed",
    ]
    assert [agreeing(n, "needs", "need") for n in (0, 1, 2)] == ["need", "needs", "need"]


def test_no_sentence_of_the_product_puts_a_number_before_a_plural_by_itself() -> None:
    found = [
        f"{path.relative_to(SOURCES)}:{number}: {line.strip()[:120]}"
        for path in sorted([*SOURCES.rglob("*.py"), *SOURCES.rglob("*.html")])
        if path != SIGNAL_SENTENCES
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if UNAWARE.search(COUNTED.sub("", line))
    ]
    assert found == []


def test_signals_that_count_say_one_as_one() -> None:
    writer = quick_replay().writer
    for k, signal in enumerate(SIGNALS):
        if signal.fact != "count":
            continue
        row = np.zeros(1, DECISION)
        row["weight"][0][k], row["fact"][0][k] = 2 * SCALE, 1
        (found,) = writer.reasons(row[0])
        said = re.search(rf"\b1 (?:[a-z]+ )?({NOUNS}|kinds)\b", found.en)
        assert said is None, (signal.id, found.en)
        row["fact"][0][k] = 3
        (found,) = writer.reasons(row[0])
        single = re.search(r"\b3 (?:[a-z]+ )?(login|kind|hour|day|notice|account|minute)\b", found.en)
        assert single is None, (signal.id, found.en)
