"""How much of what was taken the actions would have stopped, every doubt settled for the attacker."""

from pathlib import Path

import pytest

from evaluate_stories import Story


def stopped(story: Story, folder: Path) -> tuple[float | None, float | None]:
    """Shares stopped by hold or lock, and if nobody passed a challenge."""
    value = story.report(folder).value["overall"]
    return value.stopped_by_hold_or_lock, value.stopped_if_nobody_passes


def counted(story: Story, folder: Path) -> float | None:
    """The share stopped, challenges counted as far as the thief cannot pass them."""
    return story.report(folder).value["overall"].stopped


def test_a_hold_stops_its_own_order_only(tmp_path: Path) -> None:
    """Two buys of 300 and 100; the first is held."""
    story = Story()
    first, second = story.buys("ann", 0, 9, 300), story.buys("ann", 0, 10, 100)
    story.decided(first, 0.5, "hold")
    story.decided(second, 0.5, "notify")
    story.taken_over("ann", first, second)
    assert stopped(story, tmp_path) == (0.75, 0.75)


def test_a_lock_stops_everything_after_it(tmp_path: Path) -> None:
    """Locked at the second of three buys."""
    story = Story()
    buys = [story.buys("ann", 0, 9 + hour, 100, session=f"s{hour}") for hour in range(3)]
    story.decided(buys[1], 0.9, "lock")
    story.taken_over("ann", *buys)
    assert stopped(story, tmp_path)[0] == pytest.approx(2 / 3)


def test_a_lock_from_elsewhere_stops_what_follows(tmp_path: Path) -> None:
    """A ring is found between two buys; its decision has no event of this account."""
    story = Story()
    first, second = story.buys("ann", 0, 9, 100), story.buys("ann", 0, 10, 100)
    story.later("ann", 0, 9.5, 0.9, "lock", "ring:9999.T")
    story.taken_over("ann", first, second)
    assert stopped(story, tmp_path) == (0.5, 0.5)


def test_a_lock_before_the_thief_came_is_not_credited(tmp_path: Path) -> None:
    """A false lock of the owner would have stopped the thief too, but that is luck."""
    story = Story()
    story.decided(story.login("ann", 0, 8), 0.9, "lock")
    theft = story.buys("ann", 0, 9, 100)
    story.taken_over("ann", theft)
    assert stopped(story, tmp_path)[0] == 0.0


def test_a_challenge_ends_the_session_of_a_thief_who_cannot_pass(tmp_path: Path) -> None:
    """Challenged at the login of the first session; the second session goes unchallenged."""
    story = Story()
    login = story.login("ann", 0, 9, session="one")
    inside, outside = story.buys("ann", 0, 9.1, 100, session="one"), story.buys("ann", 0, 12, 100, session="two")
    story.decided(login, 0.3, "challenge")
    story.taken_over("ann", login, inside, outside)
    assert stopped(story, tmp_path) == (0.0, 0.5)


def challenged(story: Story, account: str, seen: str | None, method: str = "sms_otp") -> None:
    """A theft of 100 that is challenged; the broker's own challenge before it ended as `seen`."""
    acts = [story.login(account, 0, 9)]
    if seen is not None:
        acts.append(story.happens(account, 0, 9.1, f"challenge.{seen}", session="s", auth={"method": method}))
    acts.append(story.buys(account, 0, 9.2, 100))
    story.decided(acts[-1], 0.3, "challenge")
    story.taken_over(account, *acts)


def test_a_thief_who_passes_challenges_is_not_stopped_by_them(tmp_path: Path) -> None:
    """A real-time relay hands over the owner's code."""
    story = Story()
    challenged(story, "ann", "passed")
    assert counted(story, tmp_path) == 0.0


def test_a_thief_who_is_seen_to_fail_is_stopped_by_challenges(tmp_path: Path) -> None:
    story = Story()
    challenged(story, "ann", "failed")
    assert counted(story, tmp_path) == 1.0


def test_the_trading_pin_is_no_challenge_to_who_stole_it_with_the_password(tmp_path: Path) -> None:
    """He gives the PIN, then fails the code sent to the owner's telephone."""
    story = Story()
    challenged(story, "ann", "failed")
    story.events[1]["type"] = "challenge.passed"
    story.events[1]["auth"] = {"method": "trading_pin"}
    assert counted(story, tmp_path) == 0.5


def test_a_thief_who_met_no_challenge_passes_as_often_as_his_family(tmp_path: Path) -> None:
    """Of three thieves who met one, two passed: the fourth passes with (2 + ½)/(3 + 1), so 37.5 % of his theft stop.

    With the one who failed that is 137.5 of 400.
    """
    story = Story()
    for account, seen in (("ann", "passed"), ("ben", "passed"), ("cid", "failed"), ("dan", None)):
        challenged(story, account, seen)
    assert counted(story, tmp_path) == pytest.approx(1.375 / 4)


def test_another_familys_skill_says_nothing(tmp_path: Path) -> None:
    """Nobody of his own family met a challenge: even odds."""
    story = Story()
    challenged(story, "ann", None)
    story.taken_over("ben", story.happens("ben", 0, 9, "challenge.passed", auth={"method": "push"}), family="other")
    assert counted(story, tmp_path) == 0.5


def test_holding_the_sale_is_not_credited_with_the_purchase(tmp_path: Path) -> None:
    story = Story()
    sale, theft = story.sells("ann", 0, 9, 100), story.buys("ann", 0, 10, 100)
    story.decided(sale, 0.6, "hold")
    story.taken_over("ann", sale, theft)
    assert stopped(story, tmp_path)[0] == 0.0


def test_a_held_login_admits_nobody(tmp_path: Path) -> None:
    story = Story()
    login, theft = story.login("ann", 0, 9), story.withdraws("ann", 0, 10, 100)
    story.decided(login, 0.6, "hold")
    story.taken_over("ann", login, theft)
    assert stopped(story, tmp_path)[0] == 1.0


def test_price_times_quantity_where_the_notional_is_missing(tmp_path: Path) -> None:
    story = Story()
    order = {"side": "buy", "quantity": 3, "price": 50, "instrument": "9999.T"}
    story.taken_over("ann", story.happens("ann", 0, 9, "order.placed", order=order))
    assert story.report(tmp_path).value["overall"].total == 150


def test_nothing_taken_has_no_share(tmp_path: Path) -> None:
    story = Story()
    story.taken_over("ann", story.login("ann", 0, 9))
    assert stopped(story, tmp_path) == (None, None)
    assert counted(story, tmp_path) is None


def test_acts_are_counted_beside_their_value(tmp_path: Path) -> None:
    """Of a large and two small purchases the large one is held: most of the value, a third of the acts."""
    story = Story()
    buys = [story.buys("ann", 0, 9 + number, yen, session=f"s{number}") for number, yen in enumerate((900, 50, 50))]
    story.decided(buys[0], 0.5, "hold")
    sale = story.sells("ann", 0, 8, 1000)
    story.taken_over("ann", sale, *buys)
    value = story.report(tmp_path).value["overall"]
    assert (value.stopped, value.losses) == (0.9, 3)
    assert value.losses_stopped == pytest.approx(1 / 3)
