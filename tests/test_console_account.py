"""The console's pages of an account and of the present moment, on a desk that runs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from desk import Running, between_tries, by_the_writer, quick_replay, running, signed_in, story, theft
from kuraban.console.desk import addresses

HOSTILE = "a/../b?c=&#<b>"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("account")) as found:
        found.send(story(400))
        for account in ("victim", "second", HOSTILE):
            found.send(theft(account))
        yield found


def test_an_account_is_found_by_its_name_and_shows_what_happened_and_what_was_believed(desk: Running) -> None:
    with signed_in(desk, "finder") as client:
        page = client.get("/console/find?account=victim", headers={"accept-language": "en"})
    assert page.url.path == "/console/account"
    assert page.url.params["id"] == "victim"
    chart = re.search(r'id="belief" data-chart="([^"]+)"', page.text)
    assert chart is not None
    drawn = json.loads(chart[1].replace("&#34;", '"'))
    assert drawn["series"][0]["values"][-1] > drawn["series"][0]["values"][0]
    assert "¥9,000,000" in page.text  # its cash
    assert "AS" in page.text
    assert "python-requests/2.31" in page.text


def test_what_shares_a_network_with_a_theft_is_shown_beside_it(desk: Running) -> None:
    with signed_in(desk, "neighbour") as client:
        page = client.get("/console/account?id=victim").text
    assert re.search(r"185\.220\.101\.34.*?id=second", page, re.DOTALL)


def test_a_timeline_goes_on_to_its_first_event(desk: Running) -> None:
    with signed_in(desk, "reader") as client:
        page = client.get("/console/account?id=victim").text
        ids = re.findall(r'id="event-(\d+)"', page)
        more = re.search(r'hx-get="([^"]*account/events[^"]*)"', page)
        while more is not None:
            part = client.get(more[1].replace("&amp;", "&"), headers={"hx-request": "true"}).text
            ids += re.findall(r'id="event-(\d+)"', part)
            more = re.search(r'hx-get="([^"]*account/events[^"]*)"', part)
    assert len(ids) == len(theft("victim"))
    assert [int(each) for each in ids] == sorted(map(int, ids), reverse=True)


def test_a_cursor_leads_into_no_other_account(desk: Running) -> None:
    with signed_in(desk, "crosser") as client:
        page = client.get("/console/account?id=victim").text
        more = re.search(r'hx-get="([^"]*account/events[^"]*)"', page)
        assert more is not None
        assert client.get(more[1].replace("&amp;", "&").replace("id=victim", "id=second")).status_code == 400


def test_an_event_opens_into_the_evidence_and_the_costs(desk: Running) -> None:
    with signed_in(desk, "opener") as client:
        seq = re.findall(r'id="event-(\d+)"', client.get("/console/account?id=victim").text)[0]
        part = client.get(f"/console/events/{seq}", headers={"hx-request": "true", "accept-language": "en"}).text
        assert client.get("/console/events/99999999").status_code == 404
    assert "<html" not in part
    assert "Expected cost of each action" in part
    assert "victim-theft-4" in part


def test_an_unknown_account_is_said_to_be_unknown_and_near_names_are_offered(desk: Running) -> None:
    with signed_in(desk, "searcher") as client:
        found = client.get("/console/find?account=vic")
        assert found.status_code == 404
        assert "id=victim" in found.text
        assert client.get("/console/account?id=nobody").status_code == 404


def test_an_account_with_a_hostile_name_has_its_page(desk: Running) -> None:
    with signed_in(desk, "hostile") as client:
        page = client.get("/console/find", params={"account": HOSTILE})
    assert page.url.params["id"] == HOSTILE
    assert "<b>" not in page.text


def test_the_present_moment_shows_rates_money_and_alerts_and_its_part_can_be_polled(desk: Running) -> None:
    with signed_in(desk, "watcher") as client:
        page = client.get("/console/", headers={"accept-language": "en"}).text
        part = client.get("/console/now", headers={"hx-request": "true"}).text
    for name in ("events-rate", "alert-rate", "at-risk", "stopped"):
        assert f'id="{name}"' in page
    assert re.search(r'id="at-risk">¥[\d.]+M<', page)
    assert 'hx-trigger="every 2s' in page
    assert "<html" not in part
    assert 'data-chart-for="chart-rates"' in part


def client(ip: str) -> dict[str, dict[str, str]]:
    return {"client": {"ip": ip}}


def test_addresses_are_known_by_the_hashes_that_reading_events_gives_them() -> None:
    texts = ("126.159.33.187", "2001:db8:1:2::3", "::ffff:10.1.2.3")
    lines = [
        json.dumps({"id": text, "time": "2025-01-01T00:00:00Z", "account": "a", "type": "login.failed"} | client(text))
        for text in texts
    ]
    read = quick_replay().reader.line_rows("\n".join(lines).encode(), lambda ids: np.ones(len(ids), dtype=np.bool_))
    found = [addresses.address(text) for text in texts]
    assert [(each.ip_hash, each.net_hash) for each in found if each] == [
        (int(row["ip"]), int(row["net"])) for row in read.batch.rows
    ]
    assert addresses.address("fe80::1%eth0") is None
    assert addresses.address("not an address") is None


def test_accounts_and_alerts_are_read_while_the_disk_is_full(tmp_path: Path) -> None:
    with running(tmp_path) as desk, signed_in(desk, "reader") as client:
        desk.send(theft()).raise_for_status()
        (pages,) = by_the_writer(desk, "PRAGMA page_count")
        by_the_writer(desk, f"PRAGMA max_page_count = {pages}")
        assert desk.send(story(200)).status_code == 503
        assert client.get("/console/account?id=victim").status_code == 200
        page = client.get("/console/alerts/1")
        assert page.status_code == 200
        token = re.search(r"x-csrf&#34;: &#34;([^&]+)&#34;", page.text)
        assert token is not None
        form = {"what": "acknowledged", "seen": "open.0"}
        refused = client.post("/console/alerts/1/act", data=form, headers={"x-csrf": token[1], "x-part": "row"})
        assert refused.status_code == 503
        assert 'data-condition="disk_full"' in client.get("/console/").text
        between_tries(desk, "PRAGMA max_page_count = 1000000")


def _prepared() -> list[bytes]:
    """A thief who looks in from the same line on several days before the owner hears of it, and denies the last."""
    owner = [line for line in theft("prepared") if b"-theft-" not in line]
    login = json.loads(theft("prepared")[-5])
    login["client"]["user_agent"] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/136.0.0.0 Safari/537.36"
    visits = [
        json.dumps(
            login | {"id": f"look-{day}", "session": f"look-{day}", "time": f"2025-05-{day}T12:00:00+09:00"}
        ).encode()
        for day in (20, 22, 23, 24, 25)
    ]
    denial = {"id": "no", "time": "2025-05-25T13:00:00+09:00", "account": "prepared", "type": "owner.denied"}
    return [*owner, *visits, json.dumps(denial | {"about": ["look-25"]}).encode()]


def test_beside_a_habit_stands_since_when_by_how_many_sessions_and_that_the_owner_denied_one(desk: Running) -> None:
    for line in _prepared():
        desk.decide(line)
    with signed_in(desk, "historian") as client:
        page = client.get("/console/account?id=prepared").text
        alert = re.search(r'href="(/console/alerts/\d+)"', page)
        assert alert is not None
        assert 'id="denied"' in client.get(alert[1]).text
        quiet = client.get("/console/account?id=victim").text
    words = re.sub(r"<[^>]*>", "", page)
    assert 'id="denied"' in page
    assert re.search(r"AS60729 .*2025-05-20から5回 +本人が否認 1回", words)
    assert re.search(r"AS17676 .*2025-05-01から19回", words)
    assert 'id="denied"' not in quiet
