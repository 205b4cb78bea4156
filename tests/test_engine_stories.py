"""What the engine decides when the things happen that are known to have happened, and when owners merely live."""

from datetime import timedelta

from engine_stories import (
    AGGREGATOR,
    ANDROID,
    CHINESE,
    CHROME,
    FUND,
    HAWAII,
    HOME_PC,
    JAPANESE_PROXY,
    LARGE,
    OFFICE_MOBILE,
    OTHER_FUND,
    PORTFOLIO,
    SAFARI,
    SHANGHAI,
    SINGAPORE,
    THIN,
    Client,
    Event,
    Heard,
    at,
    broker_of,
    event,
    minutes,
    snapshot,
    visit,
)
from kuraban.core.policy import ALLOW, CHALLENGE, HOLD, LOCK, NOTIFY


def severities(heard: list[Heard]) -> list[int]:
    return [each.severity for each in heard]


def april_30(account: str, thief_from: Client = JAPANESE_PROXY, thin: tuple[str, ...] = THIN) -> list[Event]:
    """Just after noon: a login, everything sold, names at ¥40-110 bought, within an hour."""
    thief = visit(account, thief_from)
    clock = minutes(at(0, "12:05"))
    told = [thief.login(next(clock))]
    told += [thief.sells(next(clock), name, yen) for name, yen in PORTFOLIO.items()]
    told += [thief.buys(next(clock), name, 1_000_000) for name in thin]
    return told


# Takeovers.


def test_the_victim_of_30_april_is_stopped_before_the_first_thin_share_is_bought() -> None:
    heard = broker_of("trader").hears(april_30("trader"))
    first_buy = heard[1 + len(PORTFOLIO)]
    assert first_buy.severity >= HOLD
    assert max(severities(heard[1:6])) >= CHALLENGE  # half of the holdings are still there
    assert first_buy.probability > 0.9


def test_the_victim_of_30_april_is_told_why_in_both_languages() -> None:
    last = broker_of("trader").hears(april_30("trader"))[-1]
    assert "trading.liquidation" in last.signals()
    assert "保有資産の100%を売却" in last.words("ja")
    assert "100 % of holdings sold in" in last.words("en")
    assert "SoftBank" in last.words("ja")
    assert "{" not in last.words("ja") + last.words("en")


def test_a_thief_in_a_dormant_fund_savers_account_does_not_get_to_buy_chinese_shares() -> None:
    broker = broker_of("saver")
    thief = visit("saver", JAPANESE_PROXY)
    login = broker.decides(thief.login(at(0, "10:30")))
    broker.hears([thief.sells(at(0, "10:33"), FUND, 3_300_000, kind="fund")])
    buy = broker.decides(thief.buys(at(0, "10:40"), CHINESE[0], 3_200_000))
    assert login.severity >= NOTIFY
    assert buy.severity >= HOLD
    assert "notices.dormant" in login.weights
    assert "trading.thinness" in buy.signals()


def test_a_thief_with_the_cash_of_a_dormant_account_does_not_get_to_buy_chinese_shares_from_shanghai() -> None:
    broker = broker_of("saver")
    broker.hears([snapshot("saver", at(0, "03:30"), {FUND: 100_000}, 3_400_000)])
    thief = visit("saver", SHANGHAI)
    heard = broker.hears([thief.login(at(0, "10:30")), thief.buys(at(0, "10:40"), CHINESE[0], 3_200_000)])
    assert heard[0].severity >= NOTIFY
    assert heard[1].severity >= HOLD


def test_a_thief_who_sells_a_dormant_savers_funds_and_comes_back_the_next_day_is_stopped() -> None:
    broker = broker_of("saver")
    thief = visit("saver", SHANGHAI)
    broker.hears([thief.login(at(0, "10:30")), thief.sells(at(0, "10:33"), FUND, 3_300_000, kind="fund")])
    assert broker.decides(thief.buys(at(1, "10:40"), CHINESE[0], 3_200_000)).severity >= CHALLENGE


def test_a_payout_as_at_sbi_in_2020_is_locked_before_the_second_transfer() -> None:
    broker = broker_of("trader")
    broker.hears([snapshot("trader", at(0, "03:00"), PORTFOLIO, 1_000_000, linked_cash=20_000_000)])
    thief = visit("trader", JAPANESE_PROXY)
    heard = broker.hears(
        [
            thief.login(at(0, "13:00")),
            thief.changes(at(0, "13:03"), "password"),
            thief.changes(at(0, "13:06"), "payout_account"),
            thief.sweeps(at(0, "13:10"), 20_000_000),
            thief.withdraws(at(0, "13:14"), 9_000_000, "bank-of-the-thief"),
            thief.withdraws(at(0, "13:18"), 8_000_000, "bank-of-the-thief"),
        ]
    )
    assert max(severities(heard[:4])) >= CHALLENGE
    assert heard[4].severity >= HOLD
    assert heard[5].severity == LOCK
    assert "credentials.change" in heard[4].signals()
    assert "出金先口座" in heard[3].words("ja")
    assert "payout account" in heard[3].words("en")


def test_a_stolen_cookie_that_goes_on_from_another_country_and_browser_is_stopped_at_its_first_order() -> None:
    broker = broker_of("trader")
    owner = visit("trader")
    login = broker.decides(owner.login(at(0, "09:20")))
    stolen = owner.moves_to(SHANGHAI)
    sale = broker.decides(stolen.sells(at(0, "10:40"), LARGE[3], 900_000))
    assert login.severity == ALLOW
    assert sale.severity >= CHALLENGE
    assert sale.signals()[0] == "access.session_change"
    assert "中国" in sale.words("ja")
    assert "China" in sale.words("en")


def test_the_owners_own_sessions_stay_his_while_a_thief_is_in_the_account() -> None:
    broker = broker_of("trader")
    broker.hears(april_30("trader"))
    owner = broker.decides(visit("trader").login(at(0, "13:30")))
    thief = broker.decides(visit("trader", JAPANESE_PROXY).login(at(0, "13:40")))
    assert owner.probability < thief.probability


# Owners.


def test_on_a_crash_day_everybody_sells_and_nobody_is_held_or_locked() -> None:
    names = tuple(f"trader-{n}" for n in range(12))
    broker = broker_of(*names)
    worst: list[Heard] = []
    for n, name in enumerate(names):
        here = visit(name)
        clock = minutes(at(0, "09:02") + timedelta(minutes=10 * n), 0.5)
        told = [here.login(next(clock)), *(here.sells(next(clock), code, yen) for code, yen in PORTFOLIO.items())]
        worst.append(max(broker.hears(told), key=lambda each: each.severity))
    assert max(severities(worst)) <= CHALLENGE
    assert sum(each.severity >= CHALLENGE for each in worst) <= 1


def test_a_new_phone_at_home_is_at_most_notified() -> None:
    phone = Client(HOME_PC.ip, SAFARI.format(4, 4), "new-phone-of-the-owner", rtt_ms=22.0)
    here = visit("trader", phone)
    heard = broker_of("trader").hears(
        [
            here.login(at(0, "20:40")),
            here.passes(at(0, "20:41"), "sms_otp"),
            here.buys(at(0, "20:50"), LARGE[1], 150_000),
        ]
    )
    assert max(severities(heard)) <= NOTIFY


def test_a_new_phone_on_a_mobile_line_is_at_most_challenged() -> None:
    phone = Client("1.72.18.121", ANDROID, "new-phone-of-the-owner", rtt_ms=60.0)
    here = visit("trader", phone)
    heard = broker_of("trader").hears([here.login(at(0, "12:15")), here.buys(at(0, "12:20"), LARGE[1], 150_000)])
    assert max(severities(heard)) <= CHALLENGE


def test_a_trip_abroad_with_ones_own_phone_is_at_most_challenged() -> None:
    broker = broker_of("trader")
    broker.hears([visit("trader", OFFICE_MOBILE).login(at(2 * n, "12:15")) for n in range(10)])
    there = visit("trader", HAWAII)
    heard = broker.hears([there.login(at(20, "15:00")), there.buys(at(20, "15:05"), LARGE[1], 150_000)])
    heard += broker.hears([visit("trader", HAWAII).login(at(n, "15:00")) for n in range(21, 25)])
    assert max(severities(heard)) <= CHALLENGE
    assert heard[-1].severity <= NOTIFY


def test_a_house_move_is_at_most_challenged_and_the_new_line_is_learned_within_days() -> None:
    broker = broker_of("trader")
    moved = Client("119.174.165.139", HOME_PC.user_agent, HOME_PC.device, rtt_ms=15.0)
    heard = [broker.decides(visit("trader", moved).login(at(n, "20:40"))) for n in range(6)]
    assert max(severities(heard)) <= NOTIFY
    assert heard[-1].severity == ALLOW
    assert heard[-1].weights["access.network"] < 0.5 * heard[0].weights["access.network"]


def test_a_browsers_update_says_nothing() -> None:
    updated = Client(HOME_PC.ip, CHROME.format(136), HOME_PC.device)
    assert broker_of("trader").decides(visit("trader", updated).login(at(0, "20:40"))).severity == ALLOW


def test_an_aggregators_daily_login_from_a_data_centre_becomes_a_habit() -> None:
    broker = broker_of("trader")
    broker.hears([visit("trader").changes(at(0, "09:21"), "aggregator", "on")])
    heard = [broker.decides(visit("trader", AGGREGATOR).login(at(n, "04:10"))) for n in range(1, 15)]
    assert heard[-1].severity == ALLOW
    assert heard[-1].weights["access.network"] < 0.1 * heard[0].weights["access.network"]
    owner = broker.decides(visit("trader").login(at(14, "09:20")))
    assert owner.weights["access.network"] < 0.0


def test_the_standing_plan_of_a_fund_saver_is_his_own() -> None:
    plan = {"instrument": OTHER_FUND, "side": "buy", "kind": "fund", "notional": 50_000, "recurring": True}
    heard = broker_of("saver").decides(event("saver", at(1, "08:00"), "order.placed", order=plan))
    assert heard.severity == ALLOW
    assert heard.probability < 1e-4


def test_notices_switched_off_are_told_to_the_owner() -> None:
    broker = broker_of("trader")
    thief = visit("trader", JAPANESE_PROXY)
    broker.hears([thief.login(at(0, "13:00"))])
    heard = broker.decides(thief.changes(at(0, "13:02"), "notice.execution", "off"))
    assert heard.severity >= NOTIFY
    assert "credentials.notices_off" in heard.signals()
    assert "通知メールが停止" in heard.words("ja")
    assert "notices to the owner were switched off" in heard.words("en")


def test_notices_switched_on_are_no_evidence() -> None:
    broker = broker_of("trader")
    owner = visit("trader")
    broker.hears([owner.login(at(0, "09:20"))])
    heard = broker.decides(owner.changes(at(0, "09:22"), "notice.execution", "on"))
    assert heard.severity == ALLOW
    assert "credentials.notices_off" not in heard.weights


# What the owner says.


def test_denied_events_are_unlearned_and_the_thief_is_known_when_he_returns_from_the_owners_own_device() -> None:
    taken, calm = broker_of("trader"), broker_of("trader")
    crime = april_30("trader", thin=THIN[:2])
    taken.hears(crime)
    before = taken.profile("trader")["logins"]
    taken.hears([event("trader", at(0, "14:00"), "owner.denied", about=[crime[0]["id"], crime[-1]["id"]])])
    again = visit("trader")  # the owner's computer, under a thief's control
    told = [again.login(at(3, "12:10")), *(again.sells(at(3, "12:12"), name, 900_000) for name in LARGE[:3])]
    told.append(again.buys(at(3, "12:20"), THIN[5], 2_000_000))
    denied, undisturbed = taken.hears(told), calm.hears(told)
    assert taken.profile("trader")["logins"] <= before + 1
    assert denied[0].weights["feedback.watch"] > 0.5
    assert denied[-1].severity >= HOLD
    assert all(a.probability > b.probability for a, b in zip(denied, undisturbed, strict=True))


def test_events_the_owner_confirms_clear_the_session() -> None:
    broker = broker_of("trader")
    abroad = visit("trader", SINGAPORE)
    login = abroad.login(at(0, "20:00"))
    suspect = broker.decides(login)
    broker.hears([event("trader", at(0, "20:30"), "owner.confirmed", about=[login["id"]])])
    after = broker.decides(abroad.buys(at(0, "20:40"), LARGE[1], 150_000))
    assert suspect.severity >= NOTIFY
    assert after.severity == ALLOW
    assert "本人が「自分の操作」と回答" in after.words("ja")
    again = broker.decides(visit("trader", SINGAPORE).login(at(2, "20:00")))
    assert again.probability < suspect.probability


def test_replaced_credentials_end_every_session_and_the_account_is_watched() -> None:
    broker = broker_of("trader")
    thief = visit("trader", JAPANESE_PROXY)
    broker.hears(april_30("trader", thin=THIN[:1]))
    broker.hears([event("trader", at(0, "15:00"), "credentials.reset")])
    here = visit("trader")
    owner = broker.decides(here.login(at(0, "15:30")))
    changes = broker.decides(here.changes(at(0, "15:40"), "password"))
    returned = broker.decides(thief.login(at(1, "12:00")))
    assert owner.severity <= CHALLENGE
    assert changes.severity <= CHALLENGE
    assert owner.weights["feedback.watch"] > 0.5
    assert returned.severity >= CHALLENGE


# Time and ignorance.


def test_an_event_for_an_account_never_shown_counts_with_the_policys_unknown_exposure() -> None:
    heard = broker_of().decides(visit("nobody").login(at(0, "10:00")))
    assert heard.exposure == 3_000_000
    assert heard.severity <= NOTIFY
    assert "cold_start" in heard.signals() or not heard.reasons


def test_an_event_that_comes_late_counts_as_now() -> None:
    broker = broker_of("trader")
    here = visit("trader")
    broker.hears([here.login(at(0, "20:40"))])
    late = broker.decides(here.buys(at(0, "20:35"), LARGE[1], 150_000))
    assert late.severity == ALLOW
    assert broker.profile("trader")["last"] == int(at(0, "20:40").timestamp() * 1e6)


def test_what_is_known_of_one_owner_says_nothing_of_another() -> None:
    alone, beside = broker_of("trader", "trader-2"), broker_of("trader", "trader-2")
    beside.hears(april_30("trader-2", thief_from=SHANGHAI))
    login = visit("trader").login(at(1, "09:20"))
    assert abs(alone.decides(login).weights["access.network"] - beside.decides(login).weights["access.network"]) < 0.2
