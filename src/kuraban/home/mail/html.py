"""HTML of a mail as text and links. Nothing is rendered, fetched or run; the time taken is linear in the length."""

import html
import re
from typing import NamedTuple

MAX_HTML = 512 * 1024  # characters
MAX_LINKS = 400
MAX_ADDRESS = 2048  # characters of one link
# A tag's inside: anything but brackets, and quoted values with anything. Possessive, so that no input is tried twice.
_INSIDE = r"""[^<>"']*+(?:"[^"]{0,2048}+"[^<>"']*+|'[^']{0,2048}+'[^<>"']*+)*+"""
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_SKIPPED = re.compile(
    r"<(style|script|title|template|noscript)\b[^>]*>.*?(?:</\1\b[^>]*>|\Z)", re.DOTALL | re.IGNORECASE
)
_BREAK = re.compile(
    rf"</?(?:br|p|div|tr|li|[uod]l|d[td]|h[1-6]|table|hr|section|article|blockquote|pre)\b{_INSIDE}>", re.IGNORECASE
)
_CELL = re.compile(r"</t[dh]\s*>", re.IGNORECASE)
_ANCHOR = re.compile(rf"<(/?)(?:a|area|form|button)\b(?:({_INSIDE})|([^>]{{0,2048}}+))>", re.IGNORECASE)
_TAG = re.compile(rf"<[/!?a-z]{_INSIDE}>|<[/!?a-z][^>]{{0,2048}}+>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"']++))""")
_LEADING = frozenset(("href", "xlink:href", "action", "formaction"))
_DROPPED = re.compile(r"[\t\r\n\0]")
_URL = re.compile(r"(?:(?:https?|hxxps?)://|\bwww\.)[^\s<>\"'「」『』【】（）、。]{1,2000}", re.IGNORECASE)
_SHOWN = 500  # characters of a link's text


class Link(NamedTuple):
    """Where a link leads and what the reader sees of it (the address itself in plain text)."""

    address: str
    text: str


class Reading(NamedTuple):
    """The text, cells parted by tabs and blocks by line ends, and the links in order."""

    text: str
    links: tuple[Link, ...]


def read(source: str) -> Reading:
    """Text and links of an HTML document or of something that merely claims to be one."""
    source = _SKIPPED.sub("", _COMMENT.sub("", source[:MAX_HTML]))
    end = source.rfind(">") + 1  # behind it there are no tags to look for
    text = _TAG.sub("", _CELL.sub("\t", _BREAK.sub("\n", source[:end]))) + source[end:]
    return Reading(tidy(html.unescape(text.replace("\r", "").replace("\0", ""))), tuple(_links(source[:end])))


def _links(source: str) -> list[Link]:
    """Every link with the text up to the next link or the end of its own."""
    found: list[Link] = []
    opened: tuple[str, int] | None = None
    for match in _ANCHOR.finditer(source):
        if opened is not None:
            found.append(Link(opened[0], _shown(source[opened[1] : match.start()])))
            opened = None
        if len(found) >= MAX_LINKS:
            return found
        address = "" if match.group(1) else _address(match.group(2) or match.group(3) or "")
        opened = (address, match.end()) if address else None
    if opened is not None:
        found.append(Link(opened[0], _shown(source[opened[1] :])))
    return found


def _shown(inside: str) -> str:
    inside = inside[: 8 * _SHOWN]
    return " ".join(html.unescape(_TAG.sub(" ", inside) if "<" in inside else inside).split())[:_SHOWN]


def links_of_text(text: str) -> tuple[Link, ...]:
    """The addresses that stand in plain text, which mail clients make links of."""
    found = (match.group().rstrip(".,;:!?)]>") for match in _URL.finditer(text[:MAX_HTML]))
    return tuple(Link(address, address) for _, address in zip(range(MAX_LINKS), found, strict=False))


def _address(tag: str) -> str:
    """Where a tag leads: the first of its attributes that says so, as browsers take it."""
    leading = (match for match in _ATTRIBUTE.finditer(tag) if match.group(1).lower() in _LEADING)
    match = next(leading, None)
    if match is None:
        return ""
    found = next((group for group in match.groups()[1:] if group is not None), "")
    found = html.unescape(found[: 2 * MAX_ADDRESS]).strip()
    # Browsers drop tabs and line ends anywhere in an address, and blanks around it.
    return (found if found.isprintable() else _DROPPED.sub("", found))[:MAX_ADDRESS]


_BLANKS = re.compile(r"[ \xa0\u200b]+")
_AROUND = re.compile(r" *\n[ \n]*")


def tidy(text: str) -> str:
    """Runs of blanks as one, no blank lines, no blanks at line ends."""
    return _AROUND.sub("\n", _BLANKS.sub(" ", text)).strip()
