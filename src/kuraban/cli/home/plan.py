"""`kuraban home plan …`: what only the owner knows, shown and changed."""

import argparse
from datetime import date
from typing import TypeVar, get_args

import msgspec

from kuraban.cli.home.common import Language, language_of, now, opened, show, show_words
from kuraban.home import ownerfile, tomlfile
from kuraban.home import plan as plans
from kuraban.home.acts import TOKYO
from kuraban.home.config import Config
from kuraban.home.folder import Folder
from kuraban.home.ownerfile import ChangedError
from kuraban.home.plan import Market, Plan, Recurring, Trip, Withdrawal
from kuraban.home.problems import HomeError
from kuraban.home.tomledit import edited

T = TypeVar("T")
KINDS = ("quiet", "never", "trading", "settings", "recurring", "withdrawal", "trip")


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "自分だけが知っている予定を見て、変えます。予定のとおりなら尋ねません。\n"
        "Shows and changes what only you know. What is in the plan is not asked about.\n\n"
        "  kuraban home plan                                     見る / show\n"
        "  kuraban home plan today                               今日は自分で取引する / I trade today\n"
        "  kuraban home plan settings                            今日は設定を変える / I change settings today\n"
        "  kuraban home plan quiet 楽天                          動かないはずの口座 / an account that stays quiet\n"
        "  kuraban home plan never HK CN margin                  使わない市場・商品 / never used\n"
        "  kuraban home plan recurring 楽天 --day 1 --amount 30000 --instrument オルカン\n"
        "  kuraban home plan withdrawal 楽天 --most 200000 --day 15\n"
        "  kuraban home plan trip 2026-12-28 2027-01-05          旅行(取引しない)/ away, not trading\n"
        "  kuraban home plan remove recurring 1                  取り消す / take back"
    )
    parser.add_argument("what", nargs="?", default="show", choices=("show", "today", *KINDS, "remove"))
    parser.add_argument("values", nargs="*", metavar="VALUE")
    parser.add_argument("--day", type=int, help="毎月何日 / day of the month")
    parser.add_argument("--amount", type=float, help="1回の金額(円) / yen a time")
    parser.add_argument("--most", type=float, help="1回の上限(円) / at most, yen")
    parser.add_argument("--instrument", help="銘柄やファンドの名前 / code or name")
    parser.add_argument("--kind", choices=("fund", "stock"), default="fund")
    parser.add_argument("--trading", action="store_true", help="旅先でも取引する / trading on the way")


def run(given: argparse.Namespace) -> int:
    """Show, or change and save."""
    folder, config = opened()
    language = language_of(given, config)
    file = ownerfile.opened(folder.plan)
    plan = plans.load(folder.plan)
    if given.what != "show":
        changed = _changed(plan, given, config)
        text = edited(file.text or plans.HEAD, plans.edits(plan, changed))
        plan = plans.checked(tomlfile.parse(text, Plan, str(folder.plan)), str(folder.plan))
        try:
            ownerfile.save(folder, folder.plan, file.version, text)
        except ChangedError:
            raise HomeError.of(
                f"{folder.plan} がたったいま変わりました。もう一度どうぞ。",
                f"{folder.plan} was changed just now: try again",
            ) from None
        show_words("予定を保存しました。", "the plan is kept", language)
    _show(plan, folder, language)
    return 0


def _changed(plan: Plan, given: argparse.Namespace, config: Config) -> Plan:
    what, values = given.what, list(given.values)
    today = now().astimezone(TOKYO).date()
    replace = msgspec.structs.replace
    if what == "remove":
        return _removed(plan, values)
    if what in {"today", "trading"}:
        return replace(plan, trading=_with(plan.trading, [_date(v) for v in values] or [today]))
    if what == "settings":
        return replace(plan, settings=_with(plan.settings, [_date(v) for v in values] or [today]))
    if what == "never":
        wrong = [value for value in values if value not in get_args(Market)]
        if wrong or not values:
            words = " ".join(get_args(Market))
            raise HomeError.of(f"使えるのは {words} です。", f"choose from {words}")
        return replace(plan, never=_with(plan.never, values))
    if what == "trip":
        if len(values) != 2:
            raise HomeError.of("出発日と帰着日を書いてください。", "give the first and the last day")
        return replace(plan, trip=[*plan.trip, Trip(_date(values[0]), _date(values[1]), given.trading)])
    if not values:
        raise HomeError.of("口座の名前を書いてください。", "name the account")
    account = _account(values[0], config)
    if what == "quiet":
        return replace(plan, quiet=_with(plan.quiet, [account]))
    if what == "withdrawal":
        return replace(plan, withdrawal=[*plan.withdrawal, Withdrawal(account, given.most, given.day)])
    entry = Recurring(account, given.day, given.amount, given.instrument, given.kind)
    return replace(plan, recurring=[*plan.recurring, entry])


def _removed(plan: Plan, values: list[str]) -> Plan:
    if len(values) != 2 or values[0] not in KINDS:
        raise HomeError.of(
            f"例: kuraban home plan remove recurring 1 ({' '.join(KINDS)})",
            f"for example: kuraban home plan remove recurring 1 ({' '.join(KINDS)})",
        )
    items = list(getattr(plan, values[0]))
    at = next((i for i, item in enumerate(items) if str(item) == values[1] or str(i + 1) == values[1]), None)
    if at is None:
        raise HomeError.of(f"{values[0]} に「{values[1]}」はありません。", f"{values[0]} has no {values[1]}")
    return msgspec.structs.replace(plan, **{values[0]: items[:at] + items[at + 1 :]})


def _with(old: list[T], new: list[T]) -> list[T]:
    return list(dict.fromkeys([*old, *new]))


def _date(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise HomeError.of(
            f"日付「{value}」は 2026-04-01 の形で書いてください。", f"write the date {value} as 2026-04-01"
        ) from None


def _account(label: str, config: Config) -> str:
    """The account of this label; where accounts are configured, no other name is taken."""
    labels = [account.label for account in config.account]
    if labels and label not in labels:
        by_broker = next((account.label for account in config.account if account.broker == label), None)
        if by_broker is None:
            known = "、".join(labels)
            raise HomeError.of(
                f"口座「{label}」は設定にありません(ある口座: {known})。", f"no account {label}; known: {known}"
            )
        return by_broker
    return label


def _show(plan: Plan, folder: Folder, language: Language) -> None:
    text = plans.written(plan).strip()
    show(text or ("予定はまだありません。" if language == "ja" else "the plan is empty"))
    show(f"({folder.plan})")
