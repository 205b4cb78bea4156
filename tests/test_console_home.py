"""The owner's pages: who may open them, who may change anything, and what strangers' words can do there."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

from home_pages import Opened, opened, quiet, troubled
from kuraban.console.home import door
from kuraban.console.home.door import Door
from kuraban.console.home.serving import Pages
from kuraban.home.folder import Folder
from kuraban.home.problems import HomeError

PATHS = ("/", "/mails", "/missing", "/reach", "/harden", "/incident", "/incident/package", "/watch")
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\x1b]")


@pytest.fixture(scope="module")
def robbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(troubled(tmp_path_factory.mktemp("robbed"))) as found:
        yield found


def test_the_token_opens_the_pages_and_leaves_the_address(robbed: Opened) -> None:
    answer = httpx.get(robbed.pages.address)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    "path", [*PATHS, "/light", "/reach.svg", "/nothing", "/?token=guessed", "/?token=", "/?token=é"]
)
def test_whoever_has_no_token_sees_how_to_get_in_and_nothing_else(robbed: Opened, path: str) -> None:
    answer = httpx.get(robbed.url + path, headers={"accept-language": "ja"})
    assert answer.status_code == 403
    assert "kuraban home watch --open" in answer.text
    assert "楽天" not in answer.text


def test_a_browser_that_was_let_in_by_an_earlier_start_is_not_let_in_again(robbed: Opened) -> None:
    answer = httpx.get(robbed.url, cookies={robbed.pages.seat.door.cookie: "of-yesterday"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", "127.0.0.1.nip.io:{port}"],
)
def test_a_name_of_somebody_elses_that_points_here_opens_nothing(robbed: Opened, host: str) -> None:
    named = host.format(port=robbed.pages.seat.door.port)
    for path in ("/", robbed.pages.address, f"/static/{robbed.pages.seat.frame.version}/home.css"):
        answer = robbed.client.get(path, headers={"host": named})
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_the_address_given_to_the_browser_works_once_and_soon() -> None:
    clock = [0.0]
    found = Door(4321, lambda: clock[0])
    token = found.address_once().partition("=")[2]
    assert found.enter(token) is not None
    assert found.enter(token) is None
    late = found.address_once().partition("=")[2]
    clock[0] += door.ONCE_S + 1
    assert found.enter(late) is None
    assert found.enter(found.address().partition("=")[2]) is not None


def test_only_the_latest_browsers_stay_let_in() -> None:
    found = Door(4321)
    token = found.address().partition("=")[2]
    words = [found.enter(token) or "" for _ in range(door.MOST_SESSIONS + 3)]
    assert [found.of(word) is None for word in words] == [True] * 3 + [False] * door.MOST_SESSIONS


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
    ],
)
def test_another_sites_form_changes_nothing_even_with_the_right_word(robbed: Opened, headers: dict[str, str]) -> None:
    key = robbed.waiting()[0].finding.id
    answer = robbed.client.post(
        f"/findings/{key}/answer", data={"csrf": robbed.csrf(), "said": "mine"}, headers=headers
    )
    assert answer.status_code == 403
    assert robbed.waiting()[0].finding.id == key


@pytest.mark.parametrize("csrf", [None, "", "guessed", "あ"])
def test_a_form_without_the_pages_own_word_changes_nothing(robbed: Opened, csrf: str | None) -> None:
    key = robbed.waiting()[0].finding.id
    fields = {"said": "mine"} if csrf is None else {"said": "mine", "csrf": csrf}
    assert robbed.client.post(f"/findings/{key}/answer", data=fields).status_code == 403
    assert robbed.waiting()[0].finding.id == key


def test_a_script_elsewhere_on_this_computer_reads_nothing_with_the_browsers_cookie(robbed: Opened) -> None:
    for site in ("same-site", "cross-site"):
        headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors"}
        assert robbed.client.get("/mails", headers=headers).status_code == 403


def test_a_form_that_is_too_large_is_refused(robbed: Opened) -> None:
    assert robbed.post("/incident", text="x" * 100_000).status_code == 403


def test_pages_listen_on_this_computer_only_and_say_when_the_port_is_taken(tmp_path: Path, robbed: Opened) -> None:
    assert robbed.pages._socket.getsockname()[0] == "127.0.0.1"
    with pytest.raises(HomeError) as caught:
        Pages(Folder(tmp_path), robbed.pages.seat.door.port)
    assert "--port" in caught.value.words.ja


def test_a_server_that_fails_says_so_and_takes_nobody_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[BaseException] = []
    pages = Pages(Folder(tmp_path), failed=told.append)

    async def broken(sockets: object = None) -> None:
        raise OSError("broken")

    monkeypatch.setattr(pages._server, "serve", broken)
    assert not pages.begin()
    pages.close()
    assert [str(error) for error in told] == ["broken"]


class _Elements(HTMLParser):
    """Every element and attribute of a page."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_what_strangers_write_is_text_and_nothing_is_loaded_or_linked_elsewhere(robbed: Opened) -> None:
    pages = [robbed.client.get(path) for path in (*PATHS, "/mails?verdict=forged", "/mails?q=%3Cscript%3E%E2%80%AE")]
    pages += [robbed.client.get(href) for href in set(re.findall(r'href="(/mails/[0-9a-f]{64})"', pages[-2].text))]
    assert any("alert(1)" in page.text for page in pages)
    for page in pages:
        assert page.status_code == 200
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert not TURNING.search(page.text)
        for tag, attributes in _Elements(page.text).found:
            assert tag not in {"iframe", "object", "embed", "style", "base"}
            assert not any(name.startswith("on") or name == "style" for name in attributes)
            for name in ("src", "href", "action", "hx-get"):
                assert (attributes.get(name) or "/").startswith(("/", "#")), (tag, attributes)
                assert not (attributes.get(name) or "").startswith("//")
            if tag == "script":
                assert (attributes["src"] or "").startswith("/static/")


def test_a_forged_mail_shows_its_true_host_as_text(robbed: Opened) -> None:
    listed = robbed.client.get("/mails?q=onerror").text
    href = re.search(r'href="(/mails/[0-9a-f]{64})"', listed)
    assert href is not None
    page = robbed.client.get(href[1]).text
    assert "<b>rakuten-sec.example.top</b>" in page
    assert "偽物" in page
    assert "リンクを押さず" in page


def test_nobody_finds_the_token_in_what_the_server_prints(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with opened(quiet(tmp_path)) as found:
        found.client.get("/?token=wrong-one")
        word = found.pages.address.partition("=")[2]
    printed = capfd.readouterr()
    assert word not in printed.out + printed.err + caplog.text
    assert "wrong-one" not in printed.out + printed.err + caplog.text
