"""The owner's first page: the light, what needs an answer, and that an answer there is the answer everywhere."""

import json
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from home_pages import Opened, Owner, opened, quiet, troubled
from kuraban.cli import main
from kuraban.console.home.seat import Running, stopped_by
from kuraban.home.findings import Kind
from kuraban.home.problems import HomeError
from kuraban.home.store import Store


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(quiet(tmp_path_factory.mktemp("calm"))) as found:
        yield found


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Owner:
    return troubled(tmp_path_factory.mktemp("robbed"))


@pytest.fixture
def robbed(kept: Owner) -> Iterator[Opened]:
    """As it was found, whatever the test before answered."""
    store = Store.open(kept.folder)
    for alert in store.alerts():
        store.reopen(alert.finding.id, kept.now)
    store.close()
    with opened(kept) as found:
        yield found


def test_a_calm_year_is_green_and_says_since_when_in_both_languages(calm: Opened) -> None:
    page = calm.client.get("/").text
    assert 'data-light="green"' in page
    assert "答えを待っていることはありません" in page
    assert "11月20日 08:00" in page
    english = calm.client.get("/", headers={"accept-language": "en"}).text
    assert "nothing waits for you" in english
    assert '<html lang="en"' in english


def test_a_watch_that_went_quiet_is_not_green(calm: Opened) -> None:
    calm.owner.now += timedelta(hours=25)
    try:
        page = calm.client.get("/").text
    finally:
        calm.owner.now -= timedelta(hours=25)
    assert 'data-light="yellow"' in page
    assert "見張りが動いていません" in page


@pytest.mark.parametrize(
    ("error", "said"),
    [(RuntimeError("secret"), "RuntimeError"), (HomeError.of("予定が壊れています", "x"), "予定が壊れ")],
)
def test_a_watch_that_crashed_says_so_on_the_pages(tmp_path: Path, error: Exception, said: str) -> None:
    with opened(quiet(tmp_path), Running("stopped", stopped_by(error))) as found:
        for path in ("/", "/light", "/watch"):
            page = found.client.get(path).text
            assert "見張りが止まりました" in page
            assert said in page
            assert "secret" not in page
        assert 'data-light="yellow"' in found.client.get("/").text


def test_a_theft_is_red_and_comes_before_everything_else(robbed: Opened) -> None:
    page = robbed.client.get("/").text
    assert 'data-light="red"' in page
    assert page.index('data-level="alarm"') < page.index("私ではありません") < page.index("ほかに 1件")
    assert "kuraban home answer" not in page


def test_the_light_refreshes_itself_and_tells_when_something_new_waits(robbed: Opened) -> None:
    first = robbed.client.get("/").text
    again = re.search(r'hx-get="([^"]+)" hx-trigger="every 10s, visibilitychange from:document"', first)
    assert again is not None
    where = again[1].replace("&amp;", "&")
    assert robbed.client.get(where, headers={"hx-request": "true"}).status_code == 204
    robbed.post(f"/findings/{robbed.waiting()[1].finding.id}/answer", said="mine")
    part = robbed.client.get(where, headers={"hx-request": "true"}).text
    assert part.startswith("<section")
    assert 'id="fresh"' in part


def test_mine_is_remembered_and_can_be_taken_back(robbed: Opened) -> None:
    key = robbed.waiting()[0].finding.id
    page = robbed.post(f"/findings/{key}/answer", said="mine")
    assert page.url.path == "/"
    assert "あなたの操作として覚えました" in page.text
    assert key not in {alert.finding.id for alert in robbed.waiting()}
    page = robbed.post(f"/findings/{key}/undo")
    assert page.url.path == f"/findings/{key}"
    assert 'data-state="waiting"' in page.text
    assert robbed.waiting()[0].finding.id == key
    assert robbed.answers() == []


def test_an_answer_can_be_put_right_long_after(robbed: Opened) -> None:
    key = robbed.waiting()[0].finding.id
    robbed.post(f"/findings/{key}/answer", said="mine")
    listed = robbed.client.get("/findings").text
    assert f'href="/findings/{key}" data-state="mine"' in listed
    assert 'href="/findings"' in robbed.client.get("/").text
    assert robbed.client.get("/findings?page=99999").status_code == 200


def test_not_mine_leads_to_what_to_do_now_and_stands_in_place_of_an_earlier_answer(robbed: Opened) -> None:
    key = robbed.waiting()[0].finding.id
    robbed.post(f"/findings/{key}/answer", said="mine")
    page = robbed.post(f"/findings/{key}/answer", said="not-mine")
    assert page.url.path == "/incident"
    assert "乗っ取りの疑い" in page.text
    assert [answer.mine for answer in robbed.answers()] == [False]
    assert 'data-answered="not_mine"' in robbed.client.get(f"/findings/{key}").text


def test_the_command_and_the_pages_say_the_same(
    robbed: Opened, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KURABAN_HOME", str(robbed.owner.folder.path))
    key = robbed.waiting()[0].finding.id
    assert main(["home", "answer", key, "mine"]) == 0
    assert 'data-state="mine"' in robbed.client.get(f"/findings/{key}").text
    robbed.post(f"/findings/{robbed.waiting()[0].finding.id}/answer", said="not-mine")
    assert main(["home", "answer", key, "undo"]) == 0
    capsys.readouterr()
    assert main(["home", "status", "--json"]) == 3
    said = json.loads(capsys.readouterr().out)
    assert [one["finding"]["id"] for one in said["alerts"] if one["finding"]["level"] != "info"] == [key]
    assert f'data-light="{said["light"]}"' in robbed.client.get("/").text


def test_a_theft_that_was_answered_stays_red_on_the_page_and_at_the_command_until_it_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    owner = troubled(tmp_path)
    monkeypatch.setenv("KURABAN_HOME", str(owner.folder.path))
    with opened(owner) as found:
        for alert in found.waiting():
            found.post(f"/findings/{alert.finding.id}/answer", said="not-mine")
        owner.watch(hours=1)
        page = found.client.get("/").text
        assert found.waiting() == []
        assert 'data-light="red"' in page
        assert "対応中: 0/" in page
        assert 'id="to-incident"' in page
        assert main(["home", "status", "--json"]) == 3
        said = json.loads(capsys.readouterr().out)
        assert (said["light"], said["incident"]["state"], said["incident"]["done"]) == ("red", "going", 0)
        assert found.post("/incident/end", on="2025-11-20").status_code == 409
        ended = found.post("/incident/end", on="2025-11-20", early="yes", text="補償まで済んだ")
        assert 'id="ended"' in ended.text
        page = found.client.get("/").text
        assert 'data-light="green"' in page
        assert "2025-11-20" in page
        assert found.post("/incident/resume").status_code == 200
        assert 'data-light="red"' in found.client.get("/").text


def test_a_notice_that_did_not_come_is_asked_about_in_its_own_words(tmp_path: Path) -> None:
    owner = quiet(tmp_path)
    owner.watch(hours=24 * 60)
    with opened(owner) as found:
        page = found.client.get("/missing").text
        assert "届かない理由が分かりますか" in page
        (silence,) = [one.finding for one in found.waiting() if one.finding.kind is Kind.SILENCE]
        answered = found.post(f"/findings/{silence.id}/answer", said="not-mine")
        assert answered.url.path == f"/findings/{silence.id}"
        assert "登録アドレス" in answered.text
        assert "問い合わせてください" in answered.text
        (gap,) = [one.finding for one in found.waiting() if one.finding.kind is Kind.GAP]
        assert "私です" not in found.client.get(f"/findings/{gap.id}").text
        found.post(f"/findings/{gap.id}/note")
        assert found.waiting() == []
        home = found.client.get("/").text
        assert 'data-light="yellow"' in home
        assert f'data-unexplained href="/findings/{silence.id}"' in home
        assert 'id="all-came"' not in found.client.get("/missing").text


def test_pages_write_while_the_watch_writes_and_neither_loses_anything(robbed: Opened) -> None:
    stop, rounds = threading.Event(), list[int]()

    def write() -> None:
        store = Store.open(robbed.owner.folder)
        while not stop.is_set():
            with store.transaction():
                store.set_note("test.round", str(len(rounds)))
            rounds.append(1)
            stop.wait(0.005)  # as a watch that reads each mail before it keeps it
        store.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        key = robbed.waiting()[0].finding.id
        for said in ("mine", "not-mine") * 5:
            assert robbed.post(f"/findings/{key}/answer", said=said).status_code == 200
    finally:
        stop.set()
        writer.join(30)
    assert rounds
    assert [answer.mine for answer in robbed.answers()] == [False]
