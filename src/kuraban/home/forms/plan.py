"""What is asked of each entry of `plan.toml`, and edits of its lists of days."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, get_args

from kuraban.home.config import Config
from kuraban.home.forms.choices import Many, One
from kuraban.home.forms.fields import Day, Text, Tick, Whole, Yen
from kuraban.home.forms.questions import Choice, Question, Table
from kuraban.home.mailstore import Heard
from kuraban.home.model import Words
from kuraban.home.plan import Market
from kuraban.home.tomledit import Edit, Set
from kuraban.home.wording import broker_name

TABLES: dict[str, Words] = {
    "recurring": Words("積立・定期の買付", "Standing purchase"),
    "withdrawal": Words("自分でする出金", "Withdrawal of your own"),
    "trip": Words("旅行・留守", "Trip"),
}
LISTS: dict[str, Words] = {
    "quiet": Words("動かないはずの口座", "Accounts that should stay quiet"),
    "never": Words("使わない市場・商品", "Markets and products you never use"),
}
DAYS: dict[str, Words] = {
    "trading": Words("自分で取引する日", "Days on which you trade yourself"),
    "settings": Words("自分で設定を変える日", "Days on which you change settings yourself"),
}
MARKETS: dict[str, Words] = {
    "JP": Words("日本株", "Japanese shares"),
    "US": Words("米国株", "US shares"),
    "HK": Words("香港株", "Hong Kong shares"),
    "CN": Words("中国株", "Chinese shares"),
    "KR": Words("韓国株", "Korean shares"),
    "fund": Words("投資信託", "Funds"),
    "bond": Words("債券", "Bonds"),
    "fx": Words("FX(外国為替)", "Foreign exchange (FX)"),
    "option": Words("オプション", "Options"),
    "future": Words("先物", "Futures"),
    "margin": Words("信用取引", "Margin trading"),
}
OTHER_ACCOUNT = Words("ほかの口座(呼び名)", "Another account (its name)")
ANY = Words("空ならいくらでも", "Left empty: any amount")


def accounts(data: Mapping[str, Any], config: Config, heard: Iterable[Heard]) -> tuple[Choice, ...]:
    """The owner's accounts, as findings name them: those set up, those that wrote to him, those in the plan."""
    labels = config.labels
    found = [Choice(account.label, Words(account.label, account.label)) for account in config.account]
    found += [
        Choice(one.broker, broker_name(one.broker, {})) for one in heard if one.newest and one.broker not in labels
    ]
    named = [entry["account"] for kind in ("recurring", "withdrawal") for entry in data.get(kind, ())]
    found += [Choice(name, Words(name, name)) for name in (*named, *data.get("quiet", ()))]
    return tuple({choice.value: choice for choice in reversed(found)}.values())[::-1]


def questions(table: str, known: tuple[Choice, ...]) -> list[Question]:
    """What is asked of an entry. known: the owner's accounts."""
    if table == "trip":
        return [
            Day("from", Words("出発の日", "The first day"), needed=True),
            Day("to", Words("帰る日", "The last day"), needed=True),
            Tick("trading", Words("旅先でも自分で取引する", "I trade on the way")),
        ]
    account = One("account", Words("口座", "Account"), choices=known, more=OTHER_ACCOUNT)
    day = Whole(
        "day",
        Words("毎月の日(1〜31)", "Day of the month (1–31)"),
        Words("空なら毎営業日", "Left empty: every business day")
        if table == "recurring"
        else Words("空ならいつでも", "Left empty: any day"),
    )
    if table == "withdrawal":
        return [account, _yen("most", "1回の上限(円)", "At most, each time (yen)"), day]
    return [
        account,
        One(
            "kind",
            Words("買うもの", "What is bought"),
            choices=(Choice("fund", Words("投資信託", "Funds")), Choice("stock", Words("株式", "Shares"))),
            default="fund",
        ),
        day,
        _yen("amount", "1回の金額(円)", "How much each time (yen)"),
        Text(
            "instrument",
            Words("銘柄やファンドの名前", "Its name or code"),
            Words("通知メールにある名前の一部で十分。空ならどれでも", "A part as its notices show it; left empty: any"),
            most=200,
        ),
        Day("until", Words("最後の日", "The last day"), Words("空ならずっと", "Left empty: without end")),
    ]


def _yen(key: str, ja: str, en: str) -> Question:
    return Yen(key, Words(ja, en), ANY, least=1.0)


def list_question(key: str, known: tuple[Choice, ...]) -> Question:
    """The question whose answer is one of the lists."""
    if key == "never":
        return Many(key, LISTS[key], choices=tuple(Choice(market, MARKETS[market]) for market in get_args(Market)))
    return Many(key, LISTS[key], choices=known, more=OTHER_ACCOUNT)


def with_day(data: Table, key: str, day: date) -> list[Edit]:
    """One more day in a list of days."""
    held = list(data.get(key, ()))
    return [] if day.isoformat() in map(str, held) else [Set(key, [*held, day])]


def without_day(data: Table, key: str, day: str) -> list[Edit]:
    """One day less. day: as it is written."""
    held = list(data.get(key, ()))
    return [Set(key, [one for one in held if str(one) != day])]
