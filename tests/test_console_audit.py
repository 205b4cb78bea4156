"""The pages *Audit* and *Health*."""

import json
import re
import sqlite3
from collections.abc import Iterator

import pytest

from desk import Running, running, signed_in, theft
from kuraban.console.desk.people import ANALYST, MANAGER
from kuraban.journal import audit

EN = {"accept-language": "en"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("audit")) as found:
        for n in range(20):
            found.send(theft(f"victim-{n}")).raise_for_status()
        yield found


def test_the_log_is_shown_newest_first_with_its_last_seal_and_its_links_checked(desk: Running) -> None:
    with signed_in(desk, "reader") as client:
        page = client.get("/console/audit", headers=EN).text
        numbers = [int(n) for n in re.findall(r'data-entry="(\d+)"', page)]
        assert numbers == sorted(numbers, reverse=True)
        assert len(numbers) == 50
        assert "50 entries shown, each following from the one before." in page
        older = client.get("/console/audit", params={"before": numbers[-1]}).text
        assert f'data-entry="{numbers[-1] - 1}"' in older
        exported = client.get("/console/audit/export")
    seals = {line["n"]: line["hash"] for line in map(json.loads, exported.text.splitlines())}
    assert seals[numbers[0]] in page
    assert exported.headers["content-disposition"].startswith("attachment")
    assert len(exported.text.splitlines()) == 50


def test_the_log_is_filtered_by_kind_person_and_account(desk: Running) -> None:
    with signed_in(desk, "filter") as client:
        page = client.get("/console/audit", params={"account": "victim-3", "kind": "decision"}).text
        assert page.count("data-entry=") >= 1
        assert set(re.findall(r"victim-\d+", page)) == {"victim-3"}
        assert "data-entry=" not in client.get("/console/audit", params={"account": "victim"}).text
        assert "data-entry=" not in client.get("/console/audit", params={"who": "nobody"}).text


def test_an_entry_that_was_tampered_with_is_shown_as_such(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("tampered")
    with running(folder) as desk:
        desk.send(theft()).raise_for_status()
        connection = sqlite3.connect(folder / "journal.db")
        connection.execute("DROP TRIGGER audit_is_not_changed")
        connection.execute("UPDATE audit SET body = ? WHERE n = 2", (b'{"account":"nobody"}',))
        connection.execute("UPDATE audit SET body = '{}', hash = 'none' WHERE n = 3")  # not even of the right type
        connection.commit()
        assert audit.checked(connection).broken == 2
        connection.close()
        with signed_in(desk, "auditor") as client:
            page = client.get("/console/audit", headers=EN).text
    assert "Entry 2 does not follow from the one before" in page
    assert page.count("broken seal") == 3  # and the one after them


def test_health_says_that_all_is_well_and_how_long_things_take(desk: Running) -> None:
    with signed_in(desk, "health") as client:
        page = client.get("/console/health", headers=EN).text
    assert "All is well." in page
    assert 'data-stage="commit"' in page
    assert "Kuraban" in page


def test_health_says_in_words_what_is_wrong(desk: Running) -> None:
    desk.service.condition("clock_back", True, "<b>an hour</b>")
    try:
        with signed_in(desk, "worried") as client:
            page = client.get("/console/health", headers={"accept-language": "ja"}).text
    finally:
        desk.service.condition("clock_back", False)
    assert "システム時計が後戻りしました" in page
    assert "&lt;b&gt;an hour" in page


def test_a_dead_message_is_sent_again_by_a_manager_alone_and_that_is_audited(desk: Running) -> None:
    connection = sqlite3.connect(desk.service.journal)
    connection.execute(
        "INSERT INTO message (target, key, made, body, state, tries, due, problem)"
        " VALUES ('hook', 'k', 1, x'7b7d', 'dead', 14, 0, '<i>refused</i>')"
    )
    connection.commit()
    (number,) = connection.execute("SELECT id FROM message WHERE target = 'hook'").fetchone()
    path = f"/console/health/messages/{number}/again"
    with signed_in(desk, "analyst", ANALYST) as client:
        page = client.get("/console/health").text
        assert "&lt;i&gt;refused" in page
        assert "/again" not in page
        csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
        assert client.post(path, data={"csrf": csrf}).status_code == 403
    with signed_in(desk, "boss", MANAGER) as client:
        csrf = re.findall(r'name="csrf" value="([^"]+)"', client.get("/console/health").text)[0]
        assert client.post(path, data={"csrf": csrf}).status_code == 200
        assert client.post("/console/health/messages/999/again", data={"csrf": csrf}).status_code == 404
    assert connection.execute("SELECT state FROM message WHERE id = ?", (number,)).fetchone() == ("due",)
    (who,) = connection.execute("SELECT who FROM audit WHERE kind = 'message-again'").fetchone()
    assert who == "boss"
    connection.close()
