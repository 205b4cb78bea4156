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
import msgspec
import pytest

from crowd_stories import HOSTILE, NAMES, RING, SPRAY, crowded, few, robbed, told
from desk import Running, running, signed_in, theft
from kuraban.console.desk.choosing import MOST_LISTED
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
            assert "spray-20250520-AS60729" not in client.get("/console/").text.split('id="groups-title"')[1]
            grouped(2)
            assert "spray-20250520-AS60729" in client.get("/console/").text.split('id="groups-title"')[1]
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


def boxes(page: str) -> dict[str, str]:
    """The boxes of a group's page as they are ticked to begin with."""
    found = re.findall(r'name="(pick-\d+)" value="([^"]+)" checked', page)
    assert found
    return dict(found)


def confirmed(client: httpx.Client, page: str, **change: str) -> httpx.Response:
    """The page that asks once more, for what is ticked and chosen."""
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen is not None
    form = {"id": RING, "state": "takeover", "why": "同じ端末", "seen": seen[1], "csrf": token(page)}
    return client.post("/console/groups/check", data={**form, **boxes(page), **change})


def sent(page: str) -> dict[str, str]:
    """What the last button sends."""
    form = page.split('action="/console/groups/act"')[1]
    why = re.search(r'name="why"[^>]*>\s*([^<]*)<', form)
    assert why is not None
    return {**dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)), "why": why[1]}


def test_a_verdict_on_a_ring_needs_a_role_a_reason_accounts_and_what_was_seen(desk: Running) -> None:
    with signed_in(desk, "onlooker", VIEWER) as client:
        page = client.get("/console/groups/show", params={"id": RING}).text
        assert 'id="act"' not in page
        form = {"id": RING, "state": "takeover", "why": "x", "seen": "8", "chosen": "1:open.0", "csrf": token(page)}
        assert client.post("/console/groups/act", data=form).status_code == 403
    with signed_in(desk, "佐藤") as client:
        page = client.get("/console/groups/show", params={"id": RING}).text
        for change in ({"why": " "}, {"state": "open"}, {"seen": "x"}):
            refused = confirmed(client, page, **change)
            assert refused.status_code == 422
            assert ("同じ端末" in refused.text) is ("why" not in change)  # nothing typed is lost
        asked = sent(confirmed(client, page).text)
        for change in ({"why": ""}, {"chosen": ""}, {"chosen": "1"}, {"state": "gone"}):
            assert client.post("/console/groups/act", data={**asked, **change}).status_code == 422
        assert client.post("/console/groups/act", data={**asked, "seen": "7"}).status_code == 409
        assert len(desk.client.get("/v1/alerts", params={"group": RING}).json()["alerts"]) == 8


def test_accounts_that_are_hardly_suspect_are_not_ticked_and_can_be_left_out_or_taken_in(desk: Running) -> None:
    with contextlib.closing(schema.connect(desk.service.journal)) as connection:
        (number, decision) = connection.execute(
            "SELECT id, decision FROM alert WHERE ring = ? ORDER BY id LIMIT 1", (RING,)
        ).fetchone()
        mild = msgspec.json.encode({**msgspec.json.decode(decision), "probability": 0.0004})
        connection.execute("UPDATE alert SET decision = ? WHERE id = ?", (mild, number))
        try:
            with signed_in(desk, "鈴木") as client:
                page = client.get("/console/groups/show", params={"id": RING}, headers=JA).text
                assert f"pick-{number}" not in boxes(page)
                assert len(boxes(page)) == 7
                assert f'name="pick-{number}"' in page
                asked = confirmed(client, page)
                assert "7口座を「乗っ取り」にする" in asked.text
                assert "選ばなかった1口座はそのままです" in asked.text
                assert f'data-judged="{number}"' not in asked.text
                all_of_them = confirmed(client, page, **{f"pick-{number}": "open.0"})
                assert "8口座を「乗っ取り」にする" in all_of_them.text
        finally:
            connection.execute("UPDATE alert SET decision = ? WHERE id = ?", (decision, number))
    assert len(desk.client.get("/v1/alerts", params={"group": RING}).json()["alerts"]) == 8


def test_one_verdict_settles_every_account_chosen_is_audited_and_leaves_the_others_as_they_were(desk: Running) -> None:
    told(desk, robbed(9, "trader-0"))  # nothing new joins: the account is a member already
    with signed_in(desk, "田中") as client:
        page = client.get("/console/groups/show", params={"id": RING}).text
        left_out, *_ = boxes(page)
        asked = sent(confirmed(client, page, **{left_out: ""}).text)
        assert len(asked["chosen"].split()) == 7
        with signed_in(desk, "鈴木") as other:  # somebody is faster with one of them
            first = asked["chosen"].split(":")[0]
            act = {"what": "acknowledged", "seen": "open.0", "csrf": token(other.get("/console/policy").text)}
            assert other.post(f"/console/alerts/{first}/act", data=act).status_code == 200
        refused = client.post("/console/groups/act", data=asked, headers=JA)
        assert refused.status_code == 409
        assert "何も変わっていません" in refused.text
        assert "同じ端末</textarea>" in refused.text
        page = client.get("/console/groups/show", params={"id": RING}).text
        assert len(boxes(page)) == 8
        after = client.post("/console/groups/act", data=sent(confirmed(client, page, **{left_out: ""}).text))
        assert after.status_code == 200
        assert "田中" in after.text
        assert "同じ端末" in after.text
        assert 'id="judged"' in after.text
        waiting = desk.client.get("/v1/alerts", params={"group": RING}).json()["alerts"]
        assert [f"pick-{each['id']}" for each in waiting] == [left_out]
        last = client.post("/console/groups/act", data=sent(confirmed(client, after.text).text))
        assert 'id="act"' not in last.text
        assert f'data-group="{RING}"' in client.get("/console/groups").text.split('id="settled"')[1]
        entries = client.get("/console/audit", params={"kind": "alert", "who": "田中"}).text
    assert entries.count("data-entry=") == 8
    assert not desk.client.get("/v1/alerts", params={"group": RING}).json()["alerts"]


def alert_page(client: httpx.Client, account: str) -> str:
    """An account's alert."""
    page = client.get("/console/alerts", params={"account": account, "state": "all"}).text
    found = re.search(r'data-alert="(\d+)"', page)
    assert found is not None
    return client.get(f"/console/alerts/{found[1]}", headers=EN).text


def test_other_suspicious_buyers_are_named_before_there_is_a_ring_and_it_is_said_what_one_takes(tmp_path: Path) -> None:
    with few(tmp_path, 3) as desk, signed_in(desk, "early") as client:
        assert "data-group" not in client.get("/console/groups").text
        page = alert_page(client, "trader-0")
        near = page.split('id="near"')[1].split("</section>")[0]
        assert "They are not named as a ring yet." in near
        assert re.findall(r"account\?id=([\w-]+)", near) == ["trader-2", "trader-1"]
        assert "T1.T Thin T1.T" in near


def test_where_there_is_a_ring_the_other_buyers_lead_to_its_page(desk: Running) -> None:
    with signed_in(desk, "later") as client:
        near = alert_page(client, "trader-1").split('id="near"')[1].split("</section>")[0]
    assert f"groups/show?id={RING}" in near
    assert "trader-2" in near


def test_of_a_group_of_hundreds_those_with_most_to_lose_are_listed_and_the_rest_are_one_box(desk: Running) -> None:
    name = "spray-20250421-AS64500"
    with contextlib.closing(schema.connect(desk.service.journal)) as connection:
        (decision,) = connection.execute("SELECT decision FROM alert LIMIT 1").fetchone()
        try:
            for n in range(MOST_LISTED + 30):
                connection.execute(
                    "INSERT INTO alert (account, state, opened, updated, loss, ring, events, last, decision, action)"
                    " VALUES (?, 'open', 1, 1, ?, ?, 1, 0, ?, 4)",
                    (f"many-{n}", 1000.0 + n // 7, name, decision),
                )
            with signed_in(desk, "many") as client:
                page = client.get("/console/groups/show", params={"id": name}, headers=JA).text
                assert len(boxes(page)) == MOST_LISTED
                assert "残り30口座も含める" in page
                whole = confirmed(client, page, id=name, rest="yes")
                assert f"{MOST_LISTED + 30}口座を「乗っ取り」にする" in whole.text
                asked = sent(whole.text)
                assert len(set(asked["chosen"].split())) == MOST_LISTED + 30
        finally:
            connection.execute("DELETE FROM alert WHERE ring = ?", (name,))


def test_the_engine_remembers_an_address_under_the_key_the_page_asks_for(desk: Running) -> None:
    live = desk.service.ready().live
    assert key_of("139.59.100.3") in live.replay.state.networks["key"]
    assert key_of("::ffff:139.59.100.3") == key_of("139.59.100.3")
    assert key_of("nonsense") is None
    assert round(estimated((1 << 20) - 1)) == 24
