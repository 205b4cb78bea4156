"""Who tried to get in and was refused: counted for people to find, bounded whatever is sent, and no secret kept."""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from desk import Running, running, signed_in
from kuraban.console.desk import refused
from kuraban.console.desk.people import ANALYST, LINK_S, People
from kuraban.console.desk.tries import MOST as TRIES
from kuraban.journal import audit
from kuraban.server import refusals
from kuraban.server.callers import address_of
from kuraban.server.logs import Log
from kuraban.server.refusals import MOST, PROBLEMS, REQUEST, SIGN_IN, Attempt, Refusals

HOUR = 3_600_000_000


class Book:
    """Refusals with a clock that a test moves, and what the log was told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch):
        self.now = 500_000 * HOUR + 5
        self.said: list[dict[str, Any]] = []
        log = Log(b"secret")
        monkeypatch.setattr(log, "write", lambda event, **fields: self.said.append({"event": event, **fields}))
        self.refusals = Refusals(lambda: self.now, log)


@pytest.fixture
def book(monkeypatch: pytest.MonkeyPatch) -> Book:
    return Book(monkeypatch)


@pytest.fixture
def people(tmp_path: Path) -> Iterator[People]:
    found = People(tmp_path)
    yield found
    found.close()


def told(people: People) -> list[tuple[str, dict[str, Any]]]:
    return [(each.kind, msgspec.json.decode(each.body)) for each in people.told() if "refused" in each.kind]


def test_an_hour_of_refusals_is_one_entry_with_counts_once_it_is_over(book: Book, people: People) -> None:
    for _ in range(30):
        book.refusals.note(SIGN_IN, "192.0.2.7", "link-unknown")
    book.refusals.note(SIGN_IN, "192.0.2.8", "link-used", "佐藤")
    book.refusals.note(REQUEST, "192.0.2.7", "scope", "key:ab")
    refused.collect(book.refusals, people)
    assert told(people) == []
    book.now += HOUR
    book.refusals.note(SIGN_IN, "192.0.2.7", "link-unknown")  # of the next hour
    for _ in range(2):
        refused.collect(book.refusals, people)
    (api, request), (kind, body) = told(people)
    assert (api, request["times"]) == ("request-refused", 1)
    assert (kind, body["times"], body["addresses"]) == ("sign-in-refused", 31, 2)
    lines = [(each["whose"], each["address"], each["problem"], each["times"]) for each in body["refused"]]
    assert lines == [("佐藤", "192.0.2.8", "link-used", 1), (None, "192.0.2.7", "link-unknown", 30)]
    assert [tally.times for _, tally in refused.lately(people, 100)] == [1, 1, 1, 30]
    book.now += 26 * HOUR
    refused.collect(book.refusals, people)
    assert len(told(people)) == 3
    assert refused.lately(people, 100) == []


def test_whatever_is_sent_an_hour_stays_small_and_counts_everything(book: Book, people: People) -> None:
    for n in range(5 * MOST):
        book.refusals.note(SIGN_IN, f"198.51.{n // 250}.{n % 250}", "passkey-unknown")
        refused.collect(book.refusals, people)
    book.refusals.note(SIGN_IN, "203.0.113.9", "link-used", "佐藤")
    refused.collect(book.refusals, people)
    kept = refused.lately(people, 10_000)
    assert len(kept) == MOST + 2
    assert sum(tally.times for _, tally in kept) == 5 * MOST + 1
    assert kept[0][0].whose == "佐藤"  # not drowned
    book.now += HOUR
    refused.collect(book.refusals, people)
    ((_, body),) = told(people)
    assert len(body["refused"]) <= refused.AUDITED + 2
    assert sum(each["times"] for each in body["refused"]) == body["times"] == 5 * MOST + 1
    assert len(msgspec.json.encode(body)) < 12_000


def test_the_log_says_the_first_the_tenth_and_the_hundredth_without_addresses_or_names(book: Book) -> None:
    for _ in range(250):
        book.refusals.note(SIGN_IN, "192.0.2.7", "link-used", "佐藤")
    book.refusals.note(REQUEST, "192.0.2.7", "key-revoked", "key:ab12")
    assert [line["this_hour"] for line in book.said] == [1, 10, 100, 1]
    assert [line["event"] for line in book.said] == ["sign-in-refused"] * 3 + ["request-refused"]
    assert book.said[-1]["whose"] == "key:ab12"
    words = json.dumps(book.said, ensure_ascii=False)
    assert "192.0.2.7" not in words
    assert "佐藤" not in words
    assert len({line["caller"] for line in book.said}) == 1


def test_what_could_not_be_kept_is_kept_later(book: Book, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    book.refusals.note(SIGN_IN, "192.0.2.7", "link-unknown")
    with monkeypatch.context() as broken:
        broken.setattr(people, "changing", lambda: (_ for _ in ()).throw(sqlite3.OperationalError("disk full")))
        with pytest.raises(sqlite3.OperationalError):
            refused.collect(book.refusals, people)
    book.refusals.note(SIGN_IN, "192.0.2.7", "link-unknown")
    refused.collect(book.refusals, people)
    assert [tally.times for _, tally in refused.lately(people, 10)] == [2]


def test_an_hour_is_told_once_over_restarts_and_by_a_clock_that_went_back(book: Book, people: People) -> None:
    book.refusals.note(SIGN_IN, "192.0.2.7", "link-unknown")
    refused.collect(book.refusals, people)
    hour = book.now // HOUR
    book.now += HOUR
    again = Refusals(lambda: book.now, Log(b"secret"))
    refused.collect(again, people)
    again.put_back({Attempt(hour, SIGN_IN, "192.0.2.7", "link-unknown", ""): refusals.Tally(4, 1, 2)})
    refused.collect(again, people)
    assert [body["times"] for _, body in told(people)] == [1]
    book.now += HOUR
    refused.collect(again, people)
    assert [body["times"] for _, body in told(people)] == [1, 4]


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.7", (), "192.0.2.7"),
        ("2001:db8:1:2:3::4", (), "2001:db8:1:2::/64"),
        ("10.0.0.1", ("6.6.6.6, 192.0.2.7",), "192.0.2.7"),
        ("10.0.0.1", ("6.6.6.6", "192.0.2.7"), "192.0.2.7"),  # a proxy that adds a line of its own
        ("10.0.0.1", ("<script>",), ""),
        (None, (), ""),
    ],
)
def test_an_address_is_what_the_nearest_trusted_party_says(
    peer: str | None, forwarded: tuple[str, ...], found: str
) -> None:
    asked = {
        "client": (peer, 1) if peer else None,
        "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded],
    }
    assert address_of(asked, behind_proxy=True) == found
    assert address_of(asked, behind_proxy=False) != "192.0.2.7" or peer == "192.0.2.7"


def lines_of(desk: Running) -> dict[tuple[str, str], int]:
    """(problem, whose) → times, once everything that was counted has been kept."""
    counted = sum(
        sample.value
        for family in desk.service.meters.refused.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    )
    found: dict[tuple[str, str], int] = {}
    until = time.monotonic() + 30
    while sum(found.values()) < counted:
        assert time.monotonic() < until
        threading.Event().wait(0.01)
        found = {}
        for attempt, tally in refused.lately(desk.people, 1000):
            key = attempt.problem, attempt.whose
            found[key] = found.get(key, 0) + tally.times
    return found


def test_a_link_that_is_refused_is_told_with_what_was_wrong_and_never_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kuraban.console.desk.tries.FILL_S", 3600.0)  # however long these take
    with running(tmp_path) as desk:
        person = desk.people.add("佐藤", ANALYST)
        used, late = desk.people.link(person), desk.people.link(person)
        with desk.people.changing() as connection:
            connection.execute("UPDATE link SET expires = expires - ?", (LINK_S + 1,))
        used = desk.people.link(person)
        assert httpx.post(f"{desk.url}/console/enter/{used}").status_code == 303
        for word in (used, late, "guessed-word"):
            assert httpx.post(f"{desk.url}/console/enter/{word}").status_code == 410
        sent: dict[str, Any] = {"data": {"credential": "{}"}, "headers": {"host": "localhost"}}
        assert httpx.post(f"{desk.url}/console/sign-in", **sent).status_code == 403
        assert lines_of(desk) == {
            ("link-used", "佐藤"): 1,
            ("link-expired", "佐藤"): 1,
            ("link-unknown", ""): 1,
            ("passkey-unreadable", ""): 1,
        }
        for n in range(TRIES):
            httpx.post(f"{desk.url}/console/enter/guess{n}")
        assert lines_of(desk)["too-often", ""] >= 1
        with signed_in_by_session(desk, "佐藤") as client:
            page = client.get("/console/health", headers={"accept-language": "en"}).text
            assert 'data-problem="link-used"' in page
            assert PROBLEMS["too-often"][1] in page
            assert "127.0.0.1" in page
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert not any(word.encode() in kept for word in (used, late, "guessed-word", "guess1"))


def signed_in_by_session(desk: Running, name: str) -> httpx.Client:
    """A browser's cookies without a link, for an address that has to wait."""
    word = desk.people.begin(desk.person(name).id, "link")
    return httpx.Client(base_url=desk.url, cookies={"kuraban_session": word}, follow_redirects=True)


def test_a_request_with_a_bad_key_leaves_a_trace_for_who_is_on_call(tmp_path: Path) -> None:
    with running(tmp_path, open=False) as desk:
        keys = desk.service.keys
        reading = keys.create("dashboard", frozenset({"read"}))
        old = keys.create("old gateway", frozenset({"decide"}))
        late = keys.create("trial", frozenset({"decide"}), expires=1)
        numbers = {name: key.split("_")[1] for name, key in (("read", reading), ("old", old), ("late", late))}
        assert keys.revoke(numbers["old"])
        shown = [old, late, f"kbn_{numbers['read']}_wrong", "kbn_zz_x", "kbn_", reading]
        for key in shown:
            answer = desk.decide(b"{}", authorization=f"Bearer {key}")
            assert answer.status_code == (403 if key == reading else 401)
        assert desk.client.get("/v1/alerts").status_code == 401
        assert desk.client.get("/v1/messages/dead", headers={"authorization": f"Bearer {reading}"}).status_code == 403
        assert lines_of(desk) == {
            ("key-revoked", f"key:{numbers['old']}"): 1,
            ("key-expired", f"key:{numbers['late']}"): 1,
            ("key-wrong", f"key:{numbers['read']}"): 1,
            ("key-unknown", ""): 2,
            ("key-missing", ""): 1,
            ("scope", f"key:{numbers['read']}"): 2,
        }
        metrics = desk.client.get("/metrics", headers={"authorization": f"Bearer {reading}"}).text
        assert 'kuraban_refused_total{problem="scope",what="request"} 2.0' in metrics


def test_the_audit_log_gets_the_hour_and_stays_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(tmp_path) as desk:
        assert httpx.post(f"{desk.url}/console/enter/guess").status_code == 410
        lines_of(desk)
        wall = desk.service.clock._wall
        monkeypatch.setattr(desk.service.clock, "_wall", lambda: wall() + HOUR)
        until = time.monotonic() + 30
        while "sign-in-refused" not in kinds(tmp_path):
            assert time.monotonic() < until
            threading.Event().wait(0.01)
        with signed_in(desk, "監査役") as client:
            page = client.get("/console/audit?kind=sign-in-refused", headers={"accept-language": "en"}).text
            assert "link-unknown" in page
    with sqlite3.connect(tmp_path / "journal.db") as connection:
        assert audit.checked(connection).broken is None
    connection.close()


def kinds(folder: Path) -> list[str]:
    with sqlite3.connect(f"file:{folder / 'journal.db'}?mode=ro", uri=True) as connection:
        found = [each.kind for each in audit.entries(connection, None, 100)]
    connection.close()
    return found
