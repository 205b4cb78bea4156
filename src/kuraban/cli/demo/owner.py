"""One robbed owner, and the notices that a broker without Kuraban would send him while it happens.

At the desk the thief is stopped; here he is not: the mailbox shows what an owner would see whose broker looks on, and
what Kuraban at home makes of his notices alone. The layouts are those of a real broker, as the owner's side reads no
others; owner, instruments and everything else in them are the simulator's.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from kuraban.cli.demo.world import JST, Moment, World
from kuraban.events import Event, Order

BROKER, DOMAIN = "rakuten", "rakuten-sec.co.jp"
TRADES, SERVICE = f"tradesys@{DOMAIN}", f"service@{DOMAIN}"
DELAY = timedelta(seconds=40)
LURE_AHEAD = timedelta(hours=20)
# The simulated days are few, and mailboxes are old: of the half year before there are a monthly fund plan and visits.
MONTHS, PLAN_DAY, VISIT_DAYS = 6, 9, (3, 18)
PLAN_FUND, PLAN_YEN = "世界株式インデックスファンド", 30_000

_SHOWN = "relay_ring"
_SETTINGS = {
    "password": "パスワード変更完了のお知らせ",
    "trading_pin": "取引暗証番号変更完了のお知らせ",
    "email": "メールアドレス変更完了のお知らせ",
    "phone": "電話番号変更完了のお知らせ",
    "address": "住所変更完了のお知らせ",
    "mfa": "多要素認証の設定が変更されました",
    "device": "端末登録完了のお知らせ",
    "payout_account": "出金先口座の変更を受け付けました",
}


class Notice(NamedTuple):
    """One mail before it is one. genuine: signed by the broker; otherwise a forger's."""

    time: datetime
    sender: str
    subject: str
    html: str
    genuine: bool = True


class Names(NamedTuple):
    """What an instrument is called and where it trades."""

    name: str
    market: str


def choose(world: World) -> int:
    """The takeover that is shown from the owner's side: where there are any, one by a relayed login, the way of 2025.

    Of these it is the one with notices of most names, those bought counting twice, and of equals the one with most
    notices of purchases. Not every mailbox says as much. Where no thief traded it is the first one.
    """
    told = trades_told(world)
    if not told:
        return next(moment.thief for moment in world.played if moment.thief >= 0)
    relayed = [number for number in told if world.takeovers[number].family == _SHOWN]
    return min(relayed or told, key=lambda number: (*_told_little(told[number]), number))


def trades_told(world: World) -> dict[int, list[tuple[str, str]]]:
    """Of each takeover the thief's trades that the owner gets notices of: side and instrument."""
    told: dict[int, list[tuple[str, str]]] = {}
    muted: set[int] = set()
    for moment in world.played:
        if moment.thief < 0 or moment.kind not in ("order.executed", "setting.changed"):
            continue
        event = moment.event()
        if event.setting is not None and event.setting.name == "notice.execution":
            muted.add(moment.thief)
        elif event.order is not None and moment.thief not in muted:
            trade = (event.order.side or "", event.order.instrument or "")
            told.setdefault(moment.thief, []).append(trade)
    return told


def _told_little(trades: list[tuple[str, str]]) -> tuple[int, int]:
    names = sum(2 if side == "buy" else 1 for side, _ in set(trades))
    return -names, -sum(side == "buy" for side, _ in trades)


def names(instruments: Path) -> dict[str, Names]:
    """Instruments by code."""
    with instruments.open(encoding="utf-8", newline="") as file:
        return {row["instrument"]: Names(row["name_ja"], row["market"]) for row in csv.DictReader(file)}


def notices(world: World, takeover: int, known: dict[str, Names]) -> list[Notice]:
    """All the owner gets, before the attack and during it, and one lure the day before the thief comes."""
    account = world.takeovers[takeover].account
    decode = msgspec.json.Decoder(Event).decode
    mark = f'"account":"{account}"'.encode()
    before = [decode(line) for line in world.history if mark in line]
    during = [moment for moment in world.played if moment.account == account]
    found = [*_told((event for event in before), known), *_told((moment.event() for moment in during), known)]
    found += [*_quiet(world.span), _lure(_first(during))]
    return sorted(found, key=lambda notice: notice.time)


def _quiet(span: tuple[datetime, datetime]) -> Iterator[Notice]:
    """The quiet half year, month by month; the plan goes on after it."""
    begin, end = span
    for back in range(MONTHS, -2, -1):
        month = begin.year * 12 + begin.month - 1 - back
        first = datetime(month // 12, month % 12 + 1, 1, 19, 0, tzinfo=JST)
        if first.replace(day=PLAN_DAY) < end:
            yield _plan(first.replace(day=PLAN_DAY), PLAN_FUND, PLAN_YEN)
        for day in VISIT_DAYS if back > 0 else ():
            yield _login(first.replace(day=day, hour=21, minute=7 * back % 60))


def _first(during: Iterable[Moment]) -> datetime:
    return next(moment.time for moment in during if moment.thief >= 0)


def _told(events: Iterable[Event], known: dict[str, Names]) -> Iterator[Notice]:
    """The notice of each event that a broker sends one of. Those the owner has switched off would not come either."""
    off: set[str] = set()
    for event in events:
        name = event.setting.name if event.setting is not None else None
        if name is not None and name.startswith("notice."):
            (off.discard if event.setting is not None and event.setting.to == "on" else off.add)(name)
        notice = _notice(event, known)
        if notice is not None and f"notice.{_KINDS[event.type]}" not in off:
            yield notice


_KINDS = {
    "login.succeeded": "login",
    "order.executed": "execution",
    "withdrawal.requested": "withdrawal",
    "setting.changed": "setting",
}


def _notice(event: Event, known: dict[str, Names]) -> Notice | None:
    happened = datetime.fromisoformat(event.time).astimezone(JST)
    when, shown = happened + DELAY, f"{happened:%Y/%m/%d %H:%M}"
    if event.type == "login.succeeded":
        return _login(happened)
    if event.type == "withdrawal.requested" and event.cash is not None:
        amount = f"出金金額 {event.cash.amount or 0:,.0f}円"
        return Notice(when, SERVICE, "出金受付のお知らせ", f"出金を受け付けました。<br>{amount}")
    if event.type == "setting.changed" and event.setting is not None and event.setting.name in _SETTINGS:
        return Notice(when, SERVICE, _SETTINGS[event.setting.name], "お手続きが完了しました。")
    if event.type == "order.executed" and event.order is not None:
        return _execution(when, shown, event.order, known)
    return None


def _execution(when: datetime, shown: str, order: Order, known: dict[str, Names]) -> Notice | None:
    code = order.instrument or ""
    name, market = known.get(code, Names(code, ""))
    side = "買付" if order.side == "buy" else "売付"
    quantity, number = f"{order.quantity or 0:,.0f}株（口）", (order.id or "")[:8]
    if code.endswith(".T") and order.kind == "stock":
        trade = f"信用{'新規' if order.side == 'buy' else '返済'}" if order.margin else "現物"
        rows = (
            *(f"銘柄名：{name}({code[:-2]}0)", "市場：東証", f"取引：{trade}", f"売買：{side}"),
            *(f"約定単価：{order.price or 0:,.10g}円", f"約定数量：{quantity}", f"約定日時：{shown}"),
            *("口座区分：特定", f"注文番号：{number}"),
        )
        subject = "国内株式の注文が約定しました"
        return Notice(when, TRADES, subject, "<br>".join((f"{subject}。", *rows)))
    if order.kind == "fund" and order.side == "buy":
        return _plan(when, name, order.notional or 0)
    if market in ("XHKG", "XNAS", "XNYS"):
        product, unit = ("中国株式", "香港ドル") if market == "XHKG" else ("米国株式", "米ドル")
        lines = (
            *(f"{product}の注文が約定しました。", f"注文番号：{number}"),
            f"銘柄名（銘柄コード）：{name}（{code.partition('.')[0]}）",
            *(f"口座・売買：特定・{side}", f"約定単価：{order.price or 0:,.10g}{unit}"),
            *(f"約定数量：{quantity}", f"約定日時：{shown}"),
        )
        return Notice(when, TRADES, f"{product}の注文が約定しました", "<br>".join(lines))
    return None


def _login(happened: datetime) -> Notice:
    html = f"お客様の口座にログインがありました。<br>日時 {happened:%Y/%m/%d %H:%M}"
    return Notice(happened + DELAY, SERVICE, "ログイン通知のお知らせ", html)


def _plan(when: datetime, fund: str, yen: float) -> Notice:
    table = (("口座区分", "NISAつみたて投資枠"), ("購入金額", f"{yen:,.0f}円"))
    cells = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in table)
    head = f"<p>{when.month}月{when.day}日に完了（約定）した注文</p><p>{fund}</p>"
    return Notice(when, SERVICE, "【投資信託】積立購入が完了しました（約定）", f"{head}<table>{cells}</table>")


def _lure(first: datetime) -> Notice:
    """How the thief came by the password: a mail that is not the broker's, with an address that is not its own."""
    html = (
        "お客様の口座で異常なログインを検知しました。下記より本人確認をお願いいたします。<br>"
        '<a href="https://rakuten-sec.example-login.top/Login">https://www.rakuten-sec.co.jp/</a>'
    )
    subject = "【楽天証券】【重要】異常なログイン検知に伴う口座セキュリティ確認のお願い"
    return Notice(first - LURE_AHEAD, SERVICE, subject, html, genuine=False)
