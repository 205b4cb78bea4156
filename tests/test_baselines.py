"""The methods of others, each on a stream small enough to work out by hand."""

import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from evaluate_stories import Story
from kuraban.baselines import BASELINES, run
from kuraban.baselines.arana import Arana
from kuraban.baselines.freeman import Freeman
from kuraban.baselines.midas import ALPHA, Edges
from kuraban.baselines.new_client import NewClient
from kuraban.baselines.stream import Baseline, Client, Event, Order, Surroundings
from kuraban.baselines.table import markdown, operating_points
from kuraban.baselines.volume import Volume
from kuraban.baselines.writing import file_name, probability
from kuraban.evaluate import judge, read_world
from kuraban.evaluate.files import micros

TOKYO_LINE, OTHER_LINE, OSAKA_HOSTING = "126.159.33.187", "126.159.33.1", "153.129.202.236"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture(scope="module")
def around() -> Surroundings:
    return Surroundings()


def seen(method: Baseline, hours: float, type_: str = "login.succeeded", account: str = "ann", **groups: Any) -> Any:
    """The method's score of an event so many hours after a midnight in Japan."""
    time = datetime(2025, 4, 1, tzinfo=UTC) + timedelta(hours=hours - 9)
    event = Event(id="e", time=time, account=account, type=type_, **groups)
    return method.observe(event, micros(time))


def test_an_account_seen_for_the_first_time_is_not_new_to_itself(around: Surroundings) -> None:
    assert seen(NewClient(around), 0, client=Client(ip=TOKYO_LINE, device="a")) == 0.0


def test_the_rule_fires_on_a_new_device_on_a_new_network_only(around: Surroundings) -> None:
    """Another address of the same provider is not a new network; a longer history ranks higher."""
    method = NewClient(around)
    seen(method, 0, client=Client(ip=TOKYO_LINE, device="a"))
    assert seen(method, 1, client=Client(ip=OTHER_LINE, device="a")) == 0.0
    one = seen(method, 2, client=Client(ip=OTHER_LINE, device="b"))
    both = seen(method, 3, client=Client(ip=OSAKA_HOSTING, device="c"))
    assert method.alarm is not None
    assert 1 < one < method.alarm < both


def test_freeman_by_hand(around: Surroundings) -> None:
    """Ann logged in twice, Ben twice, all alike: every p(x) = p(x|u) but for the smoothing of the population side.

    N = 4; levels IP, AS, country with one value each: M = 3, 2, 1. Seen: 4/4 · (1 − M/(4 + M)).
    """
    method = Freeman(around)
    client = Client(ip=TOKYO_LINE, user_agent=CHROME)
    for account in ("ann", "ben", "ann", "ben"):
        score = seen(method, 0, account=account, client=client)
    score = seen(method, 1, client=client)
    address = 0.6 * 4 / 7 + 0.3 * 4 / 6 + 0.1 * 4 / 5
    agent = 0.53867 * 4 / 8 + 0.26805 * 4 / 7 + 0.18818 * 4 / 6 + 0.0051 * 4 / 5
    assert score == pytest.approx(math.log(address * agent * (1 / 2) / (2 / 4)), abs=1e-4)


def test_freeman_scores_a_stranger_higher_than_the_owner(around: Surroundings) -> None:
    method = Freeman(around)
    for hour in range(10):
        seen(method, hour, client=Client(ip=TOKYO_LINE, user_agent=CHROME))
        seen(method, hour, account="ben", client=Client(ip=OSAKA_HOSTING, user_agent=SAFARI))
    owner = seen(method, 11, client=Client(ip=TOKYO_LINE, user_agent=CHROME))
    stranger = seen(method, 12, client=Client(ip=OSAKA_HOSTING, user_agent=SAFARI))
    assert owner < 0 < stranger


def test_a_spraying_address_is_bad_from_its_eighth_request(around: Surroundings) -> None:
    """Seven failures, then a success: 7 of 8 fail. Next day the address starts afresh."""
    method = Arana()
    for number in range(7):
        assert seen(method, 10, "login.failed", f"victim{number}", client=Client(ip=TOKYO_LINE)) is None
    assert seen(method, 10.5, client=Client(ip=TOKYO_LINE)) == pytest.approx(7 / 8)
    assert seen(method, 24.5, client=Client(ip=TOKYO_LINE)) == 0.0


def test_an_office_where_one_in_five_mistypes_is_not_bad() -> None:
    """Four failures in five are «80 %», and the rule wants more."""
    method = Arana()
    for _ in range(8):
        seen(method, 10, "login.failed", client=Client(ip=TOKYO_LINE))
    for _ in range(2):
        score = seen(method, 10, client=Client(ip=TOKYO_LINE))
    assert score == 0.8
    assert method.alarm is not None
    assert score < method.alarm


def test_volume_stands_out_against_the_names_own_days() -> None:
    """A name bought for 1,000 yen on each of ten days, then for ten million: a hundred times e over the usual day."""
    method = Volume()
    for day in range(10):
        order = Order(instrument="9999.T", side="buy", notional=1000)
        usual = seen(method, 24 * day + 10, "order.placed", order=order)
    sudden = seen(method, 250, "order.placed", order=Order(instrument="9999.T", side="buy", notional=1e7))
    assert usual == pytest.approx(0, abs=1e-9)
    assert sudden == pytest.approx(math.log1p(1e7) - math.log1p(1000))


def test_a_sale_is_not_a_purchase() -> None:
    assert seen(Volume(), 10, "order.placed", order=Order(instrument="9999.T", side="sell", notional=1e9)) is None


def test_days_without_a_trade_count_as_empty() -> None:
    """One trade on day 0, none until day 30: the usual day has become nearly nothing."""
    method = Volume()
    order = Order(instrument="9999.T", side="buy", notional=1000)
    seen(method, 10, "order.placed", order=order)
    soon = seen(method, 34, "order.placed", order=order)
    late = seen(method, 24 * 30, "order.placed", order=order)
    assert late > soon


def test_midas_by_hand() -> None:
    """Edge (a, b) once in each of ticks 1 and 2: at tick 2, current = α + 1, total = 2, mean 1 → α² · 4 / 2."""
    edges = Edges()
    assert edges.add("a", "b", 1) == 0.0
    assert edges.add("a", "b", 2) == pytest.approx(ALPHA**2 * 4 / 2)


def test_midas_sees_many_sources_meet_at_one_target() -> None:
    """Twenty accounts, each new to the name, buy it within an hour: the name's own burst scores, not the edges'."""
    edges = Edges()
    edges.add("first", "thin", 1)
    scores = [edges.add(f"account{number}", "thin", 100) for number in range(20)]
    assert scores == sorted(scores)
    assert scores[-1] > 1000


def test_a_score_keeps_its_rank_as_a_probability() -> None:
    scores = [-1e9, -3.0, 0.0, 1e-6, 2.0, 40.0, 1e9, 1e12]
    probabilities = [probability(score) for score in scores]
    assert probabilities == sorted(set(probabilities))
    assert 0 <= probabilities[0] < probabilities[-1] <= 1


def test_every_baseline_gives_decisions_that_can_be_judged(tmp_path: Path) -> None:
    """One theft, five quiet owners: each method's file is complete, and the table has a row for each."""
    story = Story()
    for day in range(3):
        for number in range(5):
            story.login(f"owner{number}", day, 12, ip=TOKYO_LINE, user_agent=CHROME, device=f"d{number}")
    login = story.login("owner0", 2, 13, ip=OSAKA_HOSTING, user_agent=SAFARI, device="x")
    story.taken_over("owner0", login, story.buys("owner0", 2, 13.1, 1e6))
    story.report(tmp_path)
    files = run([tmp_path / "events.jsonl"], tmp_path / "out")
    world = read_world([tmp_path / "events.jsonl"], tmp_path / "truth.jsonl")
    reports = {name: judge(world, path) for name, path in files.items()}
    assert set(reports) == set(BASELINES)
    assert all(report.unreadable == 0 and report.decisions > 0 for report in reports.values())
    table = markdown(reports, 1e-3)
    assert table.count("\n") == 2 + len(BASELINES)
    assert "| new device and network | 100 / 100 |" in table
    assert "thief (n = 1)" in table
    assert "| Araña's rule | 0.00 |" in operating_points(reports)


def test_running_twice_writes_the_same_bytes(tmp_path: Path) -> None:
    story = Story()
    for number in range(20):
        story.login("ann", number, 12, ip=TOKYO_LINE, user_agent=CHROME if number % 3 else SAFARI, device="d")
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(msgspec.json.encode(event) for event in story.events))
    first = {name: path.read_bytes() for name, path in run([tmp_path / "events.jsonl"], tmp_path / "a").items()}
    again = {name: path.read_bytes() for name, path in run([tmp_path / "events.jsonl"], tmp_path / "b").items()}
    assert first == again


def test_file_names_are_plain() -> None:
    assert file_name("Araña's rule") == "arana-s-rule.jsonl"
