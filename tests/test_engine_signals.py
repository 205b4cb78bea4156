"""Every signal has cases: one in which it fires, one in which it does not, and one at its boundary."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import pytest

from engine_stories import (
    CHINESE,
    CHROME,
    FIREFOX_LINUX,
    FUND,
    HOME_PC,
    JAPANESE_PROXY,
    LARGE,
    LISTING,
    PORTFOLIO,
    SHANGHAI,
    SINGAPORE,
    THIN,
    Broker,
    Client,
    Event,
    Heard,
    Visit,
    at,
    broker_of,
    event,
    snapshot,
    visit,
)
from kuraban.core.signals import ids
from kuraban.core.signals.catalogue import SIGNALS

MOST = {signal.id: signal.high for signal in SIGNALS}


class Case(NamedTuple):
    """A signal's weight, in nats, on the last event of a story must lie between two bounds."""

    signal: str
    kind: str  # fires, quiet or boundary
    title: str
    told: Callable[[], list[Event]]
    low: float
    high: float
    owners: tuple[str, ...] = ("trader",)


def home() -> Visit:
    return visit("trader")


def logged_in(then: Callable[[Visit], list[Event]], client: Client = HOME_PC, account: str = "trader") -> list[Event]:
    """A login at ten, and what follows in its session."""
    here = visit(account, client)
    return [here.login(at(0, "10:00")), *then(here)]


def failures(count: int, client: Client, minutes_before: float, account: str = "trader") -> list[Event]:
    when = at(0, "10:00") - timedelta(minutes=minutes_before)
    failed = [visit(account, client).does(when, "login.failed") for _ in range(count)]
    return [*failed, visit(account, client).login(at(0, "10:00"))]


def travels(minutes_later: int, there: Client = SHANGHAI) -> list[Event]:
    there = Client(there.ip, HOME_PC.user_agent, HOME_PC.device)
    return [
        home().login(at(0, "08:00")),
        visit("trader", there).login(at(0, "08:00") + timedelta(minutes=minutes_later)),
    ]


def strong_owner(last: Callable[[Visit], list[Event]]) -> list[Event]:
    """An owner who has always given a passkey before he acts, and then a visit."""
    told: list[Event] = []
    for day in range(-40, 0, 2):
        here = visit("strong")
        told += [here.login(at(day, "10:00"), "passkey"), here.buys(at(day, "10:05"), LARGE[0], 100_000)]
    return told + last(visit("strong"))


def sells(share: float) -> Callable[[Visit], list[Event]]:
    """Sells that share of a portfolio of ¥9M, a tenth at a time."""
    yen = round(9_000_000 * share)
    steps = [900_000] * (yen // 900_000) + ([yen % 900_000] if yen % 900_000 else [])

    def told(here: Visit) -> list[Event]:
        return [here.sells(at(0, "10:02") + timedelta(minutes=n), LARGE[n], y) for n, y in enumerate(steps)]

    return told


def buys(instrument: str, yen: float, clock: str = "10:30", **order: object) -> Callable[[Visit], list[Event]]:
    return lambda here: [here.buys(at(0, clock), instrument, yen, **order)]


def both(*parts: Callable[[Visit], list[Event]]) -> Callable[[Visit], list[Event]]:
    return lambda here: [told for part in parts for told in part(here)]


def changes(*names: str, to: str | None = None, every: float = 2) -> Callable[[Visit], list[Event]]:
    return lambda here: [
        here.changes(at(0, "10:01") + timedelta(minutes=every * n), name, to) for n, name in enumerate(names)
    ]


def linked(*amounts: float, linked_cash: float = 10_000_000) -> list[Event]:
    """An account with money in a linked bank, and pulls over the link."""
    here = home()
    told = [snapshot("trader", at(0, "03:00"), PORTFOLIO, 1_000_000, linked_cash=linked_cash)]
    told.append(here.login(at(0, "10:00")))
    return told + [here.sweeps(at(0, "10:02") + timedelta(minutes=3 * n), yen) for n, yen in enumerate(amounts)]


def habitual(act: Callable[[Visit, int], Event]) -> list[Event]:
    """An owner who does the same in each of thirty visits, and once more today."""
    told: list[Event] = [snapshot("regular", at(-60, "03:00"), PORTFOLIO, 5_000_000, linked_cash=9_000_000)]
    for day in range(-60, 1, 2):
        here = visit("regular")
        told += [here.login(at(day, "10:00")), act(here, day)]
    return told


def withdrawals(*amounts: float) -> Callable[[Visit], list[Event]]:
    return lambda here: [
        here.withdraws(at(0, "10:05") + timedelta(minutes=5 * n), yen) for n, yen in enumerate(amounts)
    ]


def payout_changed(days_before: float) -> list[Event]:
    before, here = home(), home()
    return [
        before.login(at(0, "10:00")),
        before.changes(at(0, "10:05"), "payout_account"),
        here.login(at(days_before, "10:01")),
        here.withdraws(at(days_before, "10:05"), 200_000, "bank-new"),
    ]


def executions(unnoticed_minutes: float | None) -> list[Event]:
    """Six executions with notice, one more without so many minutes before a login (None: with notice)."""
    told: list[Event] = []
    order = {"instrument": LARGE[0], "side": "buy", "notional": 100_000}
    for day in range(1, 7):
        told.append(event("trader", at(day, "10:00"), "order.executed", order=order))
        told.append(event("trader", at(day, "10:01"), "notice.sent", notice={"kind": "execution"}))
    last = at(7, "10:00") - timedelta(minutes=unnoticed_minutes if unnoticed_minutes is not None else 120)
    told.append(event("trader", last, "order.executed", order=order))
    if unnoticed_minutes is None:
        told.append(event("trader", last, "notice.sent", notice={"kind": "execution"}))
    return [*told, home().login(at(7, "10:00"))]


def tries(accounts: int, days_later: float = 0) -> list[Event]:
    """So many accounts fail from one address; the owner's password is right, now or also days later from elsewhere."""
    when = at(0, "09:40")
    told = [visit(f"listed-{n}", SINGAPORE).does(when + timedelta(seconds=n), "login.failed") for n in range(accounts)]
    if days_later:
        told.append(visit("trader", SINGAPORE).login(when + timedelta(minutes=5)))
        other = Client(SHANGHAI.ip, SINGAPORE.user_agent, "unseen-device-9")
        return [*told, visit("trader", other).login(at(days_later, "10:00"))]
    return [*told, visit("trader", SINGAPORE).login(at(0, "10:00"))]


def crowd(members: int, instrument: str, *, thieves: bool) -> list[Event]:
    """So many other accounts buy a name, and then this one."""
    told: list[Event] = []
    for n in range(members + 1):
        name = f"trader-{n}" if n < members else "trader"
        client = Client(f"126.205.{n}.2", CHROME.format(135), f"unseen-{n}", rtt_ms=190.0) if thieves else HOME_PC
        here, start = visit(name, client), at(0, "10:00") + timedelta(minutes=6 * n)
        told.append(here.login(start))
        if thieves:
            told += [here.sells(start + timedelta(seconds=20 * k + 20), LARGE[k], 900_000) for k in range(10)]
        told.append(here.buys(start + timedelta(minutes=5), instrument, 3_000_000 if thieves else 200_000))
    return told


def after_a_takeover(where: Client, account: str = "trader-0") -> list[Event]:
    """One account is robbed and its owner says so; then somebody logs in from `where` to an account."""
    here = visit("trader-1", SHANGHAI)
    told = [here.login(at(0, "10:00"))]
    told += [here.sells(at(0, "10:01") + timedelta(seconds=30 * k), LARGE[k], 900_000) for k in range(10)]
    told.append(here.buys(at(0, "10:08"), THIN[0], 5_000_000))
    return [*told, visit(account, where).login(at(0, "11:00"))]


def said(what: str | None) -> list[Event]:
    """A login from elsewhere, what the owner says of it, and an order in the same session."""
    here = visit("trader", SINGAPORE)
    login = here.login(at(0, "10:00"))
    told = [login] if what is None else [login, event("trader", at(0, "10:30"), what, about=[login["id"]])]
    return [*told, here.buys(at(0, "10:40"), LARGE[0], 150_000)]


def watched(days_later: float | None) -> list[Event]:
    """An owner denied a login; he himself logs in so many days later (None: nothing was denied)."""
    theirs = visit("trader", SINGAPORE).login(at(0, "10:00"))
    if days_later is None:
        return [home().login(at(1, "10:00"))]
    return [
        theirs,
        event("trader", at(0, "11:00"), "owner.denied", about=[theirs["id"]]),
        home().login(at(days_later, "11:01")),
    ]


def same_place(**other: object) -> Client:
    return Client(**{**vars(HOME_PC), **other})


TRADERS = ("trader", *(f"trader-{n}" for n in range(8)))
NEVER = -99.0
CASES = (
    # Access.
    Case("access.network", "fires", "another country", lambda: [visit("trader", SHANGHAI).login(at(0))], 2.0, 9.0),
    Case("access.network", "quiet", "the usual line", lambda: [home().login(at(0))], NEVER, -1.0),
    Case(
        "access.network",
        "boundary",
        "another address of the usual /24",
        lambda: [visit("trader", same_place(ip="118.7.200.99")).login(at(0))],
        NEVER,
        1.0,
    ),
    Case(
        "access.client",
        "fires",
        "software never seen, elsewhere",
        lambda: [visit("trader", Client(JAPANESE_PROXY.ip, FIREFOX_LINUX, "unseen")).login(at(0))],
        2.0,
        5.0,
    ),
    Case("access.client", "quiet", "the usual browser", lambda: [home().login(at(0))], NEVER, 0.1),
    Case(
        "access.client",
        "boundary",
        "the usual browser's next version",
        lambda: [visit("trader", same_place(user_agent=CHROME.format(136))).login(at(0))],
        NEVER,
        1.0,
    ),
    Case(
        "access.device",
        "fires",
        "a new one elsewhere",
        lambda: [visit("trader", JAPANESE_PROXY).login(at(0))],
        2.0,
        5.0,
    ),
    Case("access.device", "quiet", "the known one", lambda: [home().login(at(0))], NEVER, 0.1),
    Case(
        "access.device",
        "boundary",
        "the known one on another line",
        lambda: [visit("trader", same_place(ip="126.205.1.2")).login(at(0))],
        NEVER,
        0.0,
    ),
    Case("access.hour", "fires", "three at night", lambda: [home().login(at(0, "03:10"))], 0.01, 1.2),
    Case("access.hour", "quiet", "the usual time", lambda: [home().login(at(0, "20:40"))], NEVER, -0.1),
    Case("access.hour", "boundary", "last minute of the usual", lambda: [home().login(at(0, "20:59"))], NEVER, -0.1),
    Case("access.hour", "boundary", "one minute later", lambda: [home().login(at(0, "21:00"))], 0.01, 1.2),
    Case("access.travel", "fires", "China two hours later", lambda: travels(120), 2.0, 2.0),
    Case("access.travel", "boundary", "three hours later", lambda: travels(180), 1.0, 1.0),
    Case("access.travel", "quiet", "ten hours later", lambda: travels(600), 0.0, 0.0),
    Case("access.travel", "quiet", "a hosted address is no journey", lambda: travels(60, SINGAPORE), 0.0, 0.0),
    Case("access.failures", "fires", "four from a strange line", lambda: failures(4, JAPANESE_PROXY, 3), 1.5, 2.0),
    Case("access.failures", "quiet", "the owner mistypes at home", lambda: failures(4, HOME_PC, 3), 0.0, 0.0),
    Case("access.failures", "boundary", "one, 100 minutes ago", lambda: failures(1, JAPANESE_PROXY, 100), 0.5, 0.7),
    Case("access.failures", "boundary", "one, 110 minutes ago", lambda: failures(1, JAPANESE_PROXY, 110), 0.0, 0.0),
    Case(
        "access.session_change",
        "fires",
        "goes on from another country and browser",
        lambda: logged_in(lambda here: [here.moves_to(SHANGHAI).buys(at(0, "10:20"), LARGE[0], 150_000)]),
        3.0,
        6.0,
    ),
    Case("access.session_change", "quiet", "stays", lambda: logged_in(buys(LARGE[0], 150_000)), 0.0, 0.5),
    Case(
        "access.session_change",
        "boundary",
        "another address of the same provider",
        lambda: logged_in(
            lambda here: [here.moves_to(same_place(ip="60.38.140.162")).buys(at(0, "10:20"), LARGE[0], 150_000)]
        ),
        0.0,
        0.5,
    ),
    Case(
        "access.factor",
        "fires",
        "no passkey from one who always has it",
        lambda: strong_owner(lambda here: [here.login(at(0)), here.buys(at(0, "10:05"), LARGE[0], 100_000)]),
        0.5,
        3.0,
        (),
    ),
    Case(
        "access.factor",
        "fires",
        "a code failed",
        lambda: logged_in(
            lambda here: [
                here.does(at(0, "10:01"), "challenge.failed", auth={"method": "totp"}),
                here.buys(at(0, "10:02"), LARGE[0], 150_000),
            ]
        ),
        0.7,
        3.0,
    ),
    Case(
        "access.factor",
        "quiet",
        "passkey",
        lambda: [home().login(at(0), "passkey"), home().login(at(1), "passkey")],
        NEVER,
        -3.0,
    ),
    Case(
        "access.factor",
        "boundary",
        "a code by SMS can be relayed",
        lambda: logged_in(
            lambda here: [here.passes(at(0, "10:01"), "sms_otp"), here.buys(at(0, "10:02"), LARGE[0], 150_000)]
        ),
        -1.3,
        -0.1,
    ),
    Case(
        "access.latency",
        "fires",
        "190 ms at home",
        lambda: [visit("trader", same_place(rtt_ms=190.0)).login(at(0))],
        1.0,
        2.2,
    ),
    Case("access.latency", "quiet", "18 ms", lambda: [home().login(at(0))], NEVER, -0.1),
    Case(
        "access.latency",
        "boundary",
        "not measured",
        lambda: [visit("trader", same_place(rtt_ms=None)).login(at(0))],
        0.0,
        0.0,
    ),
    # Credentials.
    Case("credentials.change", "fires", "a password", lambda: logged_in(changes("password")), 1.0, 5.0),
    Case("credentials.change", "quiet", "the account locked", lambda: logged_in(changes("lock", to="on")), 0.0, 0.0),
    Case(
        "credentials.change",
        "quiet",
        "the bank link taken off",
        lambda: logged_in(changes("sweep", to="off")),
        0.0,
        0.0,
    ),
    Case(
        "credentials.change",
        "boundary",
        "a password, told to change it",
        lambda: [event("trader", at(-1), "credentials.reset"), *logged_in(changes("password"))],
        0.0,
        0.2,
    ),
    Case(
        "credentials.sequence",
        "fires",
        "three kinds",
        lambda: logged_in(changes("password", "email", "payout_account")),
        2.0,
        3.0,
    ),
    Case("credentials.sequence", "quiet", "one at home", lambda: logged_in(changes("password")), 0.0, 0.0),
    Case(
        "credentials.sequence",
        "boundary",
        "two of one kind",
        lambda: logged_in(changes("password", "trading_pin")),
        0.0,
        0.0,
    ),
    Case(
        "credentials.sequence",
        "boundary",
        "the second a week later",
        lambda: logged_in(changes("password", "payout_account", every=7 * 1440)),
        1.1,
        1.1,
    ),
    Case(
        "credentials.sequence",
        "boundary",
        "the second a minute after the week",
        lambda: logged_in(changes("password", "payout_account", every=7 * 1440 + 1)),
        0.0,
        0.0,
    ),
    Case("credentials.notices_off", "fires", "off", lambda: logged_in(changes("notice.execution", to="off")), 1.0, 3.0),
    Case("credentials.notices_off", "quiet", "on", lambda: logged_in(changes("notice.execution", to="on")), 0.0, 0.0),
    Case("credentials.notices_off", "boundary", "another setting", lambda: logged_in(changes("password")), 0.0, 0.0),
    # Trading.
    Case("trading.liquidation", "fires", "everything", lambda: logged_in(sells(1.0)), 1.5, 5.0),
    Case("trading.liquidation", "quiet", "a tenth", lambda: logged_in(sells(0.1)), -0.5, -0.1),
    Case("trading.liquidation", "boundary", "just under a fifth", lambda: logged_in(sells(0.195)), -0.5, -0.1),
    Case("trading.liquidation", "boundary", "just over a fifth", lambda: logged_in(sells(0.21)), 0.5, 5.0),
    Case("trading.novel_instrument", "fires", "never bought", lambda: logged_in(buys(THIN[0], 200_000)), 0.3, 2.5),
    Case("trading.novel_instrument", "quiet", "known", lambda: logged_in(buys(LARGE[0], 200_000)), NEVER, 0.0),
    Case(
        "trading.novel_instrument",
        "boundary",
        "a fund",
        lambda: logged_in(buys(FUND, 200_000, kind="fund")),
        -1.0,
        -1.0,
    ),
    Case("trading.novel_market", "fires", "Hong Kong", lambda: logged_in(buys(CHINESE[0], 200_000)), 0.5, 2.2),
    Case("trading.novel_market", "quiet", "Tokyo", lambda: logged_in(buys(THIN[0], 200_000)), NEVER, 0.0),
    Case("trading.novel_market", "boundary", "a fund", lambda: logged_in(buys(FUND, 200_000, kind="fund")), 0.0, 0.0),
    Case(
        "trading.thinness", "fires", "a quarter of a day's trade", lambda: logged_in(buys(THIN[0], 3_000_000)), 1.0, 3.5
    ),
    Case("trading.thinness", "quiet", "a deep name", lambda: logged_in(buys(LARGE[0], 200_000)), NEVER, 0.0),
    Case(
        "trading.thinness", "boundary", "unknown depth", lambda: logged_in(buys("XX", 3e6), account="new"), 0.0, 0.0, ()
    ),
    Case("trading.all_in", "fires", "all the cash", lambda: logged_in(buys(LARGE[0], 1_000_000)), 0.2, 1.5),
    Case("trading.all_in", "quiet", "a tenth", lambda: logged_in(buys(LARGE[0], 100_000)), NEVER, 0.0),
    Case(
        "trading.all_in",
        "boundary",
        "cash not known",
        lambda: logged_in(buys(LARGE[0], 9e5), account="new"),
        0.0,
        0.0,
        (),
    ),
    Case("trading.size", "fires", "twenty times the usual", lambda: logged_in(buys(LARGE[0], 3_400_000)), 0.5, 1.5),
    Case("trading.size", "quiet", "the usual", lambda: logged_in(buys(LARGE[0], 160_000)), -0.3, 0.0),
    Case(
        "trading.size", "boundary", "no habit yet", lambda: logged_in(buys(LARGE[0], 9e6), account="new"), 0.0, 0.0, ()
    ),
    Case("trading.margin", "fires", "never before", lambda: logged_in(buys(LARGE[0], 160_000, margin=True)), 0.3, 2.2),
    Case("trading.margin", "quiet", "cash", lambda: logged_in(buys(LARGE[0], 160_000, margin=False)), 0.0, 0.0),
    Case(
        "trading.margin",
        "boundary",
        "a position on margin closed",
        lambda: logged_in(lambda here: [here.sells(at(0, "10:05"), LARGE[0], 160_000, margin=True)]),
        0.0,
        0.0,
    ),
    Case(
        "trading.haste",
        "fires",
        "four orders in a minute",
        lambda: logged_in(
            lambda here: [here.buys(at(0, f"10:00:{s}"), LARGE[0], 50_000) for s in ("15", "30", "45", "58")]
        ),
        0.2,
        0.8,
    ),
    Case(
        "trading.haste", "quiet", "after four minutes", lambda: logged_in(buys(LARGE[0], 160_000, "10:04")), -0.1, 0.0
    ),
    Case(
        "trading.haste",
        "boundary",
        "just under two minutes",
        lambda: logged_in(buys(LARGE[0], 1e5, "10:01:59")),
        0.1,
        0.8,
    ),
    Case("trading.price", "fires", "a fifth above", lambda: logged_in(buys(LARGE[0], 3e5, price=3_000)), 0.5, 1.2),
    Case("trading.price", "quiet", "at the market", lambda: logged_in(buys(LARGE[0], 3e5, price=2_500)), 0.0, 0.0),
    Case("trading.price", "boundary", "5.9 % above", lambda: logged_in(buys(LARGE[0], 3e5, price=2_647.5)), 0.0, 0.0),
    Case("trading.price", "boundary", "6.1 % above", lambda: logged_in(buys(LARGE[0], 3e5, price=2_652.5)), 0.3, 0.4),
    Case(
        "trading.rotation",
        "fires",
        "new after selling",
        lambda: logged_in(both(sells(0.7), buys(THIN[0], 5e6))),
        0.5,
        1.8,
    ),
    Case(
        "trading.rotation",
        "quiet",
        "new after little",
        lambda: logged_in(both(sells(0.3), buys(THIN[0], 5e6))),
        0.0,
        0.0,
    ),
    Case("trading.rotation", "boundary", "known", lambda: logged_in(both(sells(0.7), buys(LARGE[0], 5e6))), 0.0, 0.0),
    Case(
        "trading.hours",
        "fires",
        "at night, from one who never does",
        lambda: habitual(
            lambda here, day: here.buys(at(day, "10:05") + timedelta(hours=0 if day else 11), LARGE[0], 150_000)
        ),
        0.01,
        0.8,
    ),
    Case(
        "trading.hours",
        "quiet",
        "in the morning, as always",
        lambda: habitual(lambda here, day: here.buys(at(day, "10:05"), LARGE[0], 150_000)),
        NEVER,
        0.0,
    ),
    Case(
        "trading.hours",
        "boundary",
        "a fund has no hours",
        lambda: logged_in(buys(FUND, 5e4, "23:00", kind="fund"), account="new"),
        0.0,
        0.0,
        (),
    ),
    Case(
        "trading.activity",
        "fires",
        "a saver's first share",
        lambda: logged_in(buys(LARGE[0], 1e5), account="saver"),
        0.5,
        3.0,
        ("saver",),
    ),
    Case(
        "trading.activity",
        "quiet",
        "one who trades whenever he comes",
        lambda: habitual(lambda here, day: here.buys(at(day, "10:05"), LARGE[0], 150_000)),
        NEVER,
        0.1,
    ),
    Case(
        "trading.activity",
        "boundary",
        "a saver's fund",
        lambda: logged_in(buys(FUND, 1e5, kind="fund"), account="saver"),
        NEVER,
        0.0,
        ("saver",),
    ),
    Case("trading.cheap", "fires", "¥84", lambda: logged_in(buys(THIN[0], 200_000)), 0.5, 2.2),
    Case("trading.cheap", "quiet", "¥2,500", lambda: logged_in(buys(LARGE[0], 200_000)), NEVER, 0.0),
    Case(
        "trading.cheap",
        "boundary",
        "a fund has no price to push",
        lambda: logged_in(buys(FUND, 5e4, kind="fund"), account="new"),
        0.0,
        0.0,
        (),
    ),
    # Cash.
    Case("cash.sweep", "fires", "all that is there", lambda: linked(10_000_000), 0.7, 3.5),
    Case(
        "cash.sweep",
        "quiet",
        "as in every visit",
        lambda: habitual(lambda here, day: here.sweeps(at(day, "10:05"), 1e5)),
        NEVER,
        0.0,
    ),
    Case("cash.sweep", "boundary", "a twentieth", lambda: linked(500_000), 0.0, 1.5),
    Case("cash.withdrawal", "fires", "one who never does", lambda: logged_in(withdrawals(200_000)), 0.3, 2.5),
    Case(
        "cash.withdrawal",
        "quiet",
        "as in every visit",
        lambda: habitual(lambda here, day: here.withdraws(at(day, "10:05"), 1e4)),
        NEVER,
        0.0,
    ),
    Case("cash.withdrawal", "boundary", "to a new account, weighed elsewhere", lambda: payout_changed(1), 0.0, 0.0),
    Case("cash.new_payout", "fires", "an hour after the change", lambda: payout_changed(1 / 24), 0.7, 4.0),
    Case("cash.new_payout", "quiet", "no change", lambda: logged_in(withdrawals(200_000)), 0.0, 0.0),
    Case("cash.new_payout", "boundary", "thirty days after", lambda: payout_changed(30), 0.0, 0.8),
    Case("cash.new_payout", "boundary", "thirty-one days after", lambda: payout_changed(31), 0.0, 0.0),
    Case("cash.drain", "fires", "all of it, in three", lambda: logged_in(withdrawals(4e5, 3e5, 3e5)), 1.0, 2.0),
    Case("cash.drain", "quiet", "a tenth", lambda: logged_in(withdrawals(1e5)), 0.0, 0.0),
    Case("cash.drain", "boundary", "half", lambda: logged_in(withdrawals(5e5)), 0.0, 0.0),
    # Silence.
    Case("notices.dormant", "fires", "a year", lambda: [visit("saver").login(at(0))], 0.5, 1.5, ("saver",)),
    Case("notices.dormant", "quiet", "two days", lambda: [home().login(at(0))], 0.0, 0.0),
    Case("notices.dormant", "boundary", "59 days", lambda: [home().login(at(57, "20:00"))], 0.0, 0.0),
    Case("notices.dormant", "boundary", "62 days", lambda: [home().login(at(61, "20:00"))], 0.5, 1.5),
    Case("notices.missing", "fires", "two hours without", lambda: executions(120), 0.5, 2.0),
    Case("notices.missing", "quiet", "sent", lambda: executions(None), 0.0, 0.0),
    Case("notices.missing", "boundary", "59 minutes without", lambda: executions(59), 0.0, 0.0),
    Case("notices.missing", "boundary", "an hour without", lambda: executions(60), 0.5, 2.0),
    # Crowd.
    Case("crowd.spray", "fires", "forty fail, this one does not", lambda: tries(40), 3.0, 7.0),
    Case("crowd.spray", "fires", "and days later from elsewhere", lambda: tries(40, 4), 1.0, 7.0),
    Case("crowd.spray", "quiet", "nobody fails", lambda: tries(0), 0.0, 0.0),
    Case("crowd.spray", "boundary", "two fail", lambda: tries(2), 0.0, 0.0),
    Case("crowd.ring", "fires", "seven thieves before", lambda: crowd(7, THIN[0], thieves=True), 2.0, 6.0, TRADERS),
    Case("crowd.ring", "quiet", "seven owners before", lambda: crowd(7, LISTING, thieves=False), 0.0, 0.0, TRADERS),
    Case("crowd.ring", "boundary", "nobody before", lambda: crowd(0, THIN[0], thieves=True), 0.0, 0.0, TRADERS),
    Case("crowd.neighbour", "fires", "the thief's address", lambda: after_a_takeover(SHANGHAI), 1.0, 4.0, TRADERS),
    Case("crowd.neighbour", "quiet", "another address", lambda: after_a_takeover(SINGAPORE), 0.0, 0.0, TRADERS),
    Case(
        "crowd.neighbour",
        "boundary",
        "the robbed account itself",
        lambda: after_a_takeover(SHANGHAI, "trader-1"),
        0.0,
        0.0,
        TRADERS,
    ),
    # Feedback.
    Case("feedback.owner", "fires", "not mine", lambda: said("owner.denied"), 14.0, 14.0),
    Case("feedback.owner", "quiet", "mine", lambda: said("owner.confirmed"), -9.0, -9.0),
    Case("feedback.owner", "boundary", "nothing said", lambda: said(None), 0.0, 0.0),
    Case("feedback.watch", "fires", "the day after", lambda: watched(1), 1.5, 4.0),
    Case("feedback.watch", "quiet", "nothing happened", lambda: watched(None), 0.0, 0.0),
    Case("feedback.watch", "boundary", "when it is over", lambda: watched(60), 0.0, 0.0),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.signal}-{case.kind}-{case.title}")
def test_a_signal_weighs_what_it_should(case: Case) -> None:
    broker: Broker = broker_of(*case.owners)
    told = case.told()
    (last,) = [heard for heard in broker.hears(told) if heard.event == told[-1]["id"]]
    assert case.low - 1e-9 <= last.weights.get(case.signal, 0.0) <= case.high + 1e-9, last.weights


def test_no_signal_is_without_cases() -> None:
    kinds = {name: {case.kind for case in CASES if case.signal == name} for name in ids.NAMES}
    assert {name for name, found in kinds.items() if found != {"fires", "quiet", "boundary"}} == set()
    assert {case.signal for case in CASES} == set(ids.NAMES)


def test_every_firing_case_is_told_in_both_languages_with_the_facts_filled_in() -> None:
    fired: dict[str, Heard] = {}
    for case in CASES:
        if case.kind == "fires":
            told = case.told()
            heard = [each for each in broker_of(*case.owners).hears(told) if each.event == told[-1]["id"]]
            fired[case.signal] = heard[0]
            assert all(each.weights.get(name, 0.0) <= most for each in heard for name, most in MOST.items())
            for reason in heard[0].reasons:
                assert reason["ja"]
                assert reason["en"]
                assert not {"{", "}"} & set(reason["ja"] + reason["en"])
    assert set(fired) == set(ids.NAMES)
