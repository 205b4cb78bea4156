"""The frame of the console: signing in, language, headers, and what is refused."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from desk import Running, running, signed_in
from kuraban.console.desk.people import ANALYST, IDLE_S, LINK_S, SESSION_S, VIEWER, People


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("desk")) as found:
        yield found


def test_a_page_asks_a_stranger_to_sign_in_and_comes_back_to_it(desk: Running) -> None:
    answer = httpx.get(f"{desk.url}/console/alerts?state=open")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/sign-in?back=%2Falerts%3Fstate%3Dopen"


def test_a_link_works_once_and_opening_it_does_not_use_it_up(desk: Running) -> None:
    word = desk.people.link(desk.people.add("once", ANALYST))
    for _ in range(2):
        assert httpx.get(f"{desk.url}/console/enter/{word}").status_code == 200
    with httpx.Client(base_url=desk.url) as client:
        entered = client.post(f"/console/enter/{word}")
        assert entered.headers["location"] == "/console/"
        assert "HttpOnly" in entered.headers["set-cookie"]
        assert client.get("/console/").status_code == 200
    assert httpx.post(f"{desk.url}/console/enter/{word}").status_code == 410


def test_every_page_says_that_nothing_from_elsewhere_may_run_in_it(desk: Running) -> None:
    with signed_in(desk, "headers") as client:
        page = client.get("/console/")
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", page.text)


def test_the_language_is_the_browsers_until_one_is_chosen(desk: Running) -> None:
    with signed_in(desk, "polyglot") as client:
        assert '<html lang="en"' in client.get("/console/", headers={"accept-language": "en-GB,ja;q=0.5"}).text
        assert '<html lang="ja"' in client.get("/console/", headers={"accept-language": "fr,de"}).text
        switched = client.get("/console/language/en?back=/alerts", headers={"accept-language": "ja"})
        assert switched.url.path == "/console/alerts"
        assert '<html lang="en"' in switched.text


@pytest.mark.parametrize(("language", "said"), [("ja", "このアドレスのページはありません"), ("en", "there is no page")])
def test_an_unknown_address_is_a_page_in_the_readers_language_with_the_way_back(
    desk: Running, language: str, said: str
) -> None:
    with signed_in(desk, "lost") as client:
        page = client.get("/console/alert/1?x=<b>", headers={"accept-language": language})
        assert page.status_code == 404
        assert page.headers["content-type"].startswith("text/html")
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert f'<html lang="{language}"' in page.text
        assert said in page.text
        assert 'href="/console/"' in page.text
        assert "<b>" not in page.text


def test_an_address_that_only_a_button_may_use_says_so_and_leads_to_its_page(desk: Running) -> None:
    with signed_in(desk, "opener") as client:
        for path, above in (("policy/propose", "/policy"), ("alerts/1/act", "/alerts/1")):
            page = client.get(f"/console/{path}", headers={"accept-language": "ja"})
            assert page.status_code == 405
            assert page.headers["allow"] == "POST"
            assert "直接は開けません" in page.text
            assert f'href="/console{above}"' in page.text
        assert client.delete("/console/policy").status_code == 405


def test_a_stranger_learns_nothing_of_which_addresses_there_are_and_programs_get_problem_details(desk: Running) -> None:
    for path in ("nowhere", "policy/propose"):
        answer = httpx.get(f"{desk.url}/console/{path}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
    for method, path, status in (("GET", "/v1/nowhere", 404), ("DELETE", "/v1/alerts", 405)):
        answer = httpx.request(method, desk.url + path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("back", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_the_way_back_never_leads_to_another_server(desk: Running, back: str) -> None:
    answer = httpx.get(f"{desk.url}/console/language/en", params={"back": back})
    assert answer.headers["location"] == "/console/"


def test_a_form_without_the_pages_own_token_changes_nothing(desk: Running) -> None:
    with signed_in(desk, "csrf") as client:
        assert client.post("/console/sign-out", data={"csrf": "guessed"}).status_code == 403
        page = client.get("/console/")
        token = re.search(r'name="csrf" value="([^"]+)"', page.text)
        assert token is not None
        foreign = client.post("/console/sign-out", data={"csrf": token[1]}, headers={"sec-fetch-site": "cross-site"})
        assert foreign.status_code == 403
        assert client.post("/console/sign-out", data={"csrf": token[1]}).url.path == "/console/sign-in"
        assert client.get("/console/").url.path == "/console/sign-in"


def test_sessions_end_when_idle_when_old_and_when_somebody_is_removed(tmp_path: Path) -> None:
    clock = [1_000_000.0]
    people = People(tmp_path, now=lambda: clock[0])
    person = people.add("山田", VIEWER)
    word = people.enter(people.link(person))
    assert word is not None
    clock[0] += IDLE_S - 1
    assert people.session(word) is not None
    clock[0] += IDLE_S + 1
    assert people.session(word) is None
    word = people.begin(person.id, "link")
    for _ in range(SESSION_S // (IDLE_S - 60)):
        clock[0] += IDLE_S - 60
        assert people.session(word) is not None
    clock[0] += IDLE_S - 60
    assert people.session(word) is None
    word = people.begin(person.id, "link")
    assert people.remove("山田")
    assert people.session(word) is None
    late = people.link(people.add("次の人", VIEWER))
    clock[0] += LINK_S + 1
    assert people.enter(late) is None
    people.close()
