"""Checks the built documentation site: nothing is loaded from elsewhere, every relative link leads somewhere.

    python tools/check_site.py build/docs

Exit status 1 where something was found; each finding is one line on standard error.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

# What a browser fetches by itself when it shows a page; following a link (`a`) is the reader's own act.
LOADED = {
    "script": ("src",), "img": ("src", "srcset"), "link": ("href",), "iframe": ("src",), "source": ("src", "srcset"),
    "video": ("src", "poster"), "audio": ("src",), "object": ("data",), "embed": ("src",), "image": ("href",),
    "use": ("href",),
}  # fmt: skip
_STYLE_LOADS = re.compile(r"""(?:url\(\s*["']?|@import\s+["'])((?:[a-z]+:)?//[^"')\s]*)""", re.IGNORECASE)
_SCRIPT_LOADS = re.compile(r"""(?:fetch|import|importScripts|open)\(\s*["'`]((?:https?:)?//[^"'`]*)""")


class Page(HTMLParser):
    """What one page loads, links to, and offers as anchors."""

    def __init__(self, text: str):
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        given = {name: value for name, value in attrs if value}
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        self.loads += [given[name] for name in LOADED.get(tag, ()) if name in given]
        self.loads += _STYLE_LOADS.findall(given.get("style", ""))
        if tag == "a" and "href" in given:
            self.links.append(given["href"])


class Finding(NamedTuple):
    """Something wrong with a file of the site."""

    file: Path
    words: str


def foreign(address: str) -> bool:
    """Whether loading it asks another computer."""
    parts = urlsplit(address)
    return parts.scheme not in {"", "data"} or bool(parts.netloc)


def check(site: Path) -> Iterator[Finding]:
    """Everything wrong with a site."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    if not pages:
        yield Finding(site, "there is no page")
    for path, page in pages.items():
        for address in page.loads:
            if foreign(address):
                yield Finding(path, f"loads {address}")
        for address in (*page.loads, *page.links):
            if not foreign(address) and not address.startswith("data:"):
                yield from _dead(path, address, pages)
    for kind, pattern in ((".css", _STYLE_LOADS), (".js", _SCRIPT_LOADS)):
        for path in sorted(site.rglob(f"*{kind}")):
            for address in pattern.findall(path.read_text(encoding="utf-8")):
                yield Finding(path, f"loads {address}")


def _dead(path: Path, address: str, pages: dict[Path, Page]) -> Iterator[Finding]:
    parts = urlsplit(address)
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.exists():
        yield Finding(path, f"links to {address}, which is not there")
    elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
        yield Finding(path, f"links to {address}, but there is no such place in the page")


def main() -> int:
    """Check the folder given; returns the exit status."""
    site = Path(sys.argv[1]).resolve()
    found = list(check(site))
    for each in found:
        sys.stderr.write(f"{each.file.relative_to(site)}: {each.words}\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
