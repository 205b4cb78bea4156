"""Which takeovers count as found, as found in time, and against how many innocent account-days."""

from pathlib import Path

import pytest

from evaluate_stories import Story
from kuraban.evaluate.report import Detection, Report


def at(report: Report, budget: float) -> Detection:
    return next(found for found in report.budgets if found.budget == budget).overall


def test_account_days_count_the_quiet_ones_too(tmp_path: Path) -> None:
    """Ann is there from day 0, Ben from day 2 of four days: 4 + 2 account-days, though each was seen once."""
    story = Story()
    story.login("ann", 0, 9)
    story.login("ben", 2, 9)
    story.login("ann", 3, 9)
    assert story.report(tmp_path).account_days == 6


def test_a_day_begins_at_midnight_in_japan(tmp_path: Path) -> None:
    """23:59 and 00:01 in Japan are two days, though one day in UTC."""
    story = Story()
    story.login("ann", 0, 23.99)
    story.login("ann", 1, 0.01)
    assert story.report(tmp_path).account_days == 2


def test_the_threshold_is_set_by_the_innocent(tmp_path: Path) -> None:
    """Of 2,001 innocent days two may be flagged at 1/1,000. The third highest is 0.3: an alert must exceed it."""
    story = Story()
    story.crowd(accounts=200, days=10)
    for number, probability in enumerate((0.5, 0.4, 0.3)):
        story.decided(story.login(f"owner{number}", 9, 13), probability)
    theft = story.buys("victim", 9, 10, 100)
    story.decided(theft, 0.35)
    story.taken_over("victim", theft)
    report = story.report(tmp_path)
    assert (report.budgets[0].allowed, report.budgets[0].flagged, report.budgets[0].threshold) == (2, 2, 0.3)
    assert at(report, 1e-3).recall.hits == 1
    assert at(report, 1e-4).recall.hits == 0


def test_the_alert_on_the_order_itself_is_in_time(tmp_path: Path) -> None:
    """The decision precedes the order's taking effect, so an alert on the first buy still stops it."""
    story = Story()
    login, buy = story.login("ann", 0, 9), story.buys("ann", 0, 9.5, 100)
    story.decided(login, 0.0)
    story.decided(buy, 0.9)
    story.taken_over("ann", login, buy)
    found = at(story.report(tmp_path), 1e-3)
    assert (found.recall.hits, found.in_time.hits) == (1, 1)
    assert found.seconds_median == pytest.approx(1800)


def test_the_alert_on_the_second_order_is_late(tmp_path: Path) -> None:
    story = Story()
    first, second = story.buys("ann", 0, 9, 100), story.buys("ann", 0, 10, 100)
    story.decided(first, 0.0)
    story.decided(second, 0.9)
    story.taken_over("ann", first, second)
    found = at(story.report(tmp_path), 1e-3)
    assert (found.recall.hits, found.in_time.hits) == (1, 0)


def test_selling_first_is_not_yet_the_loss(tmp_path: Path) -> None:
    """The thief sells, an alert comes on the sweep, then he withdraws: in time."""
    story = Story()
    sale = story.sells("ann", 0, 9, 500)
    sweep = story.happens("ann", 0, 9.2, "cash.swept", cash={"amount": 300})
    out = story.withdraws("ann", 0, 9.4, 800)
    story.decided(sweep, 0.9)
    story.taken_over("ann", sale, sweep, out)
    assert at(story.report(tmp_path), 1e-3).in_time.hits == 1


def test_a_thief_who_only_looks_is_found_in_time_until_his_last_act(tmp_path: Path) -> None:
    """No loss: the last act is the deadline, and a ring named an hour later is a find, but not in time."""
    story = Story()
    first, last = story.login("ann", 0, 9), story.login("ann", 0, 10)
    story.login("ann", 2, 9)
    story.later("ann", 0, 11, 0.9, "notify", None)
    story.taken_over("ann", first, last)
    found = at(story.report(tmp_path), 1e-3)
    assert (found.recall.hits, found.in_time.hits) == (1, 0)


def test_an_alert_two_days_after_the_last_act_finds_nothing(tmp_path: Path) -> None:
    story = Story()
    theft = story.buys("ann", 0, 9, 100)
    story.decided(story.login("ann", 2, 10), 0.99)
    story.taken_over("ann", theft)
    assert at(story.report(tmp_path), 1e-3).recall.hits == 0


def test_an_alert_before_the_attacker_came_finds_nothing(tmp_path: Path) -> None:
    """A false alarm in the morning is not foresight."""
    story = Story()
    story.decided(story.login("ann", 0, 8), 0.99)
    theft = story.buys("ann", 0, 9, 100)
    story.decided(theft, 0.0)
    story.taken_over("ann", theft)
    assert at(story.report(tmp_path), 1e-3).recall.hits == 0


def test_an_account_attacked_twice_counts_twice(tmp_path: Path) -> None:
    """The first theft is missed, the second found; the alert on the second is not credited to the first."""
    story = Story()
    first, second = story.buys("ann", 0, 9, 100), story.buys("ann", 0, 15, 100)
    story.decided(first, 0.0)
    story.decided(second, 0.9)
    story.taken_over("ann", first)
    story.taken_over("ann", second)
    report = story.report(tmp_path)
    assert (at(report, 1e-3).recall.hits, at(report, 1e-3).recall.total) == (1, 2)
    assert [outcome.highest for outcome in report.takeovers] == [0.0, 0.9]


def test_a_takeover_without_decisions_is_missed(tmp_path: Path) -> None:
    """So is one whose events are not in the stream at all; a note says so."""
    story = Story()
    story.taken_over("ann", story.buys("ann", 0, 9, 100))
    story.taken_over("nobody", "e999")
    report = story.report(tmp_path)
    assert (at(report, 1e-3).recall.hits, at(report, 1e-3).recall.total) == (0, 2)
    assert any("1 takeover without any event" in note for note in report.notes)


def test_a_thief_who_never_got_in_is_missed_and_noted(tmp_path: Path) -> None:
    """He failed at the second factor: there is nothing to decide upon."""
    story = Story()
    story.login("ann", 0, 8)
    story.taken_over("ann", story.happens("ann", 0, 9, "challenge.failed", auth={"method": "sms_otp"}))
    report = story.report(tmp_path)
    assert (at(report, 1e-3).recall.hits, at(report, 1e-3).recall.total) == (0, 1)
    assert any("nothing that is decided upon" in note for note in report.notes)


def test_families_are_told_apart(tmp_path: Path) -> None:
    story = Story()
    caught, missed = story.buys("ann", 0, 9, 100), story.buys("ben", 0, 9, 100)
    story.decided(caught, 0.9)
    story.decided(missed, 0.0)
    story.taken_over("ann", caught, family="stuffing")
    story.taken_over("ben", missed, family="insider")
    families = story.report(tmp_path).budgets[0].families
    assert {name: found.recall.hits for name, found in families.items()} == {"stuffing": 1, "insider": 0}


def test_an_alert_on_the_owners_own_act_counts_and_is_counted(tmp_path: Path) -> None:
    """The thief looks in at nine and buys at noon; the alert comes at ten, on the owner's login."""
    story = Story()
    look, own, theft = story.login("ann", 0, 9), story.login("ann", 0, 10), story.buys("ann", 0, 12, 100)
    story.decided(look, 0.0)
    story.decided(own, 0.9)
    story.taken_over("ann", look, theft)
    found = at(story.report(tmp_path), 1e-3)
    assert (found.recall.hits, found.in_time.hits, found.on_owner) == (1, 1, 1)


def test_small_families_weigh_as_much_as_large_ones_in_the_mean(tmp_path: Path) -> None:
    """Three of three ring members found, one insider missed: 75 % of takeovers, 50 % of families."""
    story = Story()
    for name in ("ann", "ben", "cid"):
        theft = story.buys(name, 0, 9, 100)
        story.decided(theft, 0.9)
        story.taken_over(name, theft, family="ring", campaign="one")
    story.taken_over("dan", story.buys("dan", 0, 9, 100), family="insider", campaign="two")
    budget = story.report(tmp_path).budgets[0]
    assert (budget.overall.recall.share, budget.mean_recall, budget.overall.campaigns) == (0.75, 0.5, 2)


def test_a_compromised_account_is_not_innocent_until_its_reset(tmp_path: Path) -> None:
    """Attacked on day 1, reset on day 3, stream to day 5: days 2 and 3 are aftermath, the owner recovers on 4 and 5."""
    story = Story()
    story.login("ann", 0, 9)
    theft = story.buys("ann", 1, 9, 100)
    for day in (2, 4):
        story.decided(story.login("ann", day, 9), 0.9, "challenge")
    story.happens("ann", 3, 9, "credentials.reset")
    story.login("ann", 5, 9)
    story.taken_over("ann", theft)
    report = story.report(tmp_path)
    assert (report.innocent_days, report.attacked_days) == (1, 1)
    assert (report.aftermath_days, report.recovering_days) == (2, 2)
    assert report.friction["challenge"].decisions == 0
    assert report.recovering_friction["challenge"].decisions == 1
    assert report.budgets[0].recovering_flagged == 1
    assert report.aftermath_friction["challenge"].decisions == 1


def test_an_empty_truth_still_measures_friction(tmp_path: Path) -> None:
    story = Story()
    story.crowd(accounts=2, days=2)
    report = story.report(tmp_path)
    assert at(report, 1e-3).recall.share is None
    assert report.innocent_days == 4
    assert any("No takeovers" in note for note in report.notes)


def test_the_actions_have_an_operating_point_of_their_own(tmp_path: Path) -> None:
    """One innocent challenge in four days is 2,500 per 10,000; the theft was only notified."""
    story = Story()
    story.crowd(accounts=2, days=2)
    story.decided(story.login("owner0", 0, 13), 0.2, "challenge")
    theft = story.buys("ann", 1, 9, 100)
    story.decided(theft, 0.1, "notify")
    story.taken_over("ann", theft)
    points = {point.least: point for point in story.report(tmp_path).operating_points}
    assert points["notify"].overall.recall.hits == 1
    assert points["challenge"].overall.recall.hits == 0
    assert points["challenge"].per_10k_days == pytest.approx(2500)


def test_the_bands_hold_expected_against_observed(tmp_path: Path) -> None:
    """Three account-days at 0.2, 0.3 and 0.4 expect 0.9 takeovers; one of them was one. Only the day's peak counts."""
    story = Story()
    story.decided(story.login("ann", 0, 9), 0.1)
    story.decided(story.login("ann", 0, 10), 0.2)
    story.decided(story.login("ben", 0, 9), 0.3)
    theft = story.buys("eve", 0, 9, 100)
    story.decided(theft, 0.4)
    story.taken_over("eve", theft)
    band = next(band for band in story.report(tmp_path).bands if band.low == 0.1)
    assert (band.days, band.observed) == (3, 1)
    assert band.expected == pytest.approx(0.9)


def test_a_world_rich_in_thieves_is_weighed_down_to_the_base_rate(tmp_path: Path) -> None:
    """One theft in 2,001 account-days is a hundred times the base rate of 5e-6: it counts for a hundredth."""
    story = Story()
    story.crowd(accounts=200, days=10)
    story.decided(story.login("owner0", 9, 13), 0.3)
    theft = story.buys("eve", 9, 10, 100)
    story.decided(theft, 0.4)
    story.taken_over("eve", theft)
    band = next(band for band in story.report(tmp_path).bands if band.low == 0.1)
    assert band.observed_at_base == pytest.approx(0.01, rel=0.01)
    assert band.expected_at_base == pytest.approx(0.304, rel=0.01)


def test_a_certain_decision_is_in_the_top_band(tmp_path: Path) -> None:
    story = Story()
    story.decided(story.login("ann", 0, 9), 1.0)
    assert story.report(tmp_path).bands[-1].days == 1


def test_a_threshold_that_does_not_travel_shows(tmp_path: Path) -> None:
    """The world turns noisier in its second half: the threshold of the first flags ten times its nominal share."""
    story = Story()
    for day in range(4):
        for number in range(1000):
            story.decided(story.login(f"owner{number}", day, 12), 0.5 if day >= 2 and number < 10 else 0.1)
    rate = story.report(tmp_path).rates[0]
    assert (rate.nominal, rate.flagged, rate.days) == (1e-3, 20, 2000)
    assert rate.realised == pytest.approx(10 * rate.nominal)


def test_another_worlds_threshold_is_tried_here(tmp_path: Path) -> None:
    quiet, noisy = Story(), Story()
    quiet.crowd(accounts=10, days=2, probability=0.1)
    noisy.crowd(accounts=10, days=2, probability=0.2)
    elsewhere = quiet.report(tmp_path)
    rates = [rate for rate in noisy.report(tmp_path, elsewhere).rates if rate.basis == "another world"]
    assert [rate.realised for rate in rates] == [1.0, 1.0, 1.0]


def test_the_curve_shows_what_more_alerts_would_find(tmp_path: Path) -> None:
    """Of 100 innocent days one may be flagged at 1/100, ten at 1/10; the theft ranks below the loudest of them."""
    story = Story()
    story.crowd(accounts=10, days=10, probability=0.1)
    story.decided(story.login("owner0", 9, 13), 0.6)
    story.decided(story.login("owner1", 9, 13), 0.5)
    theft = story.buys("victim", 9, 10, 100)
    story.decided(theft, 0.4)
    story.taken_over("victim", theft)
    curve = story.report(tmp_path).curve
    strict, loose = curve[0], curve[-1]
    assert strict.rate == pytest.approx(0.01)
    assert (strict.flagged, strict.threshold, strict.recall) == (0.01, 0.5, 0.0)
    assert loose.rate == pytest.approx(0.1)
    assert (loose.flagged, loose.recall, loose.in_time) == (0.02, 1.0, 1.0)
