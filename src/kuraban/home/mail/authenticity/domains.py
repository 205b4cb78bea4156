"""Domains: the registrable part (public suffix list), and the form two lookalikes share (Unicode TR 39 skeleton)."""

import json
import unicodedata
from functools import lru_cache
from importlib import resources

from publicsuffixlist import PublicSuffixList

_SUFFIXES = PublicSuffixList()


@lru_cache(maxsize=65536)
def organisational(domain: str) -> str:
    """The registrable domain, `rakuten-sec.co.jp` of `bounce2.rakuten-sec.co.jp`; empty for a public suffix or none."""
    domain = domain.strip(".").lower()
    if not domain or len(domain) > 253 or ".." in domain:
        return ""
    try:
        found: str | None = _SUFFIXES.privatesuffix(domain)
    except (UnicodeError, ValueError):
        return ""
    return found or ""


def within(domain: str, parent: str) -> bool:
    """Whether `domain` is `parent` or lies below it."""
    return domain == parent or domain.endswith("." + parent)


@lru_cache(maxsize=65536)
def unicode_form(domain: str) -> str:
    """A domain with its punycode labels as the characters people are shown."""
    return ".".join(_shown(label) for label in domain.lower().split("."))


def _shown(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return label


# What is mistaken for what within ASCII, small letters, in the fonts of mail readers.
_ASCII = str.maketrans({"0": "o", "1": "l", "i": "l", "|": "l", "!": "l", "5": "s", "8": "b"})


@lru_cache(maxsize=65536)
def skeleton(text: str) -> str:
    """The form that strings which look alike have in common (after Unicode Technical Standard 39, section 4)."""
    # Before case folding: В looks like B, its small form looks like nothing Latin.
    plain = unicodedata.normalize("NFKD", text)
    table = _confusables()
    mapped = "".join(table.get(char, char) for char in plain if not unicodedata.combining(char))
    return mapped.casefold().translate(_ASCII).replace("rn", "m").replace("vv", "w")


@lru_cache(maxsize=1)
def _confusables() -> dict[str, str]:
    """Characters beyond ASCII by the ASCII letter or digit they are confusable with."""
    source = resources.files("confusable_homoglyphs").joinpath("confusables.json")
    table: dict[str, str] = {}
    for char, glyphs in json.loads(source.read_text("utf-8")).items():
        if len(char) == 1 and not char.isascii():
            latin = [glyph["c"] for glyph in glyphs if glyph["c"].isascii() and glyph["c"].isalnum()]
            if latin:
                table[char] = min(latin, key=lambda found: (not found.islower(), len(found), found))
    return table


def distance(one: str, other: str, most: int = 2) -> int:
    """Edits between two words, a swap of neighbours counting as one; `most + 1` where there are more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, char in enumerate(one, 1):
        before, last, row = row, before, [i] + [0] * len(other)
        for j, against in enumerate(other, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != against))
            if i > 1 and j > 1 and char == other[j - 2] and one[i - 2] == against:
                row[j] = min(row[j], last[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]
