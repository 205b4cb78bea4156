"""The pages *Audit* and *Health*."""

import json
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from desk import Running, running, signed_in, theft
from kuraban.console.desk.audit import KINDS
from kuraban.console.desk.audit_words import SENTENCES, sentence
from kuraban.console.desk.people import ANALYST, MANAGER
from kuraban.journal import audit
from kuraban.journal.checking import check

EN = {"accept-language": "en"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("audit")) as found:
        for n in range(20):
            found.send(theft(f"victim-{n}")).raise_for_status()
        yield found


def test_the_log_is_shown_newest_first_with_its_last_seal_and_its_links_checked(desk: Running) -> None:
    with signed_in(desk, "reader") as client:
        page = client.get("/console/audit", params={"kind": "all"}, headers=EN).text
        numbers = [int(n) for n in re.findall(r'data-entry="(\d+)"', page)]
        assert numbers == sorted(numbers, reverse=True)
        assert len(numbers) == 50
        assert "50 entries shown, each following from the one before." in page
        older = client.get("/console/audit", params={"kind": "all", "before": numbers[-1]}).text
        assert f'data-entry="{numbers[-1] - 1}"' in older
        exported = client.get("/console/audit/export", params={"kind": "all"})
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


def test_peoples_acts_are_shown_first_and_the_machines_decisions_by_one_switch(desk: Running) -> None:
    with signed_in(desk, "lately") as client:
        until = time.monotonic() + 30
        while "lately" not in (page := client.get("/console/audit", headers=EN).text).split('id="entries"')[1]:
            assert time.monotonic() < until
            threading.Event().wait(0.05)
        entries = page.split('id="entries"')[1]
        assert "Signed in by a link" in entries
        assert "the engine" not in entries
        switch = re.search(r'id="scope">.*?href="([^"]+)"', page, re.DOTALL)
        assert switch is not None
        everything = client.get(switch[1], headers=EN).text
        assert "the engine" in everything.split('id="entries"')[1]
        assert 'href="/console/audit?kind=people"' in everything
        named = client.get("/console/audit", params={"account": "victim-3"}, headers=EN).text
        assert "Account victim-3: " in named  # asked for by name, what the machine did is shown too


BODIES: dict[str, dict[str, object]] = {
    "decision": {
        "account": "623852",
        "action": "lock",
        "probability": 3.478e-05,
        "expected_loss": 123456789.0,
        "reasons": [{"signal": "crowd.spray", "weight": 1.0, "ja": "一つ目の理由", "en": "the first reason"}],
    },
    "alert": {
        "alert": 7,
        "account": "623852",
        "state": "takeover",
        "why": "電話",
        "by": "console:1",
        "group": "ring-x",
    },
    "note": {"alert": 7, "account": "623852", "why": "折り返し待ち", "by": "console:1"},
    "owner": {"alert": 7, "account": "623852", "answer": "not_me", "channel": "mailto", "settles": True},
    "policy": {"version": 2, "first": 10, "why": "実費", "by": "console:1", "sha256": "aa", "approved_by": "鈴木"},
    "policy-proposed": {"proposal": 3, "why": "実費", "by": "console:1", "sha256": "aa"},
    "policy-approved": {"proposal": 3, "why": "同意", "by": "console:1", "needed": 2},
    "policy-decided": {"proposal": 3, "state": "rejected", "why": "早い", "by": "console:1"},
    "shadow-policy": {"toml": "[cost]", "why": "比べる"},
    "two-person-rule": {"on": True},
    "contact": {"account": "623852", "channels": ["mailto"]},
    "fallback": {"event": "e", "account": "623852", "action": "challenge", "deadline_ms": 50},
    "message-again": {"message": 9, "target": "core", "by": "console:1"},
    "signals-acknowledged": {"stream": "idp", "acknowledged": 3, "refused": 1},
    "sign-in": {"how": "passkey", "client": "Firefox"},
    "sign-in-refused": {"from": "2025-05-20T03:00:00Z", "until": "2025-05-20T04:00:00Z", "times": 1200, "addresses": 1},
    "request-refused": {"from": "2025-05-20T03:00:00Z", "until": "2025-05-20T04:00:00Z", "times": 1, "addresses": 1},
    "sign-out": {"how": "link"},
    "sessions-ended": {"count": 1},
    "sign-in-link": {"name": "佐藤"},
    "passkey-added": {"name": "席", "host": "desk.example.jp"},
    "passkey-removed": {"name": "席"},
    "person-added": {"name": "佐藤", "role": "viewer"},
    "person-removed": {"name": "佐藤"},
    "role": {"name": "佐藤", "from": "viewer", "to": "manager"},
    "keys-removed": {"keys": [{"id": "k", "name": "feed"}]},
    "audit-checkpoint": {"n": 1000, "hash": "aa", "removed": 1000},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_entry_is_a_sentence_in_both_languages_without_the_names_of_fields(kind: str) -> None:
    assert set(SENTENCES) == set(KINDS) == set(BODIES)
    ja, en = sentence(kind, json.dumps(BODIES[kind]).encode(), "Asia/Tokyo")
    assert re.search(r"[぀-ヿ]", ja)
    assert re.match(r"[A-Z0-9]", en)
    for name in BODIES[kind]:
        assert f"{name} " not in ja.replace("ring-x", "")
    assert "e-0" not in ja + en


def test_sending_all_again_is_told_of_with_how_many_and_to_whom() -> None:
    ja, en = sentence("message-again", b'{"target":"core","messages":1200,"by":"console:1"}', "Asia/Tokyo")
    assert (ja, en) == ("core への不達 1,200件を再送", "Sent 1,200 dead letters to core again")


def test_numbers_of_an_entry_are_written_as_everywhere_else() -> None:
    ja, en = sentence("decision", json.dumps(BODIES["decision"]).encode(), "Asia/Tokyo")
    assert ja == "口座 623852: ロック(乗っ取りの確率 <0.1%、予想損失 1.23億円)。一つ目の理由"
    assert en == "Account 623852: lock (takeover <0.1%, expected loss ¥123M): the first reason"
    ja, en = sentence("sign-in-refused", json.dumps(BODIES["sign-in-refused"]).encode(), "Asia/Tokyo")
    assert ja == "2025-05-20 12:00 から 13:00 まで: 1,200回、1アドレスから"
    assert en == "2025-05-20 12:00 to 13:00: 1,200 times, from 1 address"


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"null", b'{"account":{"x":1},"reasons":3,"alert":[],"why":1.5}'])
def test_whatever_stands_in_a_tampered_entry_it_can_be_shown(body: bytes) -> None:
    for kind in (*KINDS, "unheard-of"):
        assert all(isinstance(words, str) for words in sentence(kind, body, "Asia/Tokyo"))


def test_all_there_is_about_an_account_is_found_however_long_ago(
    desk: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kuraban.console.desk.audit.MOST", 2)
    with signed_in(desk, "patient") as client:
        found, query = list[dict[str, Any]](), "account=victim-0"
        while query:
            page = client.get(f"/console/audit?{query}", headers=EN).text
            lines = client.get(f"/console/audit/export?{query}").text.splitlines()
            found += map(json.loads, lines)
            older = re.search(r'rel="next" href="/console/audit\?([^"]+)"', page)
            query = unescape(older[1]) if older else ""
        everything = client.get("/v1/audit", params={"limit": 500}).json()["entries"]
    assert [each["n"] for each in found] == [
        each["n"] for each in everything if each["body"].get("account") == "victim-0"
    ]
    assert len(found) > 2


def test_an_entry_that_is_hidden_from_the_search_by_account_is_told_of(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        desk.send(theft()).raise_for_status()
    assert all(each.sound for each in check(tmp_path))
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        connection.execute("DELETE FROM audit_account WHERE n = (SELECT max(n) FROM audit_account)")
    connection.close()
    assert [each.what for each in check(tmp_path) if not each.sound] == ["audit log"]


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
            page = client.get("/console/audit", params={"kind": "all"}, headers=EN).text
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


def test_all_that_was_given_up_to_one_receiver_is_sent_again_by_one_press_of_a_manager(desk: Running) -> None:
    connection = sqlite3.connect(desk.service.journal)
    connection.executemany(
        "INSERT INTO message (target, key, made, body, state, tries, due, problem)"
        " VALUES (?, ?, 1, x'7b7d', 'dead', 82, 0, 'down')",
        [(target, str(n)) for target in ("crm", "siem") for n in range(3)],
    )
    connection.commit()
    path = "/console/health/messages/again"
    with signed_in(desk, "analyst", ANALYST) as client:
        csrf = re.findall(r'name="csrf" value="([^"]+)"', client.get("/console/health").text)[0]
        assert client.post(path, data={"csrf": csrf, "target": "crm"}).status_code == 403
    with signed_in(desk, "boss", MANAGER) as client:
        page = client.get("/console/health").text
        assert 'name="target" value="crm"' in page
        csrf = re.findall(r'name="csrf" value="([^"]+)"', page)[0]
        assert client.post(path, data={"csrf": csrf, "target": "crm"}).status_code == 200
    states = connection.execute("SELECT DISTINCT target, state FROM message WHERE target IN ('crm', 'siem')").fetchall()
    assert sorted(states) == [("crm", "due"), ("siem", "dead")]
    body = connection.execute("SELECT body FROM audit ORDER BY n DESC").fetchone()[0]
    assert b'"target":"crm","messages":3' in body
    connection.close()
