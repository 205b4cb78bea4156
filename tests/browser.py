"""A real browser for the tests: the installed Chromium, a context for each test, and nothing wrong at its end.

Fixtures are made known by `conftest.py`: `chromium` (one a module, so that other tests may run loops of their own) and
`look`, by which a test opens pages. Pictures go to build/screenshots.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from desk import Running
from kuraban.console.desk.people import ANALYST
from kuraban.console.desk.seat import COOKIE, ROOT

SCREENSHOTS = Path(__file__).parents[1] / "build" / "screenshots"
WIDE, PHONE = (1280, 900), (390, 844)
FLAGS = (
    "--no-sandbox",  # Chromium's own cannot be set up as root in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_GRAVE = ("serious", "critical")


@contextmanager
def started() -> Iterator[Browser]:
    """A Chromium of one's own; without one the test is skipped, and fails where everything has to be there."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no chromium on the path: apt-get install chromium")
        pytest.skip("no chromium on the path: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Look:
    """What one test does in the browser. Whatever goes wrong in a page is kept; `check` wants there to be nothing."""

    def __init__(self, browser: Browser, name: str):
        self.name = name
        self.troubles: list[str] = []
        self._browser = browser
        self._allowed: list[re.Pattern[str]] = []
        self._contexts: list[BrowserContext] = []

    def context(
        self, *, language: str = "ja", size: tuple[int, int] = WIDE, dark: bool = False, **options: Any
    ) -> BrowserContext:
        """A browser without cookies; what its pages ask for outside this computer is a trouble."""
        found = self._browser.new_context(
            locale="ja-JP" if language == "ja" else "en-GB",
            timezone_id="Asia/Tokyo",
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            **options,
        )
        found.set_default_timeout(20_000)
        found.on("page", self._listen)
        self._contexts.append(found)
        return found

    def page(self, **options: Any) -> Page:
        """A page in a context of its own; options as `context` takes them."""
        return self.context(**options).new_page()

    def signed_in(self, desk: Running, name: str = "佐藤", role: str = ANALYST, **options: Any) -> Page:
        """A page of somebody who has a session at the desk already."""
        context = self.context(**options)
        person = desk.people.find(name) or desk.people.add(name, role)
        word = desk.people.begin(person.id, "link")
        remember(context, word)
        return context.new_page()

    def allow(self, *patterns: str) -> None:
        """Troubles that this test means to make, as regular expressions."""
        self._allowed.extend(map(re.compile, patterns))

    def check(self) -> None:
        """Fail on any trouble that was not meant."""
        found = [each for each in self.troubles if not any(pattern.search(each) for pattern in self._allowed)]
        assert not found, "\n".join(found)

    def close(self, *, failed: bool) -> None:
        """End the test's contexts; a failed one leaves pictures of its pages."""
        for number, page in enumerate(page for context in self._contexts for page in context.pages):
            if failed:
                with suppress(Exception):  # the page may be what failed
                    shoot(page, f"failed-{self.name}-{number}")
        for context in self._contexts:
            context.close()

    def _listen(self, page: Page) -> None:
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Request) -> None:
        # Leaving a page gives up what it was still asking for.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"request: {request.method} {request.url}: {request.failure}")

    def _asked(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme in ("http", "https") and where.hostname not in ("127.0.0.1", "localhost"):
            self.troubles.append(f"elsewhere: {request.url}")


def remember(context: BrowserContext, word: str) -> None:
    """Have a browser send a session's word, as the desk's server has it do."""
    context.add_cookies([{"name": COOKIE, "value": word, "domain": "127.0.0.1", "path": ROOT}])


def shoot(page: Page, name: str) -> Path:
    """A picture of the whole page in build/screenshots."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{re.sub(r'[^0-9A-Za-z_.-]+', '-', name)}.png"
    page.screenshot(path=path, full_page=True)
    return path


def barriers(page: Page, *rules: str) -> list[str]:
    """What keeps people out of a page: axe-core's serious and critical findings, each with the elements it is about;
    of some rules only, where they are named."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text("utf-8"))
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": rules}
    found = page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{each['id']} ({each['impact']}): {each['help']}\n"
        + "\n".join(f"    {node['html'][:200]}\n      {node['failureSummary']}" for node in each["nodes"][:5])
        for each in found["violations"]
        if each["impact"] in _GRAVE
    ]


def overflow(page: Page) -> int:
    """By how many pixels a page is wider than its window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return found


def settled(page: Page) -> None:
    """Wait until a page has all its parts and its charts are drawn."""
    page.wait_for_function(
        """() => document.readyState === 'complete' && !document.querySelector('[aria-busy="true"], .htmx-request')
            && [...document.querySelectorAll('[data-chart]')].every((figure) => figure.querySelector('canvas'))"""
    )


def inspected(open: Callable[..., Page], address: str, name: str) -> None:
    """Look at a page in both languages, light and dark, on a desk and on a phone: nobody is kept out of it, it is no
    wider than the window, and nothing that strangers wrote has run. open: makes a page, as `Look.page` does."""
    found: list[str] = []
    for language in ("ja", "en"):
        page = open(language=language)
        page.goto(address)
        settled(page)
        assert page.locator("html").get_attribute("lang") == language
        found += barriers(page)
        found += [*spilled(page, "the window"), *broken(page, "the window")]
        shoot(page, f"{name}-{language}")
        page.set_viewport_size({"width": 1024, "height": 800})
        found += [*spilled(page, "a narrow window"), *broken(page, "a narrow window")]
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {each}" for each in barriers(page, "color-contrast")]
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        found += [*spilled(page, "a phone"), *broken(page, "a phone")]
        shoot(page, f"{name}-{language}-dark-phone")
        assert not page.evaluate("window.hostile")
        page.context.close()
    assert not found, "\n".join(found)


def spilled(page: Page, what: str) -> list[str]:
    """What makes a page wider than its window, and what reaches beyond the panel it stands in."""
    found = [f"wider than {what}: {each}" for each in page.evaluate(_WIDE)] if overflow(page) > 0 else []
    if page.evaluate(
        "[...document.querySelectorAll('header nav')].some((nav) => nav.scrollWidth > nav.clientWidth + 1)"
    ):
        found.append(f"on {what}, pages out of sight in the bar")
    return found + [f"on {what}, wider than its panel: {each}" for each in page.evaluate(_SPILLED)]


def broken(page: Page, what: str) -> list[str]:
    """Words and numbers that do not stand in one line: amounts, times, headings of tables, short names."""
    return [f"on {what}, broken: {each}" for each in page.evaluate(_BROKEN)]


_SPILLED = """() => [...document.querySelectorAll('main .panel, main .tile')].filter(
    (each) => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).overflowX === 'visible'
).map((each) => each.textContent.trim().replace(/\\s+/g, ' ').slice(0, 120))"""

_BROKEN = """() => [...document.querySelectorAll('main :is(td.figure, thead th, time, bdi.brief, .chip)')]
    .filter((each) => !each.closest('thead') || getComputedStyle(each.closest('thead')).position !== 'absolute')
    .flatMap((each) => {
        const texts = [], walker = document.createTreeWalker(each, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) texts.push(walker.currentNode);
        return texts.flatMap((text) => [...text.data.matchAll(/\\S+/g)].filter((word) => {
            const range = document.createRange();
            range.setStart(text, word.index);
            range.setEnd(text, word.index + word[0].length);
            return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1;
        }).map((word) => `${word[0]} in ${each.outerHTML.slice(0, 120)}`));
    })"""

# The innermost elements that reach beyond the window, and do not scroll within something that fits.
_WIDE = """() => [...document.querySelectorAll('main *, header *')].filter((each) => {
    if (each.getBoundingClientRect().right <= innerWidth + 1) return false;
    for (let up = each.parentElement; up; up = up.parentElement)
        if (['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(up).overflowX)) return false;
    return true;
}).slice(-3).map((each) => each.outerHTML.slice(0, 160))"""
