"""Signing in to the console: who may, how often somebody may try, and what the audit log is told of it."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from desk import Running, running, signed_in
from kuraban.cli import main
from kuraban.console.desk import people_schema
from kuraban.console.desk.auditing import take_over
from kuraban.console.desk.challenges import CHALLENGE_S, Challenges
from kuraban.console.desk.people import ANALYST, IDLE_S, MANAGER, SESSION_S, VIEWER, People
from kuraban.console.desk.place import Place, place
from kuraban.console.desk.tries import FILL_S, MOST, Tries
from kuraban.journal import audit, schema
from kuraban.server.service import Options, Service


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("desk")) as found:
        yield found


def entries(desk: Running) -> list[tuple[str, str, dict[str, str]]]:
    """What the audit log says, oldest first, once nothing waits for it any more."""
    until = time.monotonic() + 30
    while desk.people.told():
        assert time.monotonic() < until
        threading.Event().wait(0.01)
    with sqlite3.connect(f"file:{desk.service.journal}?mode=ro", uri=True) as connection:
        found = audit.entries(connection, None, 10_000)
    connection.close()
    return [(each.kind, each.who, msgspec.json.decode(each.body)) for each in reversed(found)]


def test_the_audit_log_is_told_of_people_and_of_their_coming_and_going(desk: Running) -> None:
    with signed_in(desk, "監査対象", VIEWER) as client:
        client.get("/console/me")
        token = desk.people.sessions(desk.person("監査対象"))[0].csrf
        client.post("/console/sign-out", data={"csrf": token})
    desk.people.give("監査対象", ANALYST, "shell:root")
    desk.people.remove("監査対象", "shell:root")
    told = [each for each in entries(desk) if "監査対象" in (each[1], each[2].get("name"))]
    assert [(kind, who) for kind, who, _ in told] == [
        ("person-added", "server"),
        ("sign-in-link", "server"),
        ("sign-in", "監査対象"),
        ("sign-out", "監査対象"),
        ("role", "shell:root"),
        ("person-removed", "shell:root"),
    ]


def test_what_the_audit_log_was_told_already_is_not_told_again_after_a_crash(desk: Running) -> None:
    with desk.people.reading():  # nobody takes anything over meanwhile
        desk.people.add("twice", VIEWER)
        waiting = desk.people.told()
    assert waiting
    before = len(entries(desk))
    with desk.people.changing() as connection:  # as though the process had ended before it could tidy up
        connection.executemany("INSERT INTO happening (token, at, kind, who, body) VALUES (?, ?, ?, ?, ?)", waiting)
    assert len(entries(desk)) == before


def test_signing_in_works_while_the_desk_accepts_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        desk.service.condition("recovering", True)
        try:
            with signed_in(desk, "早番") as client:
                assert client.get("/console/me").status_code == 200
            assert [each.kind for each in desk.people.told()] == ["person-added", "sign-in-link", "sign-in"]
        finally:
            desk.service.condition("recovering", False)
        assert ("sign-in", "早番", {"how": "link", "client": f"python-httpx/{httpx.__version__}"}) in entries(desk)


def test_nothing_is_taken_over_while_there_is_no_desk(tmp_path: Path) -> None:
    service, people = Service(Options(tmp_path)), People(tmp_path)
    people.add("待つ人", VIEWER)
    with pytest.raises(Exception, match="starting"):
        asyncio.run(take_over(service, people))
    assert len(people.told()) == 1
    people.close()
    service.stop()


def test_whoever_keeps_trying_links_has_to_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kuraban.console.desk.tries.FILL_S", 3600.0)  # however long these take
    with running(tmp_path) as desk:
        found = [httpx.post(f"{desk.url}/console/enter/guess{n}").status_code for n in range(MOST + 2)]
        assert found[:MOST] == [410] * MOST
        assert found[-1] == 429


def test_tries_come_back_with_time_and_only_to_who_used_them_up() -> None:
    clock = [0.0]
    tries = Tries(lambda: clock[0])
    for _ in range(MOST):
        assert tries.wait("192.0.2.1") == 0
        tries.failed("192.0.2.1")
    assert tries.wait("192.0.2.1") == pytest.approx(FILL_S)
    assert tries.wait("192.0.2.2") == 0
    clock[0] += FILL_S
    assert tries.wait("192.0.2.1") == 0
    for n in range(5000):  # however many addresses there are, no more than some are remembered
        tries.failed(f"2001:db8:{n:x}::")
    assert len(tries._spent) <= 4096


def test_a_challenge_is_good_once_for_one_purpose_and_for_a_short_time() -> None:
    clock = [100.0]
    challenges = Challenges(lambda: clock[0])
    first, second = challenges.make("sign-in"), challenges.make("sign-in")
    assert challenges.good(first, "sign-in")
    assert not challenges.good(first, "make")
    assert not Challenges(lambda: clock[0]).good(first, "sign-in")
    assert not challenges.good(first[:-1] + bytes([first[-1] ^ 1]), "sign-in")
    assert not challenges.good(b"", "sign-in")
    assert challenges.use(first)
    assert not challenges.good(first, "sign-in")
    assert not challenges.use(first)
    clock[0] += CHALLENGE_S
    assert not challenges.good(second, "sign-in")


@pytest.mark.parametrize(
    ("shown", "secure", "public", "found"),
    [
        ("localhost:8040", False, None, Place("http://localhost:8040", "localhost", None)),
        ("127.0.0.1:8040", False, None, Place("http://127.0.0.1:8040", None, "http://localhost:8040")),
        ("[::1]:8040", False, None, Place("http://[::1]:8040", None, "http://localhost:8040")),
        ("desk.example.jp", True, None, Place("https://desk.example.jp", "desk.example.jp", None)),
        ("192.0.2.7", True, None, Place("https://192.0.2.7", None, None)),
        ("desk.example.jp", False, None, Place("http://desk.example.jp", None, None)),
        ("Desk.Example.jp", True, "https://desk.example.jp", Place("https://desk.example.jp", "desk.example.jp", None)),
        (
            "10.0.0.7:8040",
            True,
            "https://desk.example.jp",
            Place("https://desk.example.jp", None, "https://desk.example.jp"),
        ),
        ("[nonsense", False, None, Place("http://[nonsense", None, None)),
    ],
)
def test_passkeys_are_for_names_and_never_for_addresses(
    shown: str, secure: bool, public: str | None, found: Place
) -> None:
    assert place(shown, secure=secure, public_url=public) == found


def test_a_page_that_asks_by_itself_keeps_no_session_alive_but_a_viewers(tmp_path: Path) -> None:
    clock = [1_000_000.0]
    people = People(tmp_path, now=lambda: clock[0])
    acting = people.begin(people.add("担当", ANALYST).id, "passkey")
    looking = people.begin(people.add("壁の画面", VIEWER).id, "passkey")
    for _ in range(2):
        clock[0] += IDLE_S - 1
        seen = [people.session(word, attended=False) is not None for word in (acting, looking)]
    assert seen == [False, True]
    clock[0] += SESSION_S
    assert people.session(looking, attended=False) is None
    people.close()


def test_the_way_back_is_the_page_and_not_the_part_of_it_that_was_asked_for(desk: Running) -> None:
    part = httpx.get(
        f"{desk.url}/console/alerts?part=rows",
        headers={"hx-request": "true", "hx-current-url": f"{desk.url}/console/alerts?state=open"},
    )
    assert part.status_code == 204
    assert part.headers["hx-redirect"] == "/console/sign-in?back=%2Falerts%3Fstate%3Dopen"
    form = httpx.post(f"{desk.url}/console/me/sessions/end", headers={"referer": f"{desk.url}/console/me"})
    assert form.headers["location"] == "/console/sign-in?back=%2Fme"
    odd = httpx.post(f"{desk.url}/console/sign-out", headers={"referer": "https://evil.example//evil"})
    assert odd.headers["location"] == "/console/sign-in?back=%2F"


def test_passkeys_want_somebody_who_has_just_signed_in(desk: Running) -> None:
    with signed_in(desk, "戻った人") as client:
        person = desk.person("戻った人")
        with desk.people.changing() as connection:
            connection.execute("UPDATE session SET made = made - 3600 WHERE person = ?", (person.id,))
        token = desk.people.sessions(person)[0].csrf
        answer = client.post("/console/me/passkeys/offer", data={"csrf": token}, headers={"host": "localhost"})
        assert answer.status_code == 403
        assert "もう一度サインイン" in client.get("/console/me").text
        again = client.get("/console/sign-in?again=1&back=/me")
        assert again.url.path == "/console/sign-in"


@pytest.mark.parametrize("credential", ["", "{}", "[1]", '{"id": 5}', '{"id":"AA","response":{"userHandle":"%%"}}'])
def test_a_credential_that_is_none_signs_nobody_in(desk: Running, credential: str) -> None:
    sent = {"data": {"credential": credential}, "headers": {"host": "localhost"}}
    assert httpx.post(f"{desk.url}/console/sign-in", **sent).status_code == 403  # type: ignore[arg-type]


def test_another_site_can_neither_ask_for_a_challenge_nor_sign_in(desk: Running) -> None:
    foreign = {"host": "localhost", "sec-fetch-site": "cross-site"}
    for path in ("/console/sign-in", "/console/sign-in/challenge"):
        assert httpx.post(desk.url + path, headers=foreign).status_code == 403
    assert httpx.post(f"{desk.url}/console/sign-in/challenge").status_code == 409  # 127.0.0.1 has no passkeys


def test_people_are_managed_beside_a_running_server(desk: Running, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(desk.service.options.data)]
    desk.people.note("url", desk.url)
    assert main(["people", "add", "田中", "--role", "viewer", *data]) == 0
    link = capsys.readouterr().out.strip()
    with httpx.Client(follow_redirects=True) as client:
        assert client.post(link).url.path == "/console/"
        assert main(["people", "role", "田中", "manager", *data]) == 0
        assert desk.person("田中").role == MANAGER
        assert main(["people", "list", *data]) == 0
        assert "manager   1 signed in  田中" in capsys.readouterr().out
        assert main(["people", "remove", "田中", *data]) == 0
        assert client.get(f"{desk.url}/console/").url.path == "/console/sign-in"
    assert main(["people", "add", "田中", *data]) == 1
    assert main(["people", "link", "誰も", *data]) == 1
    assert main(["people", "add", "外", "--url", "https://desk.example.jp/", *data]) == 0
    assert capsys.readouterr().out.startswith("https://desk.example.jp/console/enter/")


@pytest.mark.parametrize("name", ["server", "File", "engine", "", "two\nlines"])
def test_nobody_is_called_like_a_part_of_the_program(desk: Running, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        desk.people.add(name, VIEWER)


def test_an_older_file_of_people_keeps_them(tmp_path: Path) -> None:
    connection = schema.connect(tmp_path / "people.db")
    schema.migrate(connection, people_schema.MIGRATIONS[:1], people_schema.APPLICATION)
    connection.execute("INSERT INTO person (name, role, made) VALUES ('古参', 'manager', 1)")
    connection.close()
    people = People(tmp_path)
    person = people.find("古参")
    assert person is not None
    with people.reading() as open_:
        assert len(open_.execute("SELECT handle FROM person").fetchone()[0]) == 32
    people.close()
