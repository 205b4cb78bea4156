"""The owner's other pages: mails, reach, what to secure, the first hour, the watch."""

import hashlib
import io
import re
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from home_facts import letter_of
from home_owner import Done
from home_pages import Opened, Owner, opened, quiet, troubled
from kuraban.home.model import Verdict
from kuraban.home.store import Store


@pytest.fixture(scope="module")
def robbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(troubled(tmp_path_factory.mktemp("robbed"))) as found:
        yield found


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
    assert "300,000円" in listed, "the list says what a mail states, not only what it is called"
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
