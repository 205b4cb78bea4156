"""What should have come: silence, and the broker's history against the notices."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from home_facts import export_facts, letters_of
from home_owner import FUNDS, TOKYO, Done, at
from kuraban.home import businessdays
from kuraban.home.acts import acts, believed, lumps
from kuraban.home.findings import Finding, Kind
from kuraban.home.plan import Plan, Recurring
from kuraban.home.reconcile import Period, Reconciled, reconcile
from kuraban.home.silence import arrivals, overdue

SEEN = datetime(2025, 12, 1, tzinfo=UTC)
YEAR = Period("rakuten", date(2025, 1, 1), date(2025, 11, 30), True)


def buys(count: int, first: int = 0) -> list[Done]:
    days = [businessdays.on_or_after(date(2025, 2, 3) + timedelta(days=9 * (first + n))) for n in range(count)]
    return [
        Done(at(day, 10, n), "rakuten", "trade", f"{7000 + n}.T", "株", "buy", 1000, 100, n)
        for n, day in enumerate(days)
    ]


def compared(told: list[Done], done: list[Done]) -> Reconciled:
    facts = [fact for letter in letters_of(told) for fact in letter.facts]
    return reconcile(believed([*facts, *export_facts(done, SEEN)]), [YEAR], (date(2025, 1, 2), date(2025, 11, 30)))


def silent(
    life: list[Done], until: datetime, plan: Plan | None = None, exports: tuple[datetime, ...] = ()
) -> list[Finding]:
    return overdue(arrivals(letters_of(life), {}), [("rakuten", when) for when in exports], plan or Plan(), until)


def savings(months: int) -> list[Done]:
    found = []
    for month in range(1, months + 1):
        placed = businessdays.on_or_after(date(2025, month, 1) if month > 1 else date(2025, 1, 6))
        found.append(Done(at(businessdays.add(placed, 2), 7), "rakuten", "fund", FUNDS[0], FUNDS[0], quantity=30_000))
    return found


def test_a_history_that_agrees_with_the_notices_finds_nothing_and_tells_each_act_once() -> None:
    life = buys(12)
    found = compared(life, life)
    assert found.findings == ()
    facts = believed([*(f for letter in letters_of(life) for f in letter.facts), *export_facts(life, SEEN)])
    assert len(acts(facts, found.twins)) == 12
    assert len(acts(facts, ())) == 24


def test_an_execution_without_notice_is_found_where_notices_otherwise_come() -> None:
    life = buys(12)
    (missing,) = compared([*life[:7], *life[8:]], life).findings
    assert missing.kind is Kind.MISSING_NOTICE
    assert missing.about == ("c7",)
    assert str(life[7].time.date()) in missing.sentence.en


def test_a_notice_without_an_execution_is_found_only_in_the_days_an_export_covers() -> None:
    life = buys(12)
    extra = Done(at(date(2025, 6, 3), 11), "rakuten", "trade", "9999.T", "株", "buy", 500, 100, 77)
    late = Done(at(date(2025, 12, 3), 11), "rakuten", "trade", "9998.T", "株", "buy", 500, 100, 78)
    (phantom,) = compared([*life, extra, late], life).findings
    assert (phantom.kind, phantom.about) == (Kind.PHANTOM_NOTICE, ("m12",))


def test_partial_fills_told_one_by_one_are_the_one_row_of_the_history() -> None:
    whole = buys(6)
    halves = [
        Done(
            done.time + timedelta(minutes=part),
            done.broker,
            "trade",
            done.instrument,
            "株",
            "buy",
            1000,
            50,
            done.number,
        )
        for done in whole
        for part in (0, 1)
    ]
    assert compared(halves, whole).findings == ()
    assert [f.kind for f in compared(halves[:-1], whole).findings] == [Kind.MISSING_NOTICE]


def test_an_account_that_never_tells_of_executions_is_one_remark_not_a_question_for_each() -> None:
    found = compared([], buys(12))
    assert found.findings == ()
    assert found.untold == (("rakuten", False),)


def test_a_fund_told_days_after_its_execution_is_the_same_execution() -> None:
    told = savings(8)
    executed = [
        Done(d.time - timedelta(days=2), "rakuten", "fund", FUNDS[0].replace("(", "（"), "", quantity=30_000)
        for d in told
    ]
    assert compared(told, executed).findings == ()


@given(st.lists(st.integers(0, 11), unique=True, max_size=12))
def test_whatever_is_left_out_of_the_notices_nothing_is_paired_twice(left_out: list[int]) -> None:
    life = buys(12)
    told = [done for n, done in enumerate(life) if n not in left_out]
    found = compared(told, life)
    exported = [other.facts[0].event.id for _, other in found.twins]
    assert len(exported) == len(set(exported)) == len(told)
    assert len(lumps(export_facts(life, SEEN))) == 12


def test_a_planned_purchase_that_is_not_told_is_asked_about_once_the_days_are_over() -> None:
    plan = Plan(recurring=[Recurring("rakuten", day=1)])
    life = savings(6)
    assert not silent(life, at(date(2025, 7, 10), 0), plan)
    (asked,) = silent(life, at(date(2025, 7, 20), 0), plan)
    assert asked.kind is Kind.SILENCE
    assert "2025-07-01" in asked.sentence.ja
    assert not silent(savings(7), at(date(2025, 7, 20), 0), plan)


def test_a_monthly_notice_is_learned_without_a_plan() -> None:
    life = savings(6)
    assert not silent(life, at(date(2025, 7, 8), 0))
    assert [f.kind for f in silent(life, at(date(2025, 7, 20), 0))] == [Kind.SILENCE]
    assert not silent(savings(3), at(date(2025, 7, 20), 0))


def test_a_broker_that_writes_every_week_and_falls_silent_is_asked_about() -> None:
    weekly = [Done(at(date(2025, 1, 6) + timedelta(days=7 * n), 20), "rakuten", "login") for n in range(20)]
    last = weekly[-1].time
    assert not silent(weekly, last + timedelta(days=20))
    assert [f.kind for f in silent(weekly, last + timedelta(days=22))] == [Kind.SILENCE]


def test_an_own_login_shown_by_an_export_expects_the_login_notice_that_always_came() -> None:
    days = [date(2025, 3, 3) + timedelta(days=20 * n) for n in range(5)]
    life = [Done(at(day, 20), "rakuten", "login") for day in days[:4]]
    exports = tuple(at(day, 20, 30) for day in days)
    until = at(days[4] + timedelta(days=2), 0)
    (asked,) = silent(life, until, exports=exports)
    assert "ログイン通知" in asked.sentence.ja
    assert not silent([*life, Done(at(days[4], 20), "rakuten", "login")], until, exports=exports)
    assert not silent(life[:1], until, exports=exports)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 5, 3), date(2025, 5, 7)),  # Golden Week with its substitute holiday
        (date(2025, 12, 31), date(2026, 1, 5)),  # the exchange's new year
        (date(2025, 11, 20), date(2025, 11, 20)),
        (date(2025, 11, 22), date(2025, 11, 25)),  # a weekend, then a holiday moved to Monday
    ],
)
def test_a_planned_day_off_moves_to_the_next_business_day(day: date, expected: date) -> None:
    assert businessdays.on_or_after(day) == expected


def test_the_thirty_first_is_the_last_day_of_a_shorter_month() -> None:
    assert businessdays.day_of(2025, 2, 31) == date(2025, 2, 28)
    assert businessdays.day_of(2025, 12, 31) == date(2025, 12, 31)
    assert datetime(2025, 1, 1, tzinfo=TOKYO).date() == businessdays.day_of(2025, 1, 1)
