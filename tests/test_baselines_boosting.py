"""The label-trained reference: features that look only backwards, and a model that learns from them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evaluate_stories import Story
from kuraban.baselines import boosting
from kuraban.baselines.features import NAMES, Features
from kuraban.baselines.stream import Cash, Client, Event, Holdings, Order, Position, Setting, Surroundings
from kuraban.evaluate import evaluate
from kuraban.evaluate.files import micros

HOME = Client(ip="126.159.33.187", user_agent="KabuApp/7.5.1 (iOS 18.5; iPhone16,2)", device="d1", channel="app")
AWAY = Client(ip="153.129.202.236", user_agent="curl/8.0", device="d2", channel="web")


class Watched:
    """Features of a told stream, by name."""

    def __init__(self) -> None:
        self.features = Features(Surroundings(), {"9999.T": (1e6, 100.0)})

    def __call__(self, hours: float, type_: str, account: str = "ann", **groups: Any) -> dict[str, float]:
        time = datetime(2025, 3, 31, 15, tzinfo=UTC) + timedelta(hours=hours)
        row = self.features.observe(Event(id="e", time=time, account=account, type=type_, **groups), micros(time))
        return {} if row is None else dict(zip(NAMES, row, strict=True))


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_events_that_are_not_decided_upon_have_no_row(watched: Watched) -> None:
    assert watched(1, "login.failed", client=HOME) == {}
    assert watched(1, "login.succeeded", client=HOME)["failures_hour"] == 1


def test_every_decidable_event_fills_every_column(watched: Watched) -> None:
    rows = [
        watched(1, "login.succeeded", client=HOME),
        watched(1, "setting.changed", setting=Setting(name="notice.cash", to="off")),
        watched(1, "order.placed", order=Order(instrument="9999.T", side="buy", notional=1000.0, price=100.0)),
        watched(1, "cash.swept", cash=Cash(amount=5.0)),
        watched(1, "withdrawal.requested", cash=Cash(amount=5.0, destination="x"), client=AWAY),
    ]
    assert all(set(row) == set(NAMES) for row in rows)


def test_novelty_is_judged_before_it_is_learned(watched: Watched) -> None:
    """The same login twice: new at first, a day old the next day."""
    first, second = watched(0, "login.succeeded", client=AWAY), watched(24, "login.succeeded", client=AWAY)
    assert (first["new_device"], first["device_age_days"]) == (1, 0)
    assert (second["new_device"], second["device_age_days"]) == (0, 1)


def test_a_session_remembers_what_was_sold_in_it(watched: Watched) -> None:
    """Half of a wealth of 2,000 is sold, then a thin name bought: half its daily value, its first buyer."""
    books = Holdings(cash=1000.0, positions=[Position("7203.T", 1000.0)])
    watched(0, "account.snapshot", holdings=books)
    watched(1, "login.succeeded", client=HOME)
    watched(1.1, "order.placed", order=Order(instrument="7203.T", side="sell", notional=1000.0))
    row = watched(1.2, "order.placed", order=Order(instrument="9999.T", side="buy", notional=5e5, price=50.0))
    assert (row["session_sold_share"], row["session_sells"], row["new_name"]) == (0.5, 1, 1)
    assert row["log_of_adv"] == pytest.approx(-0.6931, abs=1e-4)
    assert row["crowd_hour"] == 0


def test_a_crowd_is_counted_by_its_new_buyers(watched: Watched) -> None:
    """Three accounts buy a name within the hour; the fourth sees three. A day later they are gone."""
    order = Order(instrument="9999.T", side="buy", notional=100.0)
    for number in range(3):
        watched(1, "order.placed", account=f"a{number}", order=order)
    assert watched(1.5, "order.placed", account="a3", order=order)["crowd_hour"] == 3
    assert watched(30, "order.placed", account="a4", order=order)["crowd_day"] == 0


def told(folder: Path, seed: int) -> Path:
    """A world in which thieves withdraw through a new device at night and owners buy by day."""
    story = Story()
    for day in range(40):
        for number in range(40):
            owner = f"w{seed}o{number}"
            story.login(owner, day, 10 + number / 40, device=f"d{number}", ip=HOME.ip or "")
            story.buys(owner, day, 10.1 + number / 40, 1e5)
    for number in range(40):
        owner = f"w{seed}o{number}"
        login = story.login(owner, 30, 3 + number / 60, device="evil", ip=AWAY.ip or "")
        story.taken_over(owner, login, story.withdraws(owner, 30, 3.1 + number / 60, 1e6))
    story.events.sort(key=lambda event: event["time"])
    folder.mkdir()
    story.report(folder)
    return folder


def test_what_it_learned_on_one_world_it_finds_on_another(tmp_path: Path) -> None:
    trained_on, judged_on = told(tmp_path / "a", 1), told(tmp_path / "b", 2)
    boosting.train([trained_on], tmp_path / "model.txt", rounds=60)
    events = boosting.events_of(judged_on)
    out = boosting.decide(tmp_path / "model.txt", [events], None, tmp_path / "decisions.jsonl")
    report = evaluate(out, [events], judged_on / "truth.jsonl")
    assert report.budgets[0].overall.recall.share == 1.0


def test_the_owners_events_after_the_theft_teach_nothing(tmp_path: Path) -> None:
    """40 thefts of two events each; of the owners' events none after day 30 is in the training set."""
    world = told(tmp_path / "a", 1)
    _, labels, weights = boosting.training_set([boosting.events_of(world)], world / "truth.jsonl", None)
    truth = [msgspec.json.decode(line) for line in (world / "truth.jsonl").read_bytes().splitlines()]
    assert labels.sum() == sum(len(line["events"]) for line in truth) == 80
    innocent = [line for line in (world / "events.jsonl").read_bytes().splitlines() if b'"2025-05' not in line]
    assert len(labels) - 80 < len(innocent)
    assert set(weights[labels == 0]) == {10.0}


def test_a_folder_without_events_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no events"):
        boosting.events_of(tmp_path)


def test_instruments_that_say_nothing_are_unknown(tmp_path: Path) -> None:
    (tmp_path / "i.csv").write_text("instrument,price,adv_jpy\n9999.T,100,\n")
    adv, price = boosting.instruments(tmp_path / "i.csv")["9999.T"]
    assert adv != adv
    assert price == 100
    assert boosting.instruments(tmp_path / "none.csv") == {}
