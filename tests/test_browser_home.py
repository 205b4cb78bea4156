"""The owner's pages in a real browser: for one to whom nothing happened, and one who was robbed and written to."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page

from browser import Look, inspected
from home_pages import Opened, opened, quiet, troubled

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = {
    "light": "/",
    "mails": "/mails",
    "mail": "/mails",  # the first of them
    "finding": "/",  # the first one there
    "missing": "/missing",
    "reach": "/reach",
    "reach-edit": "/reach/edit",
    "reach-form": "/reach/edit",  # the questions about the first broker
    "plan": "/plan",
    "harden": "/harden",
    "incident": "/incident",
    "package": "/incident/package",
    "watch": "/watch",
    "nothing": "/nothing",
}
_FIRST = {
    "mail": r'href="(/mails/[^"]+)"',
    "finding": r'href="(/findings/[^"]+)"',
    "reach-form": r'href="(/reach/edit/broker/[^"]+)"',
}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(quiet(tmp_path_factory.mktemp("calm"))) as found:
        yield found


@pytest.fixture(scope="module")
def robbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(troubled(tmp_path_factory.mktemp("robbed"))) as found:
        yield found


def let_in(look: Look, home: Opened, **options: Any) -> Page:
    """A page of a browser that has shown the token."""
    context = look.context(**options)
    cookie = home.pages.seat.door.cookie
    context.add_cookies([{"name": cookie, "value": home.client.cookies[cookie], "url": home.url}])
    return context.new_page()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_the_owner_keeps_nobody_out_fits_a_phone_and_runs_nothing_of_strangers(
    robbed: Opened, look: Look, name: str
) -> None:
    look.allow("404")
    path = PAGES[name]
    if name in _FIRST:
        found = re.search(_FIRST[name], robbed.client.get(path).text)
        assert found is not None
        path = found[1]
    inspected(lambda **options: let_in(look, robbed, **options), robbed.url + path, f"home-{name}")


@pytest.mark.parametrize("path", ["/", "/mails", "/missing", "/incident"])
def test_a_calm_owners_page_keeps_nobody_out_either(calm: Opened, look: Look, path: str) -> None:
    inspected(lambda **options: let_in(look, calm, **options), calm.url + path, f"home-calm{path.replace('/', '-')}")


def test_the_address_with_the_token_opens_the_pages_and_a_stranger_sees_how_to_get_in(
    robbed: Opened, look: Look
) -> None:
    look.allow("403")
    page = look.page()
    page.goto(robbed.pages.address)
    assert page.url == f"{robbed.url}/"
    inspected(look.page, f"{robbed.url}/mails", "home-closed")


def test_steps_show_that_they_open_figures_stay_whole_and_the_picture_follows_the_dark(
    robbed: Opened, look: Look
) -> None:
    page = let_in(look, robbed, dark=True, size=(390, 800))
    page.goto(f"{robbed.url}/incident")
    sign = "place => getComputedStyle(document.querySelector(place), '::after').content"
    assert page.evaluate(sign, ".step[open] > summary") == '"▾"'
    assert page.evaluate(sign, ".step:not([open]) > summary") == '"▸"'
    page.goto(f"{robbed.url}/reach")
    lines = "() => [...document.querySelectorAll('#falls td.figure, .whole')].map(one => one.getClientRects().length)"
    assert set(page.evaluate(lines)) == {1}
    assert "invert" in page.evaluate("() => getComputedStyle(document.querySelector('#reach')).filter")
    assert page.content().count("矢印: 元が破られると") == 1
