"""An incident goes on until the owner ends it: no answer of his turns the light green before."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kuraban.home import incident, walk
from kuraban.home import standing as standings
from kuraban.home.condition import Condition, condition
from kuraban.home.config import Account, Config
from kuraban.home.findings import Finding, Kind, Level, finding_id
from kuraban.home.folder import Folder
from kuraban.home.incident import Action
from kuraban.home.model import Words
from kuraban.home.problems import HomeError
from kuraban.home.store import Store

NOW = datetime(2026, 4, 30, 3, tzinfo=UTC)
CONFIG = Config(account=[Account("楽天", "rakuten"), Account("SBI", "sbi")])


class Home:
    """A folder and a store whose watch goes on."""

    def __init__(self, folder: Folder):
        self.folder, self.store = folder, Store.in_memory()
        self.at(NOW)

    def at(self, now: datetime) -> Condition:
        """How things stand then, the watch having just looked."""
        self.store.set_note("watch.beat", now.isoformat())
        self.store.set_note("watch.looked", now.isoformat())
        return condition(self.store, self.folder, CONFIG, now)

    def say(self, kind: Kind, mine: bool, level: Level = Level.ALARM, number: int = 0) -> Finding:
        """Something is found, and the owner answers."""
        one = Finding(
            id=finding_id(kind, "楽天", str(number)), kind=kind, level=level, account="楽天", first=NOW, last=NOW,
            about=(f"event-{kind}-{number}",), sentence=Words("起きた", "it happened"),
        )  # fmt: skip
        self.store.raise_alert(one, NOW, quiet=False)
        self.store.add_answer(one, mine, NOW + timedelta(minutes=number))
        return one

    def do(self, at: datetime, *, most: int = 1000) -> int:
        """The steps of the walk are done; how many."""
        lines = incident.first_hour(walk.accounts(self.folder, CONFIG))[:most]
        for line in lines:
            walk.note(self.folder, Action(at=at, noted=at, what="x", account=line.account, step=line.step))
        return len(lines)

    def end(self, on: datetime, *, early: bool = False) -> None:
        """The owner ends it."""
        found = standings.standing(self.store, self.folder, CONFIG, on)
        standings.end(self.folder, found, on.date(), on, early=early)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(Folder(tmp_path))


def test_the_light_is_red_from_not_mine_until_the_owner_ends_the_incident(home: Home) -> None:
    assert home.at(NOW).light == "green"
    home.say(Kind.ACTS, mine=False)
    found = home.at(NOW + timedelta(days=3))
    assert (found.light, found.waiting) == ("red", ())
    assert "0/17" in found.sentence.ja
    assert "別の安全な端末を使う" in found.sentence.ja
    done = home.do(NOW + timedelta(hours=1), most=1)
    found = home.at(NOW + timedelta(days=3))
    assert (found.light, done) == ("red", 1)
    assert "1 of 17 done" in found.sentence.en
    home.do(NOW + timedelta(days=5))
    assert home.at(NOW + timedelta(days=6)).light == "yellow"
    home.end(NOW + timedelta(days=7))
    assert home.at(NOW + timedelta(days=8)).light == "green"


def test_an_incident_that_ended_lately_is_still_spoken_of(home: Home) -> None:
    home.say(Kind.WITHDRAWAL, mine=False)
    home.end(NOW + timedelta(days=7), early=True)
    found = home.at(NOW + timedelta(days=30))
    assert found.light == "green"
    assert any("2026-05-07" in words.ja and "私ではありません" in words.ja for words in found.also)
    assert home.at(NOW + timedelta(days=200)).also == ()


def test_an_incident_is_not_ended_by_oversight(home: Home) -> None:
    with pytest.raises(HomeError):
        home.end(NOW)
    home.say(Kind.ACTS, mine=False)
    with pytest.raises(HomeError):
        home.end(NOW + timedelta(days=1))
    found = standings.standing(home.store, home.folder, CONFIG, NOW)
    with pytest.raises(HomeError):
        standings.end(home.folder, found, (NOW + timedelta(days=2)).date(), NOW, early=True)
    assert home.at(NOW + timedelta(days=1)).light == "red"


def test_a_second_incident_begins_with_no_step_done(home: Home) -> None:
    home.say(Kind.ACTS, mine=False)
    home.do(NOW + timedelta(hours=1))
    home.end(NOW + timedelta(days=7))
    home.say(Kind.ACTS, mine=False, number=60 * 24 * 30)
    found = home.at(NOW + timedelta(days=31))
    assert found.light == "red"
    assert found.incident is not None
    assert (found.incident.done, len(found.incident.denied)) == (0, 1)


def test_an_end_can_be_taken_back_with_all_that_was_done(home: Home) -> None:
    home.say(Kind.ACTS, mine=False)
    home.do(NOW + timedelta(hours=1), most=4)
    home.end(NOW + timedelta(days=1), early=True)
    standings.resume(home.folder, NOW + timedelta(days=2))
    found = home.at(NOW + timedelta(days=2))
    assert found.light == "red"
    assert found.incident is not None
    assert found.incident.done == 4
    with pytest.raises(HomeError):
        standings.resume(home.folder, NOW + timedelta(days=2))


def test_a_denial_taken_back_or_put_right_begins_no_incident(home: Home) -> None:
    one = home.say(Kind.ACTS, mine=False)
    home.store.add_answer(one, True, NOW)
    assert home.at(NOW).light == "green"


def test_steps_done_before_any_answer_are_an_incident_too(home: Home) -> None:
    home.do(NOW, most=2)
    assert home.at(NOW).light == "red"


def test_an_alarm_that_was_only_noted_still_waits_for_an_answer(home: Home) -> None:
    one = home.say(Kind.ACTS, mine=True)
    home.store.reopen(one.id, NOW)
    home.store.acknowledge(one.id, NOW)
    found = home.at(NOW)
    assert (found.light, len(found.waiting)) == ("red", 1)
    assert home.store.alerts(only_open=True) == []


def test_not_to_know_why_something_did_not_come_is_no_all_clear(home: Home) -> None:
    one = home.say(Kind.SILENCE, mine=False, level=Level.ASK)
    found = home.at(NOW)
    assert found.light == "yellow"
    assert "問い合わせ" in found.sentence.ja
    assert found.unexplained == (one,)
    assert found.incident is not None
    assert not found.incident.open
    home.store.add_answer(one, True, NOW)
    assert home.at(NOW).light == "green"


def test_an_execution_of_which_no_notice_came_and_that_was_not_the_owners_is_an_incident(home: Home) -> None:
    home.say(Kind.MISSING_NOTICE, mine=False, level=Level.ASK)
    assert home.at(NOW).light == "red"


def test_what_else_waits_is_said_below_the_incident(home: Home) -> None:
    home.say(Kind.ACTS, mine=False)
    home.say(Kind.SILENCE, mine=False, level=Level.ASK, number=1)
    found = home.at(NOW + timedelta(days=3))
    assert "対応中" in found.sentence.ja
    assert any("届かない理由" in words.ja for words in found.also)
    assert any("対応中" in words.ja for words in standings.reminders(home.store, home.folder, CONFIG, NOW))
