"""Rings: whether, when and how cleanly the decisions name them."""

from pathlib import Path

import pytest

from evaluate_stories import Story
from kuraban.evaluate import evaluate
from kuraban.evaluate.report import Crowds, Rings

RING = "ring:9999.T"


def ring_of(size: int, named_at: dict[int, str | None]) -> Story:
    """`size` attacked accounts buy one name, ten minutes apart; the decision on member n carries a group."""
    story = Story()
    for number in range(size):
        buy = story.buys(f"victim{number}", 0, 9 + number / 6, 100)
        story.decided(buy, 0.5, group=named_at.get(number))
        story.taken_over(f"victim{number}", buy, family="ring")
    return story


def rings(story: Story, folder: Path) -> Rings:
    return story.report(folder).rings


def test_a_ring_named_at_its_fourth_member(tmp_path: Path) -> None:
    """Members buy every ten minutes: third and fourth are named, ten minutes before the fifth joins."""
    found = rings(ring_of(6, {2: RING, 3: RING, 4: RING, 5: RING}), tmp_path)
    (ring,) = found.rings
    assert (ring.members, ring.members_when_named, ring.groups) == (6, 4, [RING])
    assert ring.seconds_after_fifth == pytest.approx(-600)
    assert found.named_by_fifth_or_60s.hits == 1


def test_a_ring_named_at_its_sixth_member_is_late(tmp_path: Path) -> None:
    found = rings(ring_of(6, {4: RING, 5: RING}), tmp_path)
    assert (found.named.hits, found.named_by_fifth_or_60s.hits) == (1, 0)


def test_one_member_named_among_owners_is_no_ring_seen_through(tmp_path: Path) -> None:
    """Nor are two members in two groups of one each."""
    assert rings(ring_of(6, {2: RING}), tmp_path).named.hits == 0
    assert rings(ring_of(6, {2: RING, 3: "ring:9999.T:another"}), tmp_path).named.hits == 0


def test_a_ring_nobody_names(tmp_path: Path) -> None:
    found = rings(ring_of(5, {}), tmp_path)
    assert (found.named.hits, found.named.total, found.rings[0].named) == (0, 1, False)


def test_four_members_are_no_ring_yet(tmp_path: Path) -> None:
    assert rings(ring_of(4, {3: RING}), tmp_path).rings == []


def test_a_member_named_afterwards_counts(tmp_path: Path) -> None:
    """The ring is found on its fifth member and told to the first two, whose decisions have no event."""
    story = ring_of(5, {})
    for victim in ("victim0", "victim1"):
        story.later(victim, 0, 10, 0.9, "lock", RING)
    (ring,) = rings(story, tmp_path).rings
    assert (ring.named, ring.members_when_named) == (True, 5)


def test_a_ring_named_on_another_name_of_the_same_thieves_is_not_this_ring(tmp_path: Path) -> None:
    """The members also buy 8888.T; a group on those orders alone does not name the ring on 9999.T."""
    story = Story()
    for number in range(5):
        main = story.buys(f"victim{number}", 0, 9 + number / 6, 100)
        other = story.buys(f"victim{number}", 0, 9.1 + number / 6, 100, name="8888.T")
        story.decided(main, 0.1)
        story.decided(other, 0.5, group="ring:8888.T")
        story.taken_over(f"victim{number}", main, other)
    named = {ring.instrument: ring.named for ring in rings(story, tmp_path).rings}
    assert named == {"9999.T": False, "8888.T": True}


def test_an_innocent_in_the_ring_lowers_its_precision(tmp_path: Path) -> None:
    story = ring_of(5, {4: RING})
    story.decided(story.buys("bystander", 0, 10, 100), 0.2, group=RING)
    found = rings(story, tmp_path)
    assert (found.precision.hits, found.precision.total, found.false_rings) == (1, 2, 0)


def test_a_crowd_taken_for_a_ring_is_a_false_ring(tmp_path: Path) -> None:
    """Three owners buy on good news and are named a ring; one of them is robbed next week, which changes nothing."""
    story = Story()
    for number in range(3):
        story.decided(story.buys(f"fan{number}", 0, 9, 100), 0.3, group="ring:7777.T")
    story.taken_over("fan0", story.buys("fan0", 7, 9, 100))
    assert rings(story, tmp_path).false_rings == 1


def test_a_spray_is_not_a_ring(tmp_path: Path) -> None:
    story = Story()
    story.decided(story.login("ann", 0, 9), 0.3, group="spray:203.0.113.0/24")
    assert rings(story, tmp_path).groups == []


def told_calendar(story: Story, folder: Path, *lines: str) -> Rings:
    story.report(folder)
    (folder / "calendar.jsonl").write_text("\n".join(lines))
    return evaluate(
        folder / "decisions.jsonl",
        [folder / "events.jsonl"],
        folder / "truth.jsonl",
        calendar=folder / "calendar.jsonl",
    ).rings


def test_owners_who_follow_the_news_and_are_called_a_ring_are_counted(tmp_path: Path) -> None:
    """Ann is put into a ring on a name listed that day, Ben on another day, Cid's decision is to allow."""
    story = Story()
    for account, day, action in (("ann", 0, "hold"), ("ben", 1, "lock"), ("cid", 0, "allow")):
        story.decided(story.buys(account, day, 9, 100), 0.9, action, group="ring-9999.T-20250401")
    assert rings(story, tmp_path).innocent == Crowds(3, 2, 3, None, None)
    line = '{"day": "2025-04-01", "kind": "listing", "instrument": "9999.T"}'
    assert told_calendar(story, tmp_path, line).innocent == Crowds(3, 2, 3, 0, 2)


def test_a_ring_named_on_a_crash_day_is_counted(tmp_path: Path) -> None:
    story = Story()
    story.decided(story.buys("ann", 0, 9, 100), 0.9, "hold", group=RING)
    found = told_calendar(story, tmp_path, '{"day": "2025-04-01", "kind": "crash"}').innocent
    assert (found.on_crash_days, found.on_crowded_names) == (1, 0)


def test_a_members_own_decision_is_no_false_one(tmp_path: Path) -> None:
    assert rings(ring_of(6, {4: RING, 5: RING}), tmp_path).innocent.decisions == 0


def test_a_calendar_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a calendar"):
        told_calendar(Story(), tmp_path, '{"day": "the first", "kind": "crash"}')
