"""Judging on the owner's side: what is asked, what is an alarm, and what is left in peace."""

from dataclasses import replace
from datetime import UTC, date, timedelta

import msgspec
import pytest

from home_facts import letter_of, letters_of
from home_owner import CHINA, FUNDS, HABITS, JP, THIN, Done, Life, at, with_thief
from home_year import known, silences_in, told_in
from kuraban.events import Event, Notice, Order
from kuraban.home import plan as plans
from kuraban.home.acts import believed
from kuraban.home.findings import Finding, Kind, Level, few_acts
from kuraban.home.model import Letter, Verdict
from kuraban.home.plan import Plan, Recurring, Trip, Withdrawal
from kuraban.home.review import review
from kuraban.home.scoring import Answer

BY_NAME = {habit.name: habit for habit in HABITS}
DAY = date(2025, 11, 20)


def raised(letters: list[Letter], plan: Plan | None = None, answers: tuple[Answer, ...] = ()) -> list[Finding]:
    return review(known(letters, answers, plan or Plan())).of(Level.ASK, Level.ALARM)


def trade(symbol: str, side: str, price: float, quantity: int, minute: int = 0, broker: str = "rakuten") -> Done:
    return Done(at(DAY, 10, minute), broker, "trade", symbol, symbol, side, price, quantity, 5000 + minute)


def saver() -> list[Done]:
    """A year of monthly savings and two logins."""
    months = [date(2025, month, 8) for month in range(1, 12)]
    funds = [Done(at(day, 7), "rakuten", "fund", FUNDS[0], FUNDS[0], quantity=30_000) for day in months]
    return [
        *funds,
        Done(at(date(2025, 3, 3), 20), "rakuten", "login"),
        Done(at(date(2025, 8, 3), 20), "rakuten", "login"),
    ]


def trader() -> list[Done]:
    """The same with a share or two bought every other week, American ones among them."""
    names = ("7203.T", "8306.T", "AAPL", "9432.T", "VTI")
    days = [date(2025, 1, 14) + timedelta(days=14 * week) for week in range(22)]
    bought = [
        Done(at(day, 10), "rakuten", "trade", names[n % 5], names[n % 5], "buy", 2000, 100, n)
        for n, day in enumerate(days)
    ]
    return [*saver(), *bought]


def test_times_are_told_as_they_are_in_japan_whatever_the_mail_writes() -> None:
    orders = [trade(symbol, "sell", 100, 100, n) for n, symbol in enumerate(sorted(JP)[:8])]
    letters = letters_of([*saver(), *orders])
    [here] = raised(letters)
    abroad = letters_of([*saver(), *(replace(done, time=done.time.astimezone(UTC)) for done in orders)])
    [there] = raised(abroad)
    assert "10:00–10:07" in here.sentence.ja
    assert here.sentence == there.sentence


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
@pytest.mark.parametrize("seed", [101, 102])
def test_an_ordinary_year_asks_at_most_five_times_and_misses_no_notice(habit: object, seed: int) -> None:
    letters = letters_of(Life(habit, seed).year())  # type: ignore[arg-type]
    asked, _ = told_in(letters)
    assert len(asked) <= 5
    assert silences_in(letters) == set()


@pytest.mark.parametrize("family", ["april", "single name", "china", "payout"])
@pytest.mark.parametrize("name", ["fund saver", "seldom trader", "monthly investor", "active trader", "rebalancer"])
def test_a_takeover_is_raised_on_its_day_and_nothing_beside_it(family: str, name: str) -> None:
    habit = BY_NAME[name]
    life = with_thief(Life(habit, 103).year(), family, habit, 103)
    begins = min(done.time for done in life if done.thief)
    letters = [
        letter for letter in letters_of(life) if letter.received and letter.received < begins + timedelta(hours=8)
    ]
    stolen = {f"m{number}" for number, done in enumerate(life) if done.thief}
    before = [letter for letter in letters if letter.received and letter.received < begins]
    answers = [answer for answer in told_in(before)[1] if answer.time < begins]
    found = raised(letters, answers=tuple(answers))
    assert any(stolen & set(finding.about) for finding in found)
    assert all(stolen & set(finding.about) for finding in found)


def test_selling_out_and_buying_thin_shares_is_an_alarm_that_names_what_to_do() -> None:
    sales = [trade(symbol, "sell", 2000, 100, minute) for minute, symbol in enumerate(sorted(JP)[:10])]
    buys = [trade(symbol, "buy", 80, 20_000, 20 + minute) for minute, symbol in enumerate(sorted(THIN)[:3])]
    (finding,) = raised(letters_of([*saver(), *sales, *buys]))
    assert finding.level is Level.ALARM
    assert "今すぐ" in finding.sentence.ja
    assert "Reach the broker now" in finding.sentence.en
    assert any("銘柄を売却" in words.ja for words in finding.details)
    assert any("incident" in words.en for words in finding.todo)


def test_an_account_with_only_a_fund_plan_that_buys_hong_kong_shares_is_raised() -> None:
    buys = [trade(symbol, "buy", price, 30_000, n) for n, (symbol, (_, price)) in enumerate(CHINA.items())]
    (finding,) = raised(letters_of([*saver(), *buys]))
    assert finding.kind is Kind.ACTS
    assert any("香港" in words.ja or "中国" in words.ja for words in finding.details)


def test_any_act_on_an_account_that_should_stay_quiet_is_an_alarm_and_so_is_a_code_for_it() -> None:
    plan = Plan(quiet=["rakuten"])
    (finding,) = raised(letters_of([*saver()[:11], Done(at(DAY, 3), "rakuten", "login")]), plan)
    assert (finding.kind, finding.level) == (Kind.ACTS, Level.ALARM)
    code = letter_of(Done(at(DAY, 3), "rakuten", "login"), 999)
    event = Event("m999", code.facts[0].event.time, "rakuten", "notice.received", notice=CODE)
    fact = msgspec.structs.replace(code.facts[0], event=event)
    asked = raised([*letters_of(saver()[:11]), msgspec.structs.replace(code, kind="code", facts=(fact,))], plan)
    assert [one.kind for one in asked] == [Kind.ACTS]
    assert not raised([*letters_of(saver()), msgspec.structs.replace(code, kind="code", facts=(fact,))])


CODE = Notice(kind="code")


def test_a_market_that_the_owner_never_uses_is_raised_and_a_day_of_trading_is_not() -> None:
    life = [*trader(), trade("AAPL", "buy", 2200, 3)]
    assert not raised(letters_of(life))
    asked = raised(letters_of([*trader(), trade("MSFT", "buy", 2200, 3)]), Plan(never=["US"]))
    why = [words for finding in asked for words in finding.details]
    assert any("米国株" in words.ja and "US shares" in words.en for words in why)
    many = [trade(symbol, "sell", 2000, 100, minute) for minute, symbol in enumerate(sorted(JP)[:7])]
    assert raised(letters_of([*trader(), *many]))
    assert not raised(letters_of([*trader(), *many]), Plan(trading=[DAY]))


def test_an_order_while_the_owner_travels_is_raised() -> None:
    life = [*trader(), trade("7203.T", "buy", 2800, 100)]
    assert not raised(letters_of(life))
    assert raised(letters_of(life), Plan(trip=[Trip(DAY - timedelta(days=2), DAY + timedelta(days=2))]))
    assert not raised(letters_of(life), Plan(trip=[Trip(DAY, DAY, trading=True)]))


def test_a_withdrawal_is_asked_about_unless_planned_or_like_one_confirmed() -> None:
    first = Done(at(date(2025, 10, 20), 10), "rakuten", "withdrawal", quantity=150_000)
    again = Done(at(DAY, 10), "rakuten", "withdrawal", quantity=150_000)
    large = Done(at(DAY, 11), "rakuten", "withdrawal", quantity=900_000)
    letters = letters_of([*saver(), first])
    (asked,) = raised(letters)
    assert asked.kind is Kind.WITHDRAWAL
    said = (Answer(first.time + timedelta(hours=1), asked.about, True, "withdrawal"),)
    assert not raised(letters_of([*saver(), first, again]), answers=said)
    assert [f.kind for f in raised(letters_of([*saver(), first, large]), answers=said)] == [Kind.WITHDRAWAL]
    assert not raised(letters_of([*saver(), first]), Plan(withdrawal=[Withdrawal("rakuten", most=200_000)]))
    assert raised(letters_of([*saver(), large]), Plan(withdrawal=[Withdrawal("rakuten", most=200_000)]))


def test_a_withdrawal_after_an_unanswered_change_of_the_payout_account_is_an_alarm() -> None:
    changed = Done(at(DAY, 9), "rakuten", "setting", setting="payout_account")
    paid = Done(at(DAY, 12), "rakuten", "withdrawal", quantity=500_000)
    levels = {f.kind: f.level for f in raised(letters_of([*saver(), changed, paid]))}
    assert levels[Kind.WITHDRAWAL] is Level.ALARM
    assert levels[Kind.SETTINGS] in {Level.ASK, Level.ALARM}


def test_a_theft_shows_what_was_bought_before_what_was_sold_and_counts_the_rest() -> None:
    sales = [trade(symbol, "sell", 2000, 100, n) for n, symbol in enumerate(sorted(JP)[:9])]
    buys = [trade(symbol, "buy", 50, 20_000, 20 + n) for n, symbol in enumerate(sorted(THIN)[:3])]
    (found,) = raised(letters_of([*saver(), *sales, *buys]))
    shown, more = few_acts(found)
    assert [any(symbol in words.ja for symbol in THIN) for words in shown] == [True] * 3 + [False] * 5
    assert (more, len(found.acts)) == (4, 12)


def test_each_act_has_the_reasons_that_came_with_it() -> None:
    login = Done(at(DAY, 9), "rakuten", "login")
    sales = [trade(symbol, "sell", 2000, 100, n) for n, symbol in enumerate(sorted(JP)[:9])]
    (found,) = raised(letters_of([*saver(), login, *sales]))
    why = {told.words.ja: [words.ja for words in told.why] for told in found.acts}
    first, *_, last = sorted(why)
    assert not any("銘柄を売却" in words for words in why[first])
    assert any("9銘柄を売却" in words for words in why[last])
    assert sum("9銘柄を売却" in " ".join(words) for words in why.values()) == 1


def test_settings_changed_on_one_day_are_one_question_and_none_on_a_day_the_plan_names() -> None:
    changes = [Done(at(DAY, 21, n), broker, "setting", setting=name) for n, (broker, name) in
               enumerate([("rakuten", "password"), ("rakuten", "mfa"), ("sbi", "password")])]  # fmt: skip
    letters = letters_of([*saver(), *changes])
    (asked,) = raised(letters)
    assert asked.kind is Kind.SETTINGS
    assert "Rakuten Securities" in asked.sentence.en
    assert "SBI証券" in asked.sentence.ja
    assert not raised(letters, Plan(settings=[DAY]))


def test_a_change_that_makes_the_account_safer_is_not_asked_about() -> None:
    on = Done(at(DAY, 21), "rakuten", "setting", setting="notice.login", to="on")
    off = Done(at(DAY, 21), "rakuten", "setting", setting="notice.login", to="off")
    assert not raised(letters_of([*saver(), on]))
    assert [f.kind for f in raised(letters_of([*saver(), off]))] == [Kind.SETTINGS]


def test_what_the_owner_answered_is_not_asked_again() -> None:
    letters = letters_of([*saver(), Done(at(DAY, 21), "rakuten", "setting", setting="password")])
    (asked,) = raised(letters)
    assert not raised(letters, answers=(Answer(at(DAY, 22), asked.about, True, "settings"),))


def test_a_forged_notice_states_nothing_and_is_told_in_the_digest_only() -> None:
    letters = letters_of(saver())
    forged = letter_of(trade("7992.T", "buy", 80, 90_000), 777, Verdict.FORGED)
    found = review(known([*letters, forged]))
    assert not found.of(Level.ASK, Level.ALARM)
    assert [f.kind for f in found.of(Level.INFO)] == [Kind.FORGED]
    assert not any(fact.event.id == "m777" for fact in believed([*letters[0].facts, *forged.facts]))


def test_an_alarm_on_mails_that_cannot_be_proved_says_so() -> None:
    sales = [trade(symbol, "sell", 2000, 100, minute) for minute, symbol in enumerate(sorted(JP)[:12])]
    letters = [*letters_of(saver()), *(letter_of(done, 500 + n, Verdict.UNVERIFIED) for n, done in enumerate(sales))]
    (finding,) = raised(letters)
    assert any("cannot be proved genuine" in words.en for words in finding.details)


def test_a_planned_purchase_is_inside_the_plan_up_to_its_amount_and_near_its_day() -> None:
    entry = Recurring("rakuten", day=1, amount=30_000, instrument="オルカン")
    plan = Plan(recurring=[entry])

    def order(day: int, amount: float, name: str = "オルカン", side: str = "buy") -> Event:
        given = Order(instrument=name, side=side, kind="fund", notional=amount)  # type: ignore[arg-type]
        return Event("x", at(date(2025, 7, day), 7).isoformat(), "rakuten", "order.placed", order=given)

    assert plans.covers_order(plan, order(4, 30_000), date(2025, 7, 4))
    assert not plans.covers_order(plan, order(4, 90_000), date(2025, 7, 4))
    assert not plans.covers_order(plan, order(28, 30_000), date(2025, 7, 28))
    assert not plans.covers_order(plan, order(4, 30_000, "別のファンド"), date(2025, 7, 4))
    assert not plans.covers_order(plan, order(4, 30_000, side="sell"), date(2025, 7, 4))


def test_an_execution_whose_notice_cannot_be_read_is_an_act_all_the_same() -> None:
    unread = letter_of(trade("7203.T", "buy", 2800, 100), 888)
    unread = msgspec.structs.replace(unread, facts=(), subject="中国株式の注文が約定しました")
    found = review(known([*letters_of(trader()), unread]))
    assert any(act.id.endswith(":unread") for act in found.acts)
    (asked,) = found.of(Level.ASK, Level.ALARM)
    assert any("cannot be read" in words.en for words in asked.details)
    assert any("Hong Kong" in words.en for words in asked.details)
