"""Belief over time in a real browser: an attack of minutes on an account of a year, on a desk and on a phone."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect

from browser import PHONE, Look, settled
from desk import Running, running, theft

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _year() -> list[bytes]:
    """A login every ten days for a year before the month and the theft of `theft`."""
    login, *_ = theft("year")
    event = json.loads(login)
    days = [date(2024, 5, 1) + timedelta(days=10 * n) for n in range(36)]
    return [
        *(
            json.dumps(event | {"id": f"y{day}", "time": f"{day}T09:00:00+09:00", "session": f"y{day}"}).encode()
            for day in days
        ),
        *theft("year"),
    ]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("year")) as found:
        found.send(_year())
        yield found


def _opened(desk: Running, look: Look, size: tuple[int, int]) -> Page:
    page = look.signed_in(desk, size=size)
    page.goto(f"{desk.url}/console/account?id=year&events=120")
    settled(page)
    return page


@pytest.mark.parametrize("size", [(1280, 900), PHONE], ids=["desk", "phone"])
def test_the_events_of_an_attack_stand_apart_and_are_all_in_sight_at_first(
    desk: Running, look: Look, size: tuple[int, int]
) -> None:
    page = _opened(desk, look, size)
    places = page.evaluate(
        """() => { const { plot, dataset } = document.getElementById('belief');
            return JSON.parse(dataset.chart).x.slice(-5).map((x) => plot.valToPos(x, 'x') / plot.over.clientWidth); }"""
    )
    width = page.locator("#belief .u-over").bounding_box()
    assert width is not None
    assert all(0 <= place <= 1 for place in places)
    assert (places[1] - places[0]) * width["width"] > 8
    page.get_by_role("button", name="全体を表示").press("Enter")
    assert page.evaluate("document.getElementById('belief').plot.scales.x.min") < 0
    page.get_by_role("button", name="拡大する").press("Enter")
    assert page.evaluate("document.getElementById('belief').plot.scales.x.min") > 0


def test_a_point_is_read_by_keys_by_buttons_and_under_the_pointer_and_leads_to_its_row(
    desk: Running, look: Look
) -> None:
    page = _opened(desk, look, PHONE)
    said = page.locator("#belief .said")
    page.locator("#belief .plot").focus()
    expect(said).to_contain_text("2025-05-20 03:04:00 · 出金依頼 · ")
    page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("2025-05-20 03:03:00 · 設定変更 · ")
    page.keyboard.press("Home")
    expect(said).to_contain_text("ログイン成功")
    assert page.evaluate("document.getElementById('belief').plot.scales.x.min") < 1
    page.keyboard.press("End")
    page.get_by_role("button", name="前の点").press("Enter")
    expect(said).to_contain_text("2025-05-20 03:03:00")
    page.locator("#belief .u-over").hover(position={"x": 20, "y": 60})
    expect(said).not_to_contain_text("2025-05-20 03:03:00")
    said.get_by_role("link").press("Enter")
    assert page.locator("tr:target").count() == 1
