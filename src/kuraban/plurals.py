"""Counts in English: 1 mail, 2 mails. Japanese has no plural, and no other file knows the English one."""

import re

_HISSING = re.compile(r"(s|x|z|ch|sh)$")
_CONSONANT_Y = re.compile(r"(?<=[^aeiou])y$")


def counted(number: float, noun: str, many: str | None = None, places: int = 0) -> str:
    """How many of what: «1 mail», «2,000 mails», «0 mails», «1.0 minutes».

    noun: the singular; of several words the last is what is counted («forged mail»). many: its plural where that is not
    made by the rule («settings changed»). places: decimals shown; a number with decimals is never one thing.
    """
    shown = f"{number:,.{places}f}"
    return f"{shown} {agreeing(shown == '1', noun, many or plural(noun))}"


def plural(noun: str) -> str:
    """More than one, or none, of a thing."""
    return f"{noun}es" if _HISSING.search(noun) else f"{_CONSONANT_Y.sub('ie', noun)}s"


def agreeing(number: float, one: str, many: str) -> str:
    """What goes with a count and changes with it: `one` with exactly 1, else `many` («needs», «need»)."""
    return one if number == 1 else many
