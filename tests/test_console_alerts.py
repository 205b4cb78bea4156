"""The console's pages of alerts: what is listed, what analysts do about it, and that nothing is lost or done twice."""

import json
import re
from collections.abc import Iterator
from html import unescape

import httpx
import pytest

from desk import Running, running, signed_in, theft
from kuraban.console.desk.people import VIEWER

HOSTILE = "</td><script>alert(1)</script>\u202e\"'&"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("alerts")) as found:
        for account in ("victim", "second", "third", "fourth", "fifth", "sixth"):
            found.send(theft(account))
        agent = json.dumps(HOSTILE)[1:-1].encode()
        found.send([line.replace(b"python-requests/2.31", agent) for line in theft(HOSTILE)])
        yield found


def token(client: httpx.Client) -> str:
    found = re.search(r"x-csrf&#34;: &#34;([^&]+)&#34;", client.get("/console/alerts").text)
    assert found is not None
    return found[1]


def number(client: httpx.Client, account: str) -> int:
    page = client.get("/console/alerts", params={"account": account, "state": "all"}).text
    found = re.search(r'data-alert="(\d+)"', page)
    assert found is not None
    return int(found[1])


def seen(client: httpx.Client, alert: int) -> str:
    found = re.search(r'data-seen="([^"]+)"', client.get(f"/console/alerts/{alert}").text)
    assert found is not None
    return found[1]


def act(client: httpx.Client, alert: int, **form: str) -> httpx.Response:
    headers = {"x-csrf": token(client), "x-part": "row", "hx-request": "true"}
    return client.post(f"/console/alerts/{alert}/act", data=form, headers=headers)


def test_alerts_are_listed_by_expected_loss_with_why(desk: Running) -> None:
    with signed_in(desk, "list") as client:
        page = client.get("/console/alerts", headers={"accept-language": "en"}).text
    losses = [float(each.replace(",", "")) for each in re.findall(r'data-open title="¥([\d,]+)"', page)]
    assert len(losses) >= 6
    assert losses == sorted(losses, reverse=True)
    assert "unusual for this account" in page


def test_a_filter_shows_only_what_was_asked_for(desk: Running) -> None:
    with signed_in(desk, "filter") as client:
        assert client.get("/console/alerts?account=victim").text.count("data-alert=") == 1
        assert client.get("/console/alerts?account=nobody").text.count("data-alert=") == 0
        assert client.get("/console/alerts?word=access.network").text.count("data-alert=") >= 1
        assert client.get("/console/alerts?word=no-such-word").text.count("data-alert=") == 0
        assert client.get("/console/alerts?state=invented").status_code == 400


def test_a_verdict_needs_a_reason_and_is_kept_with_who_and_why(desk: Running) -> None:
    with signed_in(desk, "山田") as client:
        alert = number(client, "victim")
        before = seen(client, alert)
        assert act(client, alert, what="takeover", seen=before).status_code == 422
        done = act(client, alert, what="takeover", seen=before, choice="本人が否認", why="電話済み")
        assert done.status_code == 200
        assert "state-takeover" in done.text
        page = client.get(f"/console/alerts/{alert}").text
    assert "山田" in page
    assert "本人が否認: 電話済み" in page


def test_two_analysts_on_one_case_are_told_of_each_other_and_nothing_is_done_twice(desk: Running) -> None:
    with signed_in(desk, "first") as one, signed_in(desk, "second") as two:
        alert = number(one, "second")
        before = seen(one, alert)
        assert act(one, alert, what="acknowledged", seen=before).status_code == 200
        late = act(two, alert, what="owner", seen=before, choice="mine")
        assert late.status_code == 409
        assert "first" in unescape(late.text)
        assert "state-acknowledged" in late.text
        assert act(two, alert, what="owner", seen=seen(two, alert), choice="mine").status_code == 200


def test_an_act_sent_twice_because_its_answer_was_lost_is_done_once(desk: Running) -> None:
    with signed_in(desk, "twice") as client:
        alert = number(client, "third")
        before = seen(client, alert)
        for _ in range(2):
            assert act(client, alert, what="note", seen=before, why="called, no answer").status_code == 200
        before = seen(client, alert)
        for _ in range(2):
            assert act(client, alert, what="takeover", seen=before, choice="denied").status_code == 200
        page = client.get(f"/console/alerts/{alert}").text
    assert page.count("called, no answer") == 1
    assert page.count('<span class="said">denied</span>') == 1


def test_a_viewer_reads_and_changes_nothing(desk: Running) -> None:
    with signed_in(desk, "viewer", VIEWER) as client:
        page = client.get("/console/alerts").text
        alert = number(client, "fourth")
        assert "data-act=" not in page
        assert act(client, alert, what="acknowledged", seen=seen(client, alert)).status_code == 403
        assert "state-open" in client.get(f"/console/alerts/{alert}").text


def test_a_verdict_is_not_reopened_and_the_key_for_it_leads_to_why_and_to_what_can_be_done(desk: Running) -> None:
    with signed_in(desk, "regrets") as client:
        alert = number(client, "sixth")
        done = act(client, alert, what="takeover", seen=seen(client, alert), why="早とちり")
        key = re.search(r'href="([^"]+)" data-key="u"', done.text)
        assert key is not None
        page = client.get(key[1], headers={"accept-language": "ja"})
        assert page.status_code == 200
        assert "すでに伝わっているため" in page.text
        assert "<form" not in page.text.split("<main")[1].split("</main>")[0]
        assert f'href="/console/alerts/{alert}/act/owner"' in page.text
        assert f'href="/console/alerts/{alert}/act/takeover"' not in page.text
        assert act(client, alert, what="owner", seen=seen(client, alert), why="訂正").status_code == 200


def test_without_a_script_an_act_is_a_form_of_its_own(desk: Running) -> None:
    with signed_in(desk, "plain") as client:
        alert = number(client, "fifth")
        form = client.get(f"/console/alerts/{alert}/act/owner").text
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        done = client.post(f"/console/alerts/{alert}/act", data={**fields, "why": "new telephone"})
        assert done.url.path == f"/console/alerts/{alert}"
        assert "state-owner" in done.text
        stale = client.post(f"/console/alerts/{alert}/act", data={**fields, "what": "acknowledged"})
        assert stale.status_code == 409


def test_an_alert_opens_into_its_evidence_its_costs_and_its_events(desk: Running) -> None:
    with signed_in(desk, "open") as client:
        page = client.get(f"/console/alerts/{number(client, 'sixth')}", headers={"accept-language": "en"}).text
        assert client.get("/console/alerts/999999").status_code == 404
    assert "Expected cost of each action" in page
    assert "credentials.change" in page
    assert "python-requests/2.31" in page
    assert "withdrawal requested" in page


def test_the_list_says_how_many_alerts_came_since(desk: Running) -> None:
    with signed_in(desk, "news") as client:
        newest = max(map(int, re.findall(r'data-alert="(\d+)"', client.get("/console/alerts?state=all").text)))
        assert 'id="refresh"' not in client.get(f"/console/alerts/news?since={newest}").text
        assert 'id="refresh"' in client.get(f"/console/alerts/news?since={newest - 1}").text


def test_hostile_words_stay_words(desk: Running) -> None:
    with signed_in(desk, "hostile") as client:
        alert = number(client, HOSTILE)
        assert act(client, alert, what="note", seen=seen(client, alert), why=HOSTILE).status_code == 200
        for path in ("/console/", "/console/alerts", f"/console/alerts/{alert}", f"/console/alerts/{alert}/act/owner"):
            page = client.get(path).text
            assert "<script>alert" not in page
            assert "\u202e" not in page
            assert re.search(r"&lt;/td&gt;&lt;script&gt;", page)
