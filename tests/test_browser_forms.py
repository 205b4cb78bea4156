"""The owner's forms in a real browser: by keyboard and without scripts, on a phone, with mistakes and hostile names."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from browser import PHONE, Look, barriers, settled, shoot, spilled
from home_pages import HOSTILE, REACH, Opened, Owner, opened
from kuraban.home.forms.questions import line, token

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Opened]:
    with opened(Owner(tmp_path)) as found:
        yield found


def let_in(look: Look, home: Opened, **options: Any) -> Page:
    context = look.context(**options)
    cookie = home.pages.seat.door.cookie
    context.add_cookies([{"name": cookie, "value": home.client.cookies[cookie], "url": home.url}])
    return context.new_page()


def fine(page: Page, name: str) -> None:
    """Nobody is kept out of a page, it fits its window, and nothing that stands in it has run."""
    settled(page)
    shoot(page, name)
    assert barriers(page) == []
    assert spilled(page, "the window") == []
    assert not page.evaluate("window.hostile")


def test_an_owner_draws_his_reach_by_keyboard_without_scripts_on_a_phone(home: Opened, look: Look) -> None:
    file = home.owner.folder.path / "reach.toml"
    file.unlink()
    page = let_in(look, home, size=PHONE, java_script_enabled=False)
    page.goto(f"{home.url}/reach")
    page.locator("#draw").press("Enter")
    page.locator("#banks").fill("楽天銀行")
    page.locator("#banks").press("Enter")
    page.wait_for_url("**/reach/edit/phone/*")
    phone = page.get_by_role("radio", name="スマホ")
    phone.focus()
    phone.press("Space")
    page.locator("#next").press("Enter")
    page.wait_for_url("**/reach/edit/mailbox/*")
    page.locator("#next").press("Enter")
    page.wait_for_url("**/reach/edit/broker/*")
    page.locator("#yen").fill("５００万円")
    page.get_by_role("radio", name="パスワードと、「mail」に届くメールの番号").press("Space")
    page.locator("#q-sweep").get_by_role("checkbox", name="楽天銀行").press("Space")
    page.locator("#next").press("Enter")
    while "/reach/edit/" in page.url:  # what is not known is left
        before = page.url
        page.locator("#next").press("Enter")
        expect(page).not_to_have_url(before)
    assert page.url == f"{home.url}/reach"
    expect(page.locator("#reach")).to_be_visible()
    text = file.read_text("utf-8")
    for said in ("yen = 5000000", 'sweep = ["楽天銀行"]', 'login = "email"', 'code_to = "mail"', 'device = "スマホ"'):
        assert said in text
    look.check()


@pytest.mark.parametrize("language", ["ja", "en"])
def test_mistakes_other_hands_and_hostile_names_cost_nothing_that_was_typed(
    home: Opened, look: Look, language: str
) -> None:
    look.allow("409", "422")
    file = home.owner.folder.path / "reach.toml"
    page = let_in(look, home, language=language, size=PHONE)
    path = f"{home.url}/reach/edit/broker/{token('楽天')}"
    page.goto(path)
    fine(page, f"form-{language}")
    page.locator("#name").fill(HOSTILE[:60])
    page.locator("#yen").fill("<b>many</b>")
    page.locator("#save").click()
    fine(page, f"form-wrong-{language}")
    expect(page.locator("#yen")).to_have_value("<b>many</b>")
    page.locator("#wrong a").click()
    expect(page.locator("#yen")).to_be_focused()
    page.locator("#yen").fill("1,234")
    file.write_text(REACH.replace("yen = 5000000", "yen = 7000000 # ほかで"), "utf-8")
    page.locator("#save").click()
    fine(page, f"form-conflict-{language}")
    expect(page.locator("#conflict")).to_contain_text("7,000,000")
    expect(page.locator("#yen")).to_have_value("1,234")
    assert "7000000" in file.read_text("utf-8")
    page.locator("#save").click()
    page.wait_for_url("**/reach/edit?saved=*")
    fine(page, f"form-hub-{language}")
    assert "yen = 1234 # ほかで" in file.read_text("utf-8")
    page.goto(f"{home.url}/reach/edit/broker/{token(line(HOSTILE[:60]))}")
    page.locator("#removal summary").click()
    page.locator("#remove").click()
    page.wait_for_url("**/reach/edit?gone=1")
    assert "[[broker]]" not in file.read_text("utf-8")
    file.write_text("[[broker]\n", "utf-8")
    page.goto(path)
    fine(page, f"form-broken-{language}")
    expect(page.locator("#broken")).to_have_attribute("data-line", "1")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_plan_is_made_changed_and_taken_out_on_a_phone(home: Opened, look: Look, language: str) -> None:
    look.allow("422")
    page = let_in(look, home, language=language, size=PHONE)
    page.goto(home.url)
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.wait_for_url("**/plan")
    page.locator('[data-add="recurring"]').click()
    page.locator("#day").fill("40")
    page.locator("#save").click()
    fine(page, f"plan-wrong-{language}")
    expect(page.locator("#account-wrong")).to_be_visible()
    page.get_by_role("radio", name="楽天").check()
    page.locator("#day").fill("10")
    page.locator("#save").click()
    page.wait_for_url("**/plan?saved=1*")
    page.locator('[data-list="never"]').get_by_role("checkbox").nth(2).check()
    page.locator('[data-list="never"] button').click()
    page.wait_for_url("**/plan?saved=1*")
    page.locator('[data-today="trading"]').click()
    expect(page.locator("#today .good")).to_be_visible()
    fine(page, f"plan-{language}")
    text = home.owner.folder.plan.read_text("utf-8")
    for said in ('never = ["HK"]', "trading = [2025-11-20]", 'account = "楽天"\nday = 10'):
        assert said in text
    page.locator(".entry a").click()
    page.locator("#removal summary").click()
    page.locator("#remove").click()
    page.wait_for_url("**/plan?saved=1*")
    assert "[[recurring]]" not in home.owner.folder.plan.read_text("utf-8")
