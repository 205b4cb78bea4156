"""The frame of the desk's pages in a real browser."""

from collections.abc import Iterator

import pytest

from browser import PHONE, Look, barriers, overflow, shoot
from desk import Running, running, story, theft
from kuraban.console.desk.people import ANALYST

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("frame")) as found:
        found.send(story(200) + theft())
        yield found


def test_a_link_signs_in_with_one_key_and_the_sign_out_button_ends_it(desk: Running, look: Look) -> None:
    word = desk.people.link(desk.people.add("鈴木", ANALYST))
    page = look.page()
    page.goto(f"{desk.url}/console/enter/{word}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    assert page.get_by_text("鈴木").is_visible()
    page.get_by_role("button", name="サインアウト").click()
    page.wait_for_url("**/console/sign-in**")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_signing_in_keeps_nobody_out_and_fits_a_phone(desk: Running, look: Look, language: str, dark: bool) -> None:
    page = look.page(language=language, dark=dark, size=PHONE)
    page.goto(f"{desk.url}/console/")
    assert page.locator("html").get_attribute("lang") == language
    assert not barriers(page)
    assert overflow(page) <= 0
    shoot(page, f"desk-sign-in-{language}-{'dark' if dark else 'light'}")
