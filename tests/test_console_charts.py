"""What the desk draws: belief by event, and friction against loss; how it writes times, lengths and numbers."""

import itertools
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from kuraban.console.desk.belief import Step, drawn
from kuraban.console.desk.policy_words import Wrong, checked
from kuraban.console.desk.trial_plot import plot
from kuraban.console.words import figure, filters, lasting
from kuraban.decisions import Decision, few
from kuraban.journal.backtest import Comparison, Side
from kuraban.journal.friction import Point

JST = ZoneInfo("Asia/Tokyo")
NIGHT = datetime(2026, 3, 9, 23, 56, tzinfo=JST)
SIDE = Side({}, 0, 0, 0, 0)


def _step(at: datetime, seq: int, probability: float = 1e-6, action: str = "allow", kind: str | None = None) -> Step:
    decision = Decision(f"e{seq}", "a", at.isoformat(), probability, 9e6, action, 0.0, (), None)
    return Step(at, seq, kind or "login.succeeded", decision)


def _year_and_five_minutes() -> list[Step]:
    owner = [_step(NIGHT - timedelta(days=30 * n), 100 - n) for n in range(12, 0, -1)]
    grave = [(0.01, "challenge"), (0.4, "hold"), (0.99, "lock"), (0.97, "lock")]
    thief = [_step(NIGHT + timedelta(minutes=n), 200 + n, *each, "setting.changed") for n, each in enumerate(grave)]
    return owner + thief


def test_an_attack_of_minutes_after_a_year_has_a_place_for_each_event_and_a_gap_that_says_how_long() -> None:
    chart = drawn(_year_and_five_minutes(), "ja")
    attack = chart["x"][-4:]
    assert [b - a for a, b in itertools.pairwise(attack)] == [1, 1, 1]
    assert chart["gaps"][-1] == {"x": attack[0] - 1, "seconds": 30 * 86_400, "label": "30日"}
    assert len(chart["gaps"]) == 12
    assert set(chart["x"]).isdisjoint(gap["x"] for gap in chart["gaps"])
    assert chart["ticks"][-1] == ["23:59", "3/9", "2026"]
    assert chart["here"] == 14


def test_every_point_says_when_what_how_probable_and_what_was_done() -> None:
    japanese, english = (drawn(_year_and_five_minutes(), language) for language in ("ja", "en"))
    assert japanese["says"][-2] == "2026-03-09 23:58:00 · 設定変更 · 99.0% · ロック"
    assert english["says"][-2] == "2026-03-09 23:58:00 · setting changed · 99.0% · lock"
    assert japanese["rows"][-1] == "event-203"


def test_actions_on_the_chart_differ_by_shape_and_not_by_colour_alone() -> None:
    shapes = {each["label"]: each["shape"] for each in drawn(_year_and_five_minutes(), "en")["series"][1:]}
    assert len(set(shapes.values())) == len(shapes) == 3


@pytest.mark.parametrize("was", [Point(1, 200, 5e6), Point(1, 155, 7e6)], ids=["apart", "equal"])
def test_both_policies_compared_are_points_with_names(was: Point) -> None:
    sweep = [Point(0.1, 155, 6.5e6), Point(1, 155, 7e6), Point(10, 40, 2.5e7)]
    chart = plot(Comparison(1000, SIDE, SIDE, {}, was, sweep), "ja")
    places = {each["text"]: (each["x"], each["y"], each["shape"]) for each in chart["labels"]}
    assert places == {"× 1 この文面": (155, 7e6, "circle"), "実際": (was.accounts, was.left, "diamond")}
    low, high = chart["range"]
    assert all(low < each["y"] < high for each in chart["labels"])
    assert len(chart["x"]) == len(chart["says"]) == 4
    assert chart["says"][chart["here"]].startswith("実際 · ")


def test_a_day_of_another_year_says_which() -> None:
    when = filters("ja", "Asia/Tokyo")["when"]
    present = datetime.now(JST).year
    ago, now = (datetime(year, 6, 1, 12, tzinfo=UTC) for year in (present - 1, present))
    shown = [re.sub("<[^>]*>", "", str(when(each, "%m/%d %H:%M"))) for each in (ago, now)]
    assert shown == [f"{present - 1}/06/01 21:00", "06/01 21:00"]
    assert re.sub("<[^>]*>", "", str(when(ago))) == f"{present - 1}/06/01 21:00:00"


def test_numbers_are_written_without_powers_of_ten() -> None:
    numbers = (5e-6, 0.01, 0.0, 1e9, 400_000, 1.5, 123_456_789, -2.5)
    assert [*map(figure, numbers)] == [
        "0.000005",
        "0.01",
        "0",
        "1,000,000,000",
        "400,000",
        "1.5",
        "123,456,789",
        "-2.5",
    ]
    assert [*map(few, (1040.3, 0.5, 98.76, 100.0, 6553.4))] == ["1,040", "0.5", "98.8", "100", "6,550"]
    about = filters("ja", "Asia/Tokyo")["about"]
    assert (about(9.996e6), about(9.9999e7), about(1.2e13)) == ("1,000万円", "10,000万円", "12兆円")


def test_what_a_policy_may_be_is_said_without_powers_of_ten() -> None:
    wrong = checked("[cost]\nlock = -1\n")
    assert isinstance(wrong, Wrong)
    assert wrong.words == (
        "[cost] lock は 0 から 1,000,000,000 までの数です",
        "the policy: [cost] lock must be a number from 0 to 1,000,000,000",
    )


def test_an_amount_that_changed_carries_its_sign() -> None:
    change = filters("ja", "Asia/Tokyo")["change"]
    assert [*map(change, (2_512_878, -12.0, 0.2))] == ["+2,512,878円", "-12円", "0円"]


def test_prices_and_quantities_have_their_unit_and_what_brokers_write_is_read() -> None:
    ja, en = filters("ja", "Asia/Tokyo"), filters("en", "Asia/Tokyo")
    assert [ja["price"](84.0, "JPY"), ja["price"](1.4, "HKD"), ja["price"](2.5, ""), en["price"](84.0, "JPY")] == [
        *("84円", "1.4 HKD", "2.5", "¥84"),
    ]
    assert [ja["quantity"](100, kind) for kind in ("stock", "fund", "future", None)] == [
        "100株",
        "100口",
        "100枚",
        "100",
    ]
    assert en["quantity"](1, "stock") == "1 share"
    assert [ja["given_word"](word) for word in ("direct_debit", "changed", "x@example.com")] == [
        *("口座振替", "変更", "x@example.com"),
    ]


def test_amounts_beyond_any_sum_of_money_do_not_fill_a_page() -> None:
    ja = filters("ja", "Asia/Tokyo")
    written = [ja[name](1e300) for name in ("yen", "about", "number")] + [ja["price"](1e300, "JPY")]
    assert max(map(len, written)) <= 6


def test_short_names_keep_together_and_long_ones_may_break() -> None:
    called = filters("ja", "Asia/Tokyo")["called"]
    assert called("40101-2746/73") == '<bdi class="brief">40101-2746/73</bdi>'
    assert called("長" * 9) == f"<bdi>{'長' * 9}</bdi>"
    assert called("a\u202eb") == '<bdi class="brief">a�b</bdi>'
    assert called("<b>") == '<bdi class="brief">&lt;b&gt;</bdi>'


def test_how_long_is_said_in_one_unit() -> None:
    lengths = [lasting(seconds, "ja") for seconds in (3600, 3 * 3600, 10 * 86_400, 100 * 86_400, 3 * 365 * 86_400)]
    assert lengths == ["60分", "3時間", "10日", "3か月", "3年"]
    assert lasting(30, "en") == "0 min"
