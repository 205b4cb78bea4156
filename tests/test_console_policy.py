"""The page *Policy*: read, tried on the journal, proposed, agreed to by a second person."""

import html
import re
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from desk import Running, running, signed_in, story, theft
from kuraban.console.desk import policy_words, trials
from kuraban.console.desk.people import ANALYST, MANAGER, VIEWER
from kuraban.console.desk.policy_words import MEANINGS, Wrong
from kuraban.core.policy import KEYS, default_text

EN = {"accept-language": "en"}
LAX = "[cost]\nchallenge = 12000\nhold = 200000\nlock = 400000\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("policy")) as found:
        found.send(story(600) + theft()).raise_for_status()
        yield found


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("strict"), two_person=True) as found:
        yield found


def post(client: httpx.Client, path: str, **form: str) -> httpx.Response:
    """A form of the page, sent."""
    token = re.search(r'name="csrf" value="([^"]+)"', client.get("/console/policy").text)
    assert token is not None
    return client.post(f"/console/policy/{path}", data={**form, "csrf": token[1]}, headers=EN)


def finished(client: httpx.Client, page: httpx.Response) -> str:
    """A trial's page once it has ended."""
    until = time.monotonic() + 240
    while 'data-state="running"' in page.text:
        assert time.monotonic() < until
        threading.Event().wait(0.05)
        page = client.get(page.url, headers=EN)
    return page.text


def test_every_number_of_the_policy_stands_there_with_its_meaning(desk: Running) -> None:
    assert set(MEANINGS) == set(KEYS)
    with signed_in(desk, "reader", VIEWER) as client:
        page = html.unescape(client.get("/console/policy", headers=EN).text)
    assert all(meaning[1] in page for meaning in MEANINGS.values())
    assert ">1,200<" in page.replace("\n", "")
    assert "formaction" not in page  # a viewer changes nothing


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("[cost]\nnotify = 15\nchallenge = -1\n", 3, "0 から 1,000,000,000"),
        ("[cost]\n\nchalenge = 1\n", 3, "chalenge"),
        ("[cost\n", 1, "TOML"),
        ('[broker]\ncountry = "Japan"\n', 2, "大文字2字"),
        ('[broker]\nactions = ["lock"]\n', 2, "allow"),
        ("hazard = 1\n", 1, "節"),
    ],
)
def test_what_is_wrong_with_a_text_is_said_with_its_line(text: str, line: int, word: str) -> None:
    found = policy_words.checked(text)
    assert isinstance(found, Wrong)
    assert found.line == line
    assert word in found.words[0]
    assert "/tmp" not in found.words[1]  # no path of the server's


def test_a_text_that_is_no_policy_comes_back_with_what_is_wrong_beside_it(desk: Running) -> None:
    with signed_in(desk, "careless", MANAGER) as client:
        answer = post(client, "propose", toml="[cost]\nlock = '<b>'\n", why="x")
        assert answer.status_code == 422
        assert 'data-line="2"' in answer.text
        assert "lock = &#39;&lt;b&gt;&#39;" in answer.text
        assert post(client, "try", toml="[cost", since="2020-01-01").status_code == 422
        assert post(client, "try", toml="", since="yesterday").status_code == 422
    assert len(desk.service.policies) == 1


@pytest.mark.parametrize("path", ["propose", "shadow"])
def test_a_change_without_a_reason_comes_back_as_it_was_typed_and_says_so_in_the_readers_language(
    desk: Running, path: str
) -> None:
    text = "[cost]\nnotify = 21  # 郵送\n"
    with signed_in(desk, "hasty", MANAGER) as client:
        answer = post(client, path, toml=text, why=" ", since="2025-01-02")
        assert answer.status_code == 422
        assert html.escape(text, quote=False) in answer.text
        assert 'value="2025-01-02"' in answer.text
        assert re.search(r'<p class="note bad" role="alert" id="amiss">Give a reason', answer.text)
        long = post(client, path, toml=text, why="長" * 2001)
        assert "長" * 2001 in long.text
        token = re.search(r'name="csrf" value="([^"]+)"', long.text)
        assert token is not None
        form = {"toml": text, "why": "", "csrf": token[1]}
        japanese = client.post(f"/console/policy/{path}", data=form, headers={"accept-language": "ja"}).text
        assert "理由を2,000文字以内で書いてください" in japanese
        assert "a reason" not in japanese
        assert "/console/language/en?back=/policy" in japanese  # and not the address the form was sent to
    assert len(desk.service.policies) == 1


def test_what_was_typed_into_a_form_that_is_refused_stands_on_the_page_that_says_why_and_can_be_sent_again(
    strict: Running,
) -> None:
    with signed_in(strict, "author", MANAGER) as client:
        page = post(client, "propose", toml="[cost]\nlock = 60000\n", why="試し").text
        number = re.search(r'data-proposal="(\d+)"', page)
        assert number is not None
        refused = post(client, f"proposals/{number[1]}", approve="yes", why="長い理由 & <b>")
        assert refused.status_code == 409
        assert "長い理由 &amp; &lt;b&gt;</textarea>" in refused.text
        assert '<input type="hidden" name="approve" value="yes">' in refused.text
        assert 'href=""' not in refused.text.split("<main")[1]  # which would open the address of the form
        missing = post(client, f"proposals/{number[1]}", approve="no", why="")
        assert missing.status_code == 422
        assert 'aria-describedby="amiss"' in missing.text
        assert post(client, f"proposals/{number[1]}", approve="no", why="やめる").status_code == 200
        foreign = client.post("/console/policy/propose", data={"toml": "[x]", "why": "other site", "csrf": "no"})
        assert foreign.status_code == 403
        assert "other site" not in foreign.text  # nothing of what another page had sent


def test_a_policy_tried_on_the_journal_is_shown_beside_what_was_done(desk: Running) -> None:
    with signed_in(desk, "analyst") as client:
        begun = post(client, "try", toml=LAX, since="2020-01-01")
        assert begun.url.path.startswith("/console/policy/trials/")
        page = finished(client, begun)
        assert 'data-state="done"' in page
        assert "As it was" in page
        assert page.count("× ") >= 7
        assert "1,200" in page
        assert "12,000" in page
        again = client.get(begun.url, headers=EN).text  # a link to it goes on working
        assert "Side by side" in again
        assert "challenge = 12000" in client.get(f"/console/policy?trial={begun.url.path.rsplit('/')[-1]}").text
    assert (desk.service.options.data / "trials").stat().st_mode & 0o077 == 0


def test_one_trial_runs_at_a_time_and_it_can_be_cancelled(desk: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "WORKER", "json.tool")  # which reads on until it is ended, and says nothing before
    with signed_in(desk, "impatient", ANALYST) as client:
        begun = post(client, "try", toml=LAX, since="2020-01-01")
        number = begun.url.path.rsplit("/")[-1]
        assert post(client, "try", toml=LAX, since="2020-01-01").status_code == 409
        page = finished(client, post(client, f"trials/{number}/cancel"))
        assert 'data-state="cancelled"' in page
        until = time.monotonic() + 60
        while trials.of(desk.service).running is not None:
            assert time.monotonic() < until
            threading.Event().wait(0.01)
        assert client.get("/console/policy/trials/0000000000000000").status_code == 404
        assert client.get("/console/policy/trials/..%2f..%2fsecret").status_code == 404


def test_a_manager_alone_changes_the_policy_and_has_to_say_why(desk: Running) -> None:
    with signed_in(desk, "tempted", ANALYST) as client:
        assert post(client, "propose", toml=default_text(), why="because").status_code == 403
    with signed_in(desk, "chief", MANAGER) as client:
        assert post(client, "propose", toml="[cost]\nnotify = 20\n", why=" ").status_code == 422
        page = post(client, "propose", toml="[cost]\nnotify = 20\n", why="郵送の実費").text
        assert 'data-version="2"' in page
        assert "郵送の実費" in page
        assert "15 → 20" in page
        old = client.get("/console/policy/versions/1", headers=EN)
        assert "takeovers_per_account_day" in old.text
        assert client.get("/console/policy/versions/9").status_code == 404
    assert desk.service.policies[-1].who == "chief"


def test_a_policy_on_trial_is_counted_beside_the_one_that_decides(desk: Running) -> None:
    with signed_in(desk, "chief", MANAGER) as client:
        assert 'id="shadow"' in post(client, "shadow", toml=LAX, why="比べる").text
        desk.send(theft("another")).raise_for_status()
        page = client.get("/console/policy", headers=EN).text
    assert "Policy on trial" in page


def test_under_the_two_person_rule_a_second_manager_approves_and_nobody_his_own(strict: Running) -> None:
    with signed_in(strict, "一人目", MANAGER) as client:
        page = post(client, "propose", toml="[cost]\nlock = 50000\n", why="電話が多い").text
        number = re.search(r'data-proposal="(\d+)"', page)
        assert number is not None
        assert "Withdraw" in page
        assert post(client, f"proposals/{number[1]}", approve="yes", why="自分で").status_code == 409
    assert len(strict.service.policies) == 1
    with signed_in(strict, "二人目", MANAGER) as client:
        shown = client.get("/console/policy", headers=EN).text
        assert "電話が多い" in shown
        assert "50,000" in shown
        assert post(client, f"proposals/{number[1]}", approve="yes", why="").status_code == 422
        after = post(client, f"proposals/{number[1]}", approve="yes", why="同意").text
        assert 'data-version="2"' in after
        assert "data-proposal=" not in after
        assert post(client, f"proposals/{number[1]}", approve="yes", why="もう一度").status_code == 409
        assert post(client, "proposals/99", approve="yes", why="x").status_code == 404
    assert strict.service.policies[-1].approved_by == "二人目"


def test_what_a_program_proposed_says_so_and_takes_two_managers(strict: Running) -> None:
    found = strict.client.post("/v1/policy", json={"toml": "[cost]\nlock = 70000\n", "who": "二人目", "why": "夜間"})
    number, by = found.json()["id"], found.json()["by"]
    with signed_in(strict, "担当", ANALYST) as client:
        assert post(client, f"proposals/{number}", approve="yes", why="よい").status_code == 403
    with signed_in(strict, "二人目", MANAGER) as client:  # whose name the program gave
        shown = client.get("/console/policy", headers=EN).text
        assert f'<code class="small">{by}</code> (calls itself <bdi>二人目</bdi>)' in shown
        assert post(client, f"proposals/{number}", approve="yes", why="私ではない").status_code == 409
    with signed_in(strict, "三人目", MANAGER) as client:
        assert "another has to as well" in client.get("/console/policy", headers=EN).text
        after = post(client, f"proposals/{number}", approve="yes", why="同意").text
        assert 'data-approvals="1"' in after
        assert "It waits for another person" in after
        assert post(client, f"proposals/{number}", approve="yes", why="もう一度").status_code == 409
    before = len(strict.service.policies)
    with signed_in(strict, "四人目", MANAGER) as client:
        assert post(client, f"proposals/{number}", approve="yes", why="同意").status_code == 200
    assert len(strict.service.policies) == before + 1
    assert strict.service.policies[-1].approved_by == "三人目, 四人目"
