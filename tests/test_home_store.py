"""What is kept between runs: once, safely, and no more than is needed."""

import os
import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from home_facts import letter_of, letters_of
from home_owner import HABITS, Done, Life, at
from kuraban.home.findings import Finding, Kind, Level, finding_id
from kuraban.home.folder import Folder
from kuraban.home.model import Authenticity, Verdict, Words
from kuraban.home.problems import HomeError
from kuraban.home.store import Store, scrubbed

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
TODAY = date(2026, 4, 1)


def finding(trigger: str, level: Level = Level.ASK, about: tuple[str, ...] = ("m1",)) -> Finding:
    key = finding_id(Kind.ACTS, "rakuten", trigger)
    return Finding(id=key, kind=Kind.ACTS, level=level, account="rakuten", first=NOW, last=NOW, about=about,
                   sentence=Words("文", "sentence"), todo=(Words(f"答え {key}", f"answer {key}"),))  # fmt: skip


def test_the_same_mail_twice_changes_nothing() -> None:
    store = Store.in_memory()
    letters = letters_of(Life(HABITS[1], 5).year())
    assert all(store.add_letter(letter, NOW) for letter in letters)
    before = store.facts()
    assert not any(store.add_letter(letter, NOW) for letter in letters)
    assert store.facts() == before
    assert len(before) == len(letters)


def test_mails_of_a_week_are_those_that_came_in_it_whenever_they_were_read() -> None:
    store = Store.in_memory()
    old, new = (letter_of(Done(at(day, 10), "rakuten", "login"), n) for n, day in enumerate([date(2025, 4, 1), TODAY]))
    store.add_letter(old, NOW)
    store.add_letter(new, NOW)
    week = NOW - timedelta(days=7)
    assert (sum(store.counts(week).values()), store.late(week)) == (1, 1)


def test_everything_is_there_again_after_reopening_and_only_the_user_can_read_it(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "k")
    store = Store.open(folder)
    letter = letters_of(Life(HABITS[1], 5).year())[0]
    store.add_letter(letter, NOW)
    store.raise_alert(finding("a"), NOW, quiet=False)
    store.set_resume_point("gmail", "INBOX", 77, 1234)
    store.close()
    again = Store.open(folder)
    assert list(again.letters()) == [letter]
    assert [alert.finding for alert in again.alerts()] == [finding("a")]
    assert again.resume_point("gmail", "INBOX") == (77, 1234)
    again.close()
    assert all((path.stat().st_mode & 0o077) == 0 for path in folder.path.iterdir())


def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    Store.open(folder).close()
    raw = sqlite3.connect(folder.store)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(HomeError, match="newer"):
        Store.open(folder)


def test_a_file_that_is_no_store_is_refused_in_words(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.store.write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(HomeError, match="cannot be opened"):
        Store.open(folder)


def test_codes_and_mails_of_others_are_not_kept() -> None:
    code = msgspec.structs.replace(
        letter_of(Done(at(NOW.date(), 3), "sbi", "login"), 1), kind="code", subject="認証コード 482913"
    )
    assert "482913" not in scrubbed(code).subject
    private = msgspec.structs.replace(
        code, kind=None, facts=(), authenticity=Authenticity(Verdict.UNVERIFIED, None, ())
    )
    kept = scrubbed(private)
    assert (kept.subject, kept.sender, kept.sender_name, kept.place) == ("", "", "", "")


def test_an_alert_about_the_same_things_is_brought_up_to_date_not_raised_again() -> None:
    store = Store.in_memory()
    assert store.raise_alert(finding("a"), NOW, quiet=False)
    assert not store.raise_alert(finding("b", about=("m0", "m1")), NOW + timedelta(hours=1), quiet=False)
    (alert,) = store.alerts()
    assert alert.finding.id == finding("a").id
    assert set(alert.finding.about) == {"m0", "m1"}
    assert finding("a").id in alert.finding.todo[0].en


def test_an_alert_that_becomes_an_alarm_is_open_again_and_never_becomes_less() -> None:
    store = Store.in_memory()
    store.raise_alert(finding("a"), NOW, quiet=False)
    store.acknowledge(finding("a").id, NOW)
    assert store.raise_alert(finding("a", Level.ALARM), NOW, quiet=False)
    assert store.alerts()[0].open
    assert not store.raise_alert(finding("a", Level.ASK), NOW, quiet=False)
    assert store.alerts()[0].finding.level is Level.ALARM


def test_an_answer_settles_its_alert_and_comes_back_as_feedback() -> None:
    store = Store.in_memory()
    store.raise_alert(finding("a"), NOW, quiet=False)
    store.add_answer(finding("a"), True, NOW)
    assert not store.alerts()[0].open
    (answer,) = store.answers()
    assert (answer.about, answer.mine, answer.asked) == (("m1",), True, "acts")


def test_a_transaction_that_fails_leaves_nothing_behind() -> None:
    store = Store.in_memory()

    def fails() -> None:
        with store.transaction():
            store.raise_alert(finding("a"), NOW, quiet=False)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails()
    assert store.alerts() == []


WRITER = """
import sys
sys.path.insert(0, {tests!r})
from datetime import UTC, datetime
from pathlib import Path
from home_facts import letters_of
from home_owner import HABITS, Life
from kuraban.home.folder import Folder
from kuraban.home.store import Store
store = Store.open(Folder(Path({folder!r})))
for n, letter in enumerate(letters_of(Life(HABITS[3], 5).year())):
    with store.transaction():
        store.add_letter(letter, datetime(2026, 4, 1, tzinfo=UTC))
        store.set_resume_point("gmail", "INBOX", 1, n + 1)
    print(n + 1, flush=True)
"""


def test_after_kill_9_mails_and_resume_point_agree(tmp_path: Path) -> None:
    script = WRITER.format(tests=str(Path(__file__).parent), folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = 0
        for line in process.stdout:
            told = int(line)
            if told >= 40:
                os.kill(process.pid, signal.SIGKILL)
                break
    store = Store.open(Folder(tmp_path))
    point = store.resume_point("gmail", "INBOX")
    assert point is not None
    assert point[1] == len(list(store.letters())) >= told
    store.close()
