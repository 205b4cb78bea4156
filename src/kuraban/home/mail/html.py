"""HTML of a mail as text and links. Nothing is rendered, fetched or run; the time taken is linear in the length."""

import html
import re
from typing import NamedTuple

MAX_HTML = 512 * 1024  # characters
MAX_LINKS = 400
MAX_ADDRESS = 2048  # characters of one link
_SKIPPED = frozenset(("style", "script", "title", "template", "noscript"))
_BREAKS = frozenset(
    (
        *("br", "p", "div", "tr", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "table", "hr"),
        *("dl", "dt", "dd", "section", "article", "blockquote", "pre"),
    )
)
_NAME = re.compile(r"/?\s*([a-zA-Z][a-zA-Z0-9:-]*)")
_HREF = re.compile(r"""(?:href|action)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))""", re.IGNORECASE)
_URL = re.compile(r"(?:https?|hxxps?)://[^\s<>\"'「」『』【】（）、。]{1,2000}", re.IGNORECASE)


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
    source = source[:MAX_HTML]
    pieces: list[str] = []
    links: list[Link] = []
    opened: tuple[str, int] | None = None
    at, last = 0, source.rfind(">")
    while 0 <= (start := source.find("<", at)) < last:
        pieces.append(source[at:start])
        tag, at = _tag(source, start)
        match = _NAME.match(tag)
        if match is None:
            continue
        name, closing = match.group(1).lower(), tag[:1] == "/"
        if name in _SKIPPED and not closing:
            at = _end_of(source, name, at)
        elif name in ("a", "area", "form"):
            if opened is not None:
                _close(links, opened, pieces)
                opened = None
            if not closing and (address := _address(tag)):
                opened = address, len(pieces)
        elif name in _BREAKS:
            pieces.append("\n")
        elif name in ("td", "th") and closing:
            pieces.append("\t")
    pieces.append(source[at:])
    if opened is not None:
        _close(links, opened, pieces)
    return Reading(tidy(html.unescape("".join(pieces).replace("\r", "").replace("\0", ""))), tuple(links[:MAX_LINKS]))


def links_of_text(text: str) -> tuple[Link, ...]:
    """The addresses that stand in plain text, which mail clients make links of."""
    found = (match.group().rstrip(".,;:!?)]>") for match in _URL.finditer(text[:MAX_HTML]))
    return tuple(Link(address, address) for _, address in zip(range(MAX_LINKS), found, strict=False))


def _tag(source: str, start: int) -> tuple[str, int]:
    """What stands in a tag, and where it ends. A `>` within quotes does not end it, if a later one nearby does."""
    if source.startswith("<!--", start):
        end = source.find("-->", start + 4)
        return "!", len(source) if end < 0 else end + 3
    end = source.find(">", start + 1)
    for _ in range(8):
        inside = source[start + 1 : end]
        if len(inside) > 4 * MAX_ADDRESS or (inside.count('"') % 2 == 0 and inside.count("'") % 2 == 0):
            break
        later = source.find(">", end + 1)
        if later < 0 or later - start > 4 * MAX_ADDRESS:
            break
        end = later
    return source[start + 1 : end], end + 1


def _end_of(source: str, name: str, at: int) -> int:
    match = re.compile(rf"</{name}\b[^>]*>?", re.IGNORECASE).search(source, at)
    return len(source) if match is None else match.end()


def _address(tag: str) -> str:
    match = _HREF.search(tag)
    if match is None:
        return ""
    found = next((group for group in match.groups() if group is not None), "")
    # Browsers drop tabs and line ends anywhere in an address, and blanks around it.
    return re.sub(r"[\t\r\n\0]", "", html.unescape(found)).strip()[:MAX_ADDRESS]


def _close(links: list[Link], opened: tuple[str, int], pieces: list[str]) -> None:
    address, since = opened
    links.append(Link(address, " ".join(html.unescape("".join(pieces[since:])).split())[:500]))


_BLANKS = re.compile(r"[ \xa0\u200b]+")
_AROUND = re.compile(r" *\n[ \n]*")


def tidy(text: str) -> str:
    """Runs of blanks as one, no blank lines, no blanks at line ends."""
    return _AROUND.sub("\n", _BLANKS.sub(" ", text)).strip()
