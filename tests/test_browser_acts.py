"""Analysts at work in a real browser: by keys alone, two on one case, signed out in between, and with many alerts."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect

from browser import PHONE, Look, barriers, overflow, remember, settled, shoot
from desk import Running, running, theft
from kuraban.console.desk.people import ANALYST, IDLE_S, MANAGER, VIEWER

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NAMES = ("by-keys", "by-two", "in-between", "away", "noted", "live", "left", "looked-at")
MANY = 100_000


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("acts")) as found:
        for name in NAMES:
            found.send(theft(name)).raise_for_status()
        yield found


def state(desk: Running, account: str) -> str:
    """What the journal says of an account's newest alert."""
    with closing(sqlite3.connect(f"file:{desk.service.journal}?mode=ro", uri=True)) as connection:
        (found,) = connection.execute(
            "SELECT state FROM alert WHERE account = ? ORDER BY id DESC", (account,)
        ).fetchone()
    return str(found)


def number(desk: Running, account: str) -> int:
    """Of an account's newest alert."""
    with closing(sqlite3.connect(f"file:{desk.service.journal}?mode=ro", uri=True)) as connection:
        (found,) = connection.execute("SELECT max(id) FROM alert WHERE account = ?", (account,)).fetchone()
    return int(found)


def signed_out(desk: Running, name: str) -> None:
    """All browsers of somebody are signed out, elsewhere."""
    person = desk.person(name)
    with desk.people.changing() as connection:
        connection.execute("DELETE FROM session WHERE person = ?", (person.id,))


def signed_in_again(desk: Running, page: Page, name: str) -> None:
    """Somebody has signed in once more, in another tab."""
    word = desk.people.begin(desk.person(name).id, "link")
    remember(page.context, word)


def test_a_case_is_found_judged_and_noted_by_keys_alone(desk: Running, look: Look) -> None:
    page = look.page()
    page.goto(f"{desk.url}/console/enter/{desk.people.link(desk.people.add('鍵盤', ANALYST))}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url("**/console/alerts")
    page.keyboard.press("?")
    expect(page.locator("dialog#keys")).to_be_visible()
    assert barriers(page) == []
    page.keyboard.press("Escape")
    row = page.locator(f'[data-alert="{number(desk, "by-keys")}"]')
    for _ in range(len(NAMES)):
        page.keyboard.press("j")
        if "here" in (row.get_attribute("class") or ""):
            break
    page.keyboard.press("t")
    expect(page.locator("dialog[open]")).to_be_visible()
    assert barriers(page) == []
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(row.locator(".state .chip")).to_have_class(re.compile("state-takeover"))
    expect(row).not_to_have_class(re.compile("pending"))
    assert state(desk, "by-keys") == "takeover"
    row.locator("[data-open]").press("Enter")
    page.wait_for_url("**/console/alerts/*")
    page.keyboard.press("n")
    page.keyboard.type("口座番号の控えを取得")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#history")).to_contain_text("口座番号の控えを取得")
    page.keyboard.press("/")
    page.keyboard.type("by-keys")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/account?id=by-keys")


def test_every_link_and_button_of_a_page_is_reached_by_tab_and_seen_there(desk: Running, look: Look) -> None:
    page = look.signed_in(desk, "順番")
    page.goto(f"{desk.url}/console/alerts/{number(desk, 'looked-at')}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    wanted = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input, select, summary')]"
        ".filter((each) => each.checkVisibility() && !each.disabled && each.type !== 'hidden').length"
    )
    reached = page.evaluate("[]")
    for _ in range(wanted + 5):
        place, ring = page.evaluate(
            "(() => { const at = document.activeElement; at.dataset.reached = 'yes';"
            " return [at.tagName, getComputedStyle(at).outlineStyle]; })()"
        )
        if place != "BODY":
            reached.append(place)
            assert ring != "none", f"nothing shows that {place} has the focus"
        page.keyboard.press("Tab")
    assert page.evaluate("document.querySelectorAll('[data-reached]').length") >= wanted


def test_the_later_of_two_analysts_is_told_who_was_first_and_nothing_of_his_is_lost(desk: Running, look: Look) -> None:
    look.allow("409")
    first, second = look.signed_in(desk, "先の人"), look.signed_in(desk, "後の人", language="en")
    for page in (first, second):
        page.goto(f"{desk.url}/console/alerts/{number(desk, 'by-two')}")
    first.keyboard.press("a")
    expect(first.locator("#case .state .chip")).to_have_class(re.compile("state-acknowledged"))
    expect(first.locator("#case")).not_to_have_class(re.compile("pending"))
    second.keyboard.press("o")
    second.keyboard.press("2")
    second.keyboard.type("on holiday")
    second.locator("dialog[open] textarea").fill("says his wife")
    second.keyboard.press("Control+Enter")
    failure = second.locator("#failures .failure")
    expect(failure).to_contain_text("先の人")
    expect(failure).to_contain_text("says his wife")
    assert state(desk, "by-two") == "acknowledged"
    shoot(second, "desk-conflict-en")
    failure.get_by_role("button", name="Do it all the same").click()
    expect(second.locator("#case .state .chip")).to_have_class(re.compile("state-owner"))
    expect(second.locator("#case")).not_to_have_class(re.compile("pending"))
    assert state(desk, "by-two") == "owner"
    expect(second.locator("#history")).to_contain_text("says his wife")


def test_an_act_after_the_session_has_ended_says_so_and_keeps_what_was_written(desk: Running, look: Look) -> None:
    page = look.signed_in(desk, "離席した人")
    page.goto(f"{desk.url}/console/alerts/{number(desk, 'in-between')}")
    signed_out(desk, "離席した人")
    page.keyboard.press("t")
    page.keyboard.press("2")
    page.locator("dialog[open] textarea").fill("折り返し待ち")
    page.keyboard.press("Control+Enter")
    failure = page.locator("#failures .failure")
    expect(failure).to_contain_text("折り返し待ち")
    expect(failure.get_by_role("link", name="サインイン")).to_be_visible()
    assert state(desk, "in-between") == "open"
    signed_in_again(desk, page, "離席した人")
    page.reload()
    expect(failure).to_contain_text("折り返し待ち")
    failure.get_by_role("button", name="もう一度送る").click()
    expect(page.locator("#history")).to_contain_text("折り返し待ち")
    assert state(desk, "in-between") == "takeover"


def test_a_page_open_while_the_session_ends_leads_to_sign_in_and_back(desk: Running, look: Look) -> None:
    page = look.signed_in(desk, "眺める人", VIEWER)
    page.goto(f"{desk.url}/console/?minutes=60")
    settled(page)
    signed_out(desk, "眺める人")
    page.wait_for_url("**/console/sign-in?back=*")
    signed_in_again(desk, page, "眺める人")
    page.reload()
    page.wait_for_url("**/console/?minutes=60")


@pytest.mark.parametrize("by_link", [False, True], ids=["same-tab", "by-link"])
def test_a_form_filled_in_when_the_session_ended_is_there_again_after_signing_in(
    desk: Running, look: Look, by_link: bool
) -> None:
    look.allow("403")
    page = look.signed_in(desk, "書く人")
    form = f"{desk.url}/console/alerts/{number(desk, 'noted')}/act/note"
    page.goto(form)
    page.locator("textarea").fill("途中まで書いたメモ")
    signed_out(desk, "書く人")
    page.get_by_role("button", name="確定").click()
    page.wait_for_url("**/console/sign-in?back=*")
    if by_link:
        page.goto(f"{desk.url}/console/enter/{desk.people.link(desk.person('書く人'))}")
        page.get_by_role("button", name="サインインする").click()
        page.get_by_role("link", name="続きを開く").click()
    else:
        signed_in_again(desk, page, "書く人")
        page.reload()
    page.wait_for_url(form)
    expect(page.locator("#restored")).to_be_visible()
    expect(page.locator("textarea")).to_have_value("途中まで書いたメモ")
    page.get_by_role("button", name="確定").click()
    expect(page.locator("#history")).to_contain_text("途中まで書いたメモ")
    page.goto(form)
    expect(page.locator("textarea")).to_have_value("")


def test_a_viewer_sees_everything_and_is_offered_nothing_to_do(desk: Running, look: Look) -> None:
    page = look.signed_in(desk, "見る人", VIEWER)
    page.goto(f"{desk.url}/console/alerts")
    assert page.locator("[data-row]").count() >= len(NAMES) - 3
    assert page.locator("[data-act]").count() == 0
    page.keyboard.press("j")
    page.keyboard.press("t")
    assert page.locator("dialog[open]").count() == 0


def test_a_page_nobody_touches_does_not_keep_an_analyst_signed_in(desk: Running, look: Look) -> None:
    page = look.signed_in(desk, "去った人", ANALYST)
    page.clock.install()
    page.goto(f"{desk.url}/console/")
    with page.expect_request(lambda request: "x-unattended" in request.headers):
        page.clock.run_for(70_000)
    person = desk.person("去った人")
    with desk.people.changing() as connection:
        connection.execute("UPDATE session SET seen = seen - ? WHERE person = ?", (IDLE_S // 2, person.id))
    with page.expect_response(lambda response: "x-unattended" in response.request.headers):
        page.clock.run_for(10_000)
    (session,) = desk.people.sessions(person)
    assert desk.people.now() - session.seen >= IDLE_S // 2


def test_now_shows_what_comes_in_without_being_asked(desk: Running, look: Look) -> None:
    page = look.signed_in(desk, "見張り番", VIEWER, language="en")
    page.goto(f"{desk.url}/console/")
    settled(page)
    before = int(page.locator("#alerts-open").inner_text().replace(",", ""))
    desk.send(theft("just-now")).raise_for_status()
    expect(page.locator("#alerts-open")).to_have_text(str(before + 1))
    expect(page.locator("#live")).to_contain_text("just-now")


def test_a_hundred_thousand_alerts_are_paged_filtered_and_acted_on(
    tmp_path_factory: pytest.TempPathFactory, look: Look
) -> None:
    with running(tmp_path_factory.mktemp("many")) as desk:
        desk.send(theft("model")).raise_for_status()
        with closing(sqlite3.connect(desk.service.journal, isolation_level=None, timeout=30)) as connection:
            connection.execute(
                "WITH RECURSIVE many(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM many WHERE i < ?)"
                " INSERT INTO alert (account, state, opened, updated, loss, ring, events, last, decision, action)"
                " SELECT 'many-' || i, 'open', opened, updated, loss * (1 + i % 9973) / 9974.0,"
                " CASE WHEN i % 3 = 0 THEN 'ring-7992.T-20250422' END, events, last, decision, action"
                " FROM many, alert WHERE account = 'model'",
                (MANY,),
            )
        page = look.signed_in(desk, "多忙な人", MANAGER)
        page.goto(f"{desk.url}/console/")
        settled(page)
        expect(page.locator("#alerts-open")).to_have_text(f"{MANY + 1:,}")
        page.goto(f"{desk.url}/console/alerts")
        shown = page.locator("[data-row]")
        assert shown.count() == 50
        seen = set(page.locator("[data-row]").evaluate_all("(rows) => rows.map((row) => row.id)"))
        for _ in range(3):
            with page.expect_navigation():
                page.keyboard.press("]")
            new = set(shown.evaluate_all("(rows) => rows.map((row) => row.id)"))
            assert len(new) == 50
            assert not new & seen
            seen |= new
        page.goto(f"{desk.url}/console/alerts?account=many-77777")
        assert shown.count() == 1
        page.keyboard.press("j")
        page.keyboard.press("a")
        expect(shown.locator(".state .chip")).to_have_class(re.compile("state-acknowledged"))
        expect(shown).not_to_have_class(re.compile("pending"))
        assert state(desk, "many-77777") == "acknowledged"
        page.goto(f"{desk.url}/console/groups")
        expect(page.locator("main")).to_contain_text(f"{len(range(3, MANY + 1, 3)):,}")
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        page.goto(f"{desk.url}/console/groups/show?id=ring-7992.T-20250422")
        assert overflow(page) <= 0
        shoot(page, "desk-many-ring-ja-phone")
