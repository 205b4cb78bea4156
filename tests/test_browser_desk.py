"""The desk's pages in a real browser, over a simulated world in which strangers wrote everywhere what they could."""

import sqlite3
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from browser import Look, barriers, inspected, settled
from desk import Running
from desk_pages import RING, SCRIPT, SPRAY, shown
from kuraban.console.desk.people import ANALYST, MANAGER

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = {
    "now": "/",
    "alerts": "/alerts",
    "alert": "/alerts/{alert}",
    "act": "/alerts/{alert}/act/takeover",
    "account": f"/account?id={quote(SCRIPT)}",
    "account-of-the-ring": "/account?id=trader-3",
    "event": "/events/{event}",
    "nobody": "/find?account=trader",
    "nothing": "/alerts/99999",
    "groups": "/groups",
    "ring": f"/groups/show?id={RING}",
    "spray": f"/groups/show?id={SPRAY}",
    "policy": "/policy",
    "policy-version": "/policy/versions/1",
    "audit": "/audit",
    "audit-filtered": f"/audit?account={quote(SCRIPT)}",
    "health": "/health",
    "me": "/me",
}

# Whether each named point of a chart is there: in the colour of one that stands at that place.
_DRAWN = """() => {
    const { plot, dataset } = document.getElementById('plot'), given = JSON.parse(dataset.chart);
    const pixel = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgb = (name) => {
        pixel.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
        pixel.fillRect(0, 0, 1, 1);
        return [...pixel.getImageData(0, 0, 1, 1).data].join();
    };
    const colours = given.labels.map((each) => rgb(each.colour));
    const { width, height } = plot.ctx.canvas, all = plot.ctx.getImageData(0, 0, width, height).data;
    const place = (each) => [plot.valToPos(each.x, 'x', true), plot.valToPos(each.y, 'y', true)].map(Math.round);
    const at = ([x, y]) => [...all.slice(4 * (y * width + x), 4 * (y * width + x) + 4)].join();
    const there = (each) => colours.includes(at(place(each)));
    return Object.fromEntries(given.labels.map((each) => [each.text, there(each)]));
}"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with shown(tmp_path_factory.mktemp("shown")) as found:
        yield found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_nobody_out_fits_a_phone_and_runs_nothing_of_strangers(
    desk: Running, look: Look, name: str
) -> None:
    if name in ("nobody", "nothing"):
        look.allow("404")
    with sqlite3.connect(f"file:{desk.service.journal}?mode=ro", uri=True) as connection:
        alert, event = connection.execute("SELECT id, last FROM alert WHERE account = ?", (SCRIPT,)).fetchone()
    connection.close()
    inspected(
        lambda **options: look.signed_in(desk, SCRIPT, MANAGER, **options),
        f"{desk.url}/console{PAGES[name].format(alert=alert, event=event)}",
        f"desk-{name}",
    )


def test_the_fields_of_a_filter_and_what_they_are_called_stand_in_line(desk: Running, look: Look) -> None:
    page = look.signed_in(desk)
    page.goto(f"{desk.url}/console/alerts")
    settled(page)
    for fields in ("#filters label", "#filters :is(input, select)"):
        tops = page.locator(fields).evaluate_all("(found) => found.map((each) => each.getBoundingClientRect().top)")
        assert len(tops) == 5
        assert max(tops) - min(tops) < 1


def test_another_policy_is_tried_on_the_journal_and_the_two_outcomes_stand_side_by_side(
    desk: Running, look: Look
) -> None:
    page = look.signed_in(desk, "責任者", MANAGER)
    page.goto(f"{desk.url}/console/policy")
    page.locator("#toml").fill("[cost]\nchallenge = 12000\nhold = 200000\nlock = 400000\n")
    page.locator("#since").fill("2025-04-01")
    page.get_by_role("button", name="試す", exact=True).click()
    page.wait_for_url("**/console/policy/trials/*")
    expect(page.locator("#trial")).to_have_attribute("data-state", "done", timeout=120_000)
    settled(page)
    expect(page.locator("#sides")).to_contain_text("追加認証以上の口座")
    assert page.evaluate(_DRAWN) == {"× 1 この文面": True, "実際": True}
    inspected(lambda **options: look.signed_in(desk, "責任者", MANAGER, **options), page.url, "desk-trial")


def test_a_ring_is_judged_as_one_thing_without_those_left_out(desk: Running, look: Look) -> None:
    page = look.signed_in(desk, "佐藤", ANALYST)
    page.goto(f"{desk.url}/console/groups/show?id={RING}")
    settled(page)
    page.locator("#act > summary").press("Enter")
    expect(page.get_by_role("button", name="選んだ8口座を確かめる")).to_be_enabled()
    page.get_by_label("trader-3", exact=True).uncheck()
    page.get_by_label("確認中").check()
    page.get_by_label("理由").fill("銘柄の買い上げを調査中")
    assert barriers(page) == []
    page.get_by_role("button", name="選んだ7口座を確かめる").press("Enter")
    expect(page.locator("[data-judged]")).to_have_count(7)
    assert barriers(page) == []
    page.get_by_role("button", name="7口座を「確認中」にする").press("Enter")
    expect(page.locator("#acts")).to_contain_text("銘柄の買い上げを調査中")
    expect(page.locator("main [data-row] .state-acknowledged")).to_have_count(7)
    page.locator("#act > summary").press("Enter")
    for box in page.locator('#act input[type="checkbox"]').all():
        box.uncheck()
    expect(page.get_by_role("button", name="選んだ0口座を確かめる")).to_be_disabled()
