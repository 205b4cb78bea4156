"""The owner's pages: what they show, and that an answer there is the answer everywhere."""

import hashlib
import io
import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from home_facts import letter_of
from home_owner import Done
from home_pages import Opened, Owner, opened, quiet, troubled
from kuraban.cli import main
from kuraban.console.home.seat import Running, stopped_by
from kuraban.home.findings import Kind
from kuraban.home.model import Verdict
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
    assert "異常はありません" in page
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
        (gap,) = [one.finding for one in found.waiting() if one.finding.kind is Kind.GAP]
        assert "私です" not in found.client.get(f"/findings/{gap.id}").text
        found.post(f"/findings/{gap.id}/note")
        assert found.waiting() == []
        assert 'id="all-came"' in found.client.get("/missing").text


def test_mails_are_sifted_by_broker_verdict_and_words(robbed: Opened) -> None:
    def total(query: str) -> int:
        found = re.search(r'data-total="(\d+)"', robbed.client.get(f"/mails?{query}").text)
        assert found is not None
        return int(found[1])

    everything = total("")
    assert total("broker=sbi") + total("broker=rakuten") == everything
    assert total("verdict=genuine") + total("verdict=unproved") + total("verdict=forged") == everything
    assert total("verdict=forged") == 7
    assert total("q=%E5%87%BA%E9%87%91") == 1
    assert total("q=%25") == 0
    assert total("q=_") == total("q=mktg_nws") == 1
    assert total("page=99999999999&verdict=nonsense&broker=nobody") == everything
    second = robbed.client.get("/mails?page=1").text
    assert 'rel="prev"' in second
    assert 'rel="next"' not in second


def test_a_mail_says_what_it_states_and_why_it_is_believed(robbed: Opened) -> None:
    listed = robbed.client.get("/mails?q=%E5%87%BA%E9%87%91").text
    href = re.search(r'href="(/mails/[0-9a-f]{64})"', listed)
    assert href is not None
    page = robbed.client.get(href[1]).text
    assert 'data-verdict="verified"' in page
    assert "300,000円" in page
    assert robbed.client.get("/mails/" + "0" * 64).status_code == 404
    assert robbed.client.get("/mails/..%2f..%2fconfig.toml").status_code == 404


def test_the_picture_of_reach_is_an_image_with_its_words_beside_it(robbed: Opened) -> None:
    page = robbed.client.get("/reach").text
    assert "「Gmail」のログインをパスキーだけにする" in page
    source = re.search(r'<img id="reach" src="([^"]+)"', page)
    assert source is not None
    image = robbed.client.get(source[1])
    assert image.headers["content-type"] == "image/svg+xml"
    assert image.text.startswith("<svg")


def test_reach_follows_the_file_and_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    file = owner.folder.path / "reach.toml"
    with opened(owner) as found:
        assert "Gmail" in found.client.get("/reach").text
        file.write_text('[[device]]\nname = "<script>"\n', "utf-8")
        page = found.client.get("/reach").text
        assert "Gmail" not in page
        assert "<script>" not in page
        file.write_text("[[device]]\n", "utf-8")
        assert found.client.get("/reach").status_code == 409
        file.unlink()
        assert "[[broker]]" in found.client.get("/reach").text
        assert found.client.get("/reach.svg").status_code == 404


def test_steps_are_ticked_off_and_taken_back_and_the_record_keeps_both(robbed: Opened) -> None:
    page = robbed.client.get("/harden").text
    step = re.search(r'id="next" data-step="([^"]+)" data-thing="([^"]+)"', page)
    assert step is not None
    after = robbed.post("/harden", step=step[1], thing=step[2], state="done").text
    assert f'data-step="{step[1]}" data-thing="{step[2]}" data-state="done"' in after
    assert step[0] not in after
    assert step[0] in robbed.post("/harden", step=step[1], thing=step[2], state="undone").text
    assert robbed.post("/harden", step=step[1], thing="nothing of mine", state="done").status_code == 404
    assert robbed.post("/harden", step=step[1], thing=step[2], state="<b>").status_code == 409
    for _ in range(2):  # as whoever presses twice
        robbed.post("/harden", step=step[1], thing=step[2], state="not_needed")
    record = robbed.client.get("/harden/record.txt")
    assert record.text.count("対象外") == 1
    assert "attachment" in record.headers["content-disposition"]
    assert "取り消し" in record.text


def test_the_first_hour_goes_step_by_step_and_everything_done_is_kept(robbed: Opened) -> None:
    page = robbed.client.get("/incident").text
    assert page.index('data-step="clean" open') < page.index('data-step="lock"')
    page = robbed.post("/incident", step="clean", account="").text
    assert page.index('data-step="lock" open') > page.index('data-step="clean"')
    page = robbed.post("/incident", step="lock", account="楽天", text="<i>受付123</i>").text
    assert "&lt;i&gt;受付123&lt;/i&gt;" in page
    page = robbed.post("/incident", text="家族に知らせた", account="").text
    assert "家族に知らせた" in page
    assert robbed.post("/incident", text="家族に知らせた", account="").text.count("家族に知らせた") == 1
    assert robbed.post("/incident", text="  ").status_code == 409
    assert robbed.post("/incident", step="nonsense").status_code == 404


def test_the_evidence_is_made_beside_the_pages_and_downloaded_whole(robbed: Opened) -> None:
    assert robbed.post("/incident/package", since="2999-01-01").status_code == 409
    page = robbed.post("/incident/package", since="2025-11-01").text
    end = time.monotonic() + 120
    while 'data-going="yes"' in page:
        assert time.monotonic() < end
        page = robbed.client.get("/incident/package/state", headers={"hx-request": "true"}).text
    sums = re.search(r'id="sums">([0-9a-f]{64})<', page)
    name = re.search(r'data-package="([^"]+)"', page)
    assert sums is not None
    assert name is not None
    answer = robbed.client.get(f"/incident/package/{name[1]}")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        listed = next(one for one in archive.namelist() if one.endswith("SHA256SUMS"))
        assert hashlib.sha256(archive.read(listed)).hexdigest() == sums[1]
    for wrong in ("kuraban-incident-20250101-000000.zip", "..%2fconfig.toml", "config.toml"):
        assert robbed.client.get(f"/incident/package/{wrong}").status_code == 404


def test_the_watch_page_shows_each_mailbox_and_what_it_cannot_read(tmp_path: Path) -> None:
    owner = quiet(tmp_path)
    with opened(owner) as found:
        assert 'data-box="mail" data-failing="no"' in found.client.get("/watch").text
        (tmp_path / "mail").rename(tmp_path / "away")
        owner.watch(hours=1)
        assert 'data-box="mail" data-failing="yes"' in found.client.get("/watch").text
        (tmp_path / "away").rename(tmp_path / "mail")
        owner.watch(hours=1)
        assert 'data-box="mail" data-failing="no"' in found.client.get("/watch").text


def test_a_channel_that_takes_no_message_is_shown_as_failing_until_it_does(tmp_path: Path) -> None:
    owner = troubled(tmp_path, sends=False)
    with opened(owner) as found:
        assert 'data-channel="phone" data-failed="yes"' in found.client.get("/watch").text
        owner.sends = True
        owner.watch(hours=0.5)
        assert 'data-channel="phone" data-failed="no"' in found.client.get("/watch").text


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


def test_a_configuration_that_is_wrong_is_said_in_words(tmp_path: Path) -> None:
    owner = quiet(tmp_path)
    with opened(owner) as found:
        owner.folder.config.write_text("[watch]\npoll_minutes = 'x'\n", "utf-8")
        answer = found.client.get("/")
    assert answer.status_code == 409
    assert "watch.poll_minutes" in answer.text


def test_pages_are_quick_with_ten_thousand_mails(tmp_path: Path) -> None:
    owner = Owner(tmp_path)
    store = Store.open(owner.folder)
    with store.transaction():
        for n in range(10_000):
            done = Done(
                owner.now - timedelta(hours=n),
                ("rakuten", "sbi")[n % 2],
                "trade",
                "7203.T",
                "トヨタ",
                "buy",
                2800,
                1,
                n,
            )
            store.add_letter(letter_of(done, n, list(Verdict)[n % 4]), owner.now)
    store.close()
    with opened(owner) as found:
        for path in ("/", "/light", "/mails", "/mails?page=400", "/mails?q=nothing", "/missing", "/watch"):
            assert found.client.get(path).status_code == 200
            took = []
            for _ in range(5):
                begun = time.process_time()  # of server and client together; other programs do not count
                found.client.get(path)
                took.append(time.process_time() - begun)
            assert min(took) < 0.1, path
