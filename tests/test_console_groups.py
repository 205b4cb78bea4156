"""The pages of rings and sprays: what a real engine found, shown in words, and judged as one thing."""

import contextlib
import html
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from crowd_stories import HOSTILE, NAMES, RING, SPRAY, crowded, robbed, told
from desk import Running, running, signed_in, theft
from kuraban.console.desk.members import parsed
from kuraban.console.desk.people import VIEWER
from kuraban.console.desk.spray import estimated, key_of
from kuraban.journal import schema

EN, JA = {"accept-language": "en"}, {"accept-language": "ja"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with crowded(tmp_path_factory.mktemp("crowd")) as found:
        yield found


def shown(client: httpx.Client, group: str, **more: str) -> str:
    """A group's page once everything on it has been read."""
    until = time.monotonic() + 120
    while True:
        assert time.monotonic() < until
        page = client.get("/console/groups/show", params={"id": group, **more}, headers=EN)
        assert page.status_code == 200
        if 'aria-busy="true"' not in page.text:
            return html.unescape(re.sub(r"<[^>]*>", " ", page.text))
        threading.Event().wait(0.05)


def token(page: str) -> str:
    """The page's own token."""
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_a_groups_id_says_what_it_is_and_anything_else_is_none() -> None:
    ring = parsed("ring-a-b.T-20250422")
    assert ring is not None
    assert (ring.kind, ring.key, ring.day) == ("ring", "a-b.T", "2025-04-22")
    spray = parsed(SPRAY)
    assert spray is not None
    assert (spray.kind, spray.asn) == ("spray", 14061)
    assert parsed("spray-20250421-unknown-network") is not None
    assert parsed("ring") is None
    assert parsed("spray-2025-AS1") is None


def test_the_list_has_the_ring_and_the_spray_with_what_they_may_cost(desk: Running) -> None:
    with signed_in(desk, "list") as client:
        page = client.get("/console/groups", headers=JA).text
    assert page.index(f'data-group="{RING}"') < page.index(f'data-group="{SPRAY}"')
    assert "T1.T 薄商いT1.T" in page
    assert "AS14061 DigitalOcean, LLC" in page


def test_a_rings_page_says_what_its_members_share_and_what_they_paid(desk: Running) -> None:
    with signed_in(desk, "ring") as client:
        words = " ".join(shown(client, RING).split())
    assert "Thin T1.T" in words
    assert "Bought T1.T Thin T1.T 8" in words
    assert "AS17676 SoftBank Corp." in words
    assert re.search(r"of an average day: [12]\d\d%", words)  # of eight thieves who each buy for ¥3M
    assert "They are not the market's." in words
    assert all(name in words for name in NAMES)


def test_a_sprays_page_says_from_where_and_about_how_many_were_tried(desk: Running) -> None:
    with signed_in(desk, "spray") as client:
        words = " ".join(shown(client, SPRAY).split())
    assert "AS14061 DigitalOcean, LLC 2025-04-22 04:10" in words
    assert "139.59.100.3 Singapore hosting" in words
    tried = re.search(r"about (\d+)", words)
    assert tried is not None
    assert 25 <= int(tried[1]) <= 90  # 40 accounts failed, by a sketch
    assert HOSTILE in words


def test_a_sprays_tries_are_counted_in_the_journal_when_asked_for(desk: Running) -> None:
    with signed_in(desk, "counter") as client:
        page = client.get("/console/groups/show", params={"id": SPRAY}).text
        assert client.post("/console/groups/count", data={"id": RING, "csrf": token(page)}).status_code == 422
        begun = client.post("/console/groups/count", data={"id": SPRAY, "csrf": token(page)})
        assert begun.status_code == 200
        words = " ".join(shown(client, SPRAY).split())
    assert "Accounts tried 41 counted in the journal" in words
    assert "Accounts that failed here 40 40 failed logins" in words
    assert "Logged in here after failing 0" in words
    assert "Logged in here, with an alert 1 1 of them without a failure" in words
    assert "139.59.100.3 Singapore hosting 40 0 1 0" in words


def test_a_spray_of_one_account_is_no_organised_attack_until_the_engine_says_so_or_a_second_comes(
    desk: Running, tmp_path: Path
) -> None:
    with running(tmp_path / "alone") as other:
        told(other, theft("victim"))
        told(other, theft("second"))

        def grouped(count: int) -> None:
            with contextlib.closing(schema.connect(other.service.journal)) as connection:
                name = "spray-20250520-AS60729"
                connection.execute(
                    "UPDATE alert SET ring = ? WHERE id IN (SELECT id FROM alert LIMIT ?)", (name, count)
                )

        with signed_in(other, "alone") as client:
            grouped(1)
            page = client.get("/console/groups", headers=JA).text
            assert "data-group" not in page.split('id="alone"')[0]
            assert 'data-group="spray-20250520-AS60729"' in page.split('id="alone"')[1]
            assert "組織的な攻撃とは扱" in page
            one = client.get("/console/groups/show?id=spray-20250520-AS60729", headers=JA).text
            assert "組織的な攻撃とは扱っていません" in one
            assert 'id="act"' not in one
            grouped(2)
            page = client.get("/console/groups", headers=JA).text
            assert 'id="alone"' not in page
            assert 'data-group="spray-20250520-AS60729"' in page
    with signed_in(desk, "strong") as client:  # one account, out of forty tried from its address
        assert f'data-group="{SPRAY}"' in client.get("/console/groups").text.split('id="organised"')[1]
        assert 'id="alone"' not in client.get("/console/groups/show", params={"id": SPRAY}).text


def test_names_of_accounts_are_text_whatever_they_contain(desk: Running) -> None:
    with signed_in(desk, "hostile") as client:
        for path in (f"groups/show?id={SPRAY}", f"audit?account={quote(HOSTILE)}"):
            page = client.get(f"/console/{path}").text
            assert "<script>alert" not in page
            assert "trader-&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_groups_page_is_found_by_its_path_too_and_an_unknown_one_is_not(desk: Running) -> None:
    with signed_in(desk, "paths") as client:
        assert client.get(f"/console/groups/{RING}").status_code == 200
        assert client.get("/console/groups/ring-none.T-20250422").status_code == 404
        assert client.get("/console/groups/show", params={"id": "<b>"}).status_code == 404


def test_what_makes_no_sense_in_an_address_counts_as_not_said(desk: Running) -> None:
    with signed_in(desk, "odd") as client:
        for query in ({"from": "-1"}, {"from": "x"}, {"order": "'; --"}, {"state": "gone"}, {"from": "9" * 40}):
            assert client.get("/console/groups/show", params={"id": RING, **query}).status_code == 200


def test_a_verdict_on_a_ring_needs_a_role_a_reason_a_confirmation_and_what_was_seen(desk: Running) -> None:
    whole = {"id": RING, "state": "takeover", "why": "一斉の買い", "seen": "8", "sure": "yes"}
    with signed_in(desk, "onlooker", VIEWER) as client:
        page = client.get("/console/groups/show", params={"id": RING}).text
        assert 'id="act"' not in page
        assert client.post("/console/groups/act", data={**whole, "csrf": token(page)}).status_code == 403
    with signed_in(desk, "佐藤") as client:
        csrf = token(client.get("/console/groups/show", params={"id": RING}).text)
        for change in ({"why": " "}, {"sure": ""}, {"state": "open"}, {"seen": "x"}):
            assert client.post("/console/groups/act", data={**whole, **change, "csrf": csrf}).status_code == 422
        assert client.post("/console/groups/act", data={**whole, "seen": "7", "csrf": csrf}).status_code == 409
        assert desk.client.get("/v1/alerts", params={"group": RING}).json()["alerts"]


def test_one_verdict_settles_every_account_of_a_ring_and_is_audited(desk: Running) -> None:
    told(desk, robbed(9, "trader-0"))  # nothing new joins: the account is a member already
    with signed_in(desk, "田中") as client:
        page = client.get("/console/groups/show", params={"id": RING}).text
        seen = re.search(r'name="seen" value="(\d+)"', page)
        assert seen is not None
        form = {"id": RING, "state": "takeover", "why": "同じ端末", "seen": seen[1], "sure": "yes"}
        after = client.post("/console/groups/act", data={**form, "csrf": token(page)})
        assert after.status_code == 200
        assert "田中" in after.text
        assert "同じ端末" in after.text
        assert 'id="act"' not in after.text
        assert f'data-group="{RING}"' in client.get("/console/groups").text.split('id="settled"')[1]
        entries = client.get("/console/audit", params={"kind": "alert", "who": "田中"}).text
    assert entries.count("data-entry=") == int(seen[1])
    assert not desk.client.get("/v1/alerts", params={"group": RING}).json()["alerts"]


def test_the_engine_remembers_an_address_under_the_key_the_page_asks_for(desk: Running) -> None:
    live = desk.service.ready().live
    assert key_of("139.59.100.3") in live.replay.state.networks["key"]
    assert key_of("::ffff:139.59.100.3") == key_of("139.59.100.3")
    assert key_of("nonsense") is None
    assert round(estimated((1 << 20) - 1)) == 24
