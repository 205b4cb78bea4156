"""Signing in with a passkey in a real browser, whose authenticator is Chromium's own virtual one."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from browser import PHONE, Look, barriers, overflow, shoot
from desk import Running, running
from kuraban.console.desk.people import ANALYST, VIEWER

pytestmark = pytest.mark.browser
_KEY = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("sign-in")) as found:
        yield found


def named(desk: Running) -> str:
    """The desk's address with a name: passkeys are for names."""
    return desk.url.replace("127.0.0.1", "localhost")


def authenticator(page: Page, **more: Any) -> tuple[CDPSession, str]:
    """Plug one in."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": {**_KEY, **more}})
    return session, made["authenticatorId"]


def by_link(desk: Running, page: Page, name: str, role: str = ANALYST) -> None:
    """Sign in by a link, at the address with a name."""
    person = desk.people.find(name) or desk.people.add(name, role)
    page.goto(f"{named(desk)}/console/enter/{desk.people.link(person)}")
    page.get_by_role("button", name="サインインする").click()
    page.wait_for_url("**/console/")


def make(page: Page, desk: Running, name: str) -> None:
    """Make a passkey on one's own page."""
    page.goto(f"{named(desk)}/console/me")
    page.get_by_label("新しいパスキーの名前").fill(name)
    page.get_by_role("button", name="パスキーを登録").click()
    expect(page.get_by_role("cell", name=name).first).to_be_visible()


def test_a_passkey_once_made_signs_in_without_a_name_and_leads_back(desk: Running, look: Look) -> None:
    page = look.page()
    session, key = authenticator(page)
    by_link(desk, page, "鍵の人")
    make(page, desk, "席のPC")
    shoot(page, "desk-me-ja-light")
    assert not barriers(page)
    page.get_by_role("button", name="サインアウト", exact=True).click()
    page.goto(f"{named(desk)}/console/alerts?state=open")
    page.get_by_role("button", name="パスキーでサインイン").press("Enter")
    page.wait_for_url("**/console/alerts?state=open")
    assert page.get_by_role("link", name="鍵の人").is_visible()
    (kept,) = session.send("WebAuthn.getCredentials", {"authenticatorId": key})["credentials"]
    assert kept["rpId"] == "localhost"
    assert kept["signCount"] > 1
    assert [each.how for each in desk.people.sessions(desk.person("鍵の人"))] == ["passkey"]


def test_a_passkey_that_was_removed_signs_in_no_more(desk: Running, look: Look) -> None:
    look.allow("403")
    page = look.page()
    authenticator(page)
    by_link(desk, page, "鍵を捨てる人")
    make(page, desk, "古い鍵")
    page.get_by_role("button", name="削除 古い鍵").click()
    expect(page.get_by_text("まだありません")).to_be_visible()
    page.get_by_role("button", name="サインアウト", exact=True).click()
    page.get_by_role("button", name="パスキーでサインイン").click()
    expect(page.get_by_role("alert").filter(has_text="このパスキーではサインインできません")).to_be_visible()


def test_a_passkey_does_not_outlive_its_person(desk: Running, look: Look) -> None:
    look.allow("403")
    page = look.page()
    authenticator(page)
    by_link(desk, page, "去る人")
    make(page, desk, "鍵")
    assert desk.people.remove("去る人")
    page.goto(f"{named(desk)}/console/")
    page.get_by_role("button", name="パスキーでサインイン").click()
    expect(page.get_by_role("alert").filter(has_text="サインインできません")).to_be_visible()


def test_an_authenticator_whose_counter_went_back_is_refused(desk: Running, look: Look) -> None:
    look.allow("403")
    page = look.page()
    authenticator(page)
    by_link(desk, page, "写された鍵の人")
    make(page, desk, "鍵")
    with desk.people.changing() as connection:  # the copy has been used elsewhere, more often than this one
        connection.execute("UPDATE passkey SET uses = 1000 WHERE name = '鍵'")
    page.get_by_role("button", name="サインアウト", exact=True).click()
    page.get_by_role("button", name="パスキーでサインイン").click()
    expect(page.get_by_role("alert").filter(has_text="サインインできません")).to_be_visible()


def test_what_was_signed_once_does_not_sign_in_again(desk: Running, look: Look) -> None:
    look.allow("403")
    page = look.page()
    authenticator(page)
    by_link(desk, page, "盗み聞かれる人")
    make(page, desk, "鍵")
    page.get_by_role("button", name="サインアウト", exact=True).click()
    with page.expect_request(lambda request: "/sign-in?" in request.url and request.method == "POST") as sent:
        page.get_by_role("button", name="パスキーでサインイン").click()
    page.wait_for_url("**/console/")
    again = page.context.request.post(
        f"{named(desk)}/console/sign-in",
        data=sent.value.post_data,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert again.status == 403


def test_somebody_who_cannot_be_verified_makes_no_passkey(desk: Running, look: Look) -> None:
    page = look.page()
    authenticator(page, isUserVerified=False)
    by_link(desk, page, "指のない人")
    page.goto(f"{named(desk)}/console/me")
    page.get_by_role("button", name="パスキーを登録").click()
    expect(page.get_by_role("alert").filter(has_text="登録しませんでした")).to_be_visible()


def test_at_an_address_without_a_name_the_page_says_which_one_to_open(desk: Running, look: Look) -> None:
    page = look.page(language="en", size=PHONE)
    page.goto(f"{desk.url}/console/alerts")
    link = page.get_by_role("link", name="http://localhost")
    assert link.get_attribute("href") == f"{named(desk)}/console/sign-in?back=/alerts"
    assert overflow(page) <= 0


def test_the_other_browsers_can_be_signed_out(desk: Running, look: Look) -> None:
    first = look.signed_in(desk, "二台の人", VIEWER)
    second = look.signed_in(desk, "二台の人", VIEWER, language="en", size=PHONE, dark=True)
    second.goto(f"{desk.url}/console/me")
    assert not barriers(second)
    assert overflow(second) <= 0
    shoot(second, "desk-me-en-dark-phone")
    second.get_by_role("button", name="Sign out of all others").click()
    expect(second.get_by_role("button", name="Sign out of all others")).to_have_count(0)
    first.goto(f"{desk.url}/console/me")
    assert "/sign-in" in first.url
