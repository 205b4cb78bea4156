"""What is asked of each thing in `reach.toml`: a few plain questions, exactly those that its model has a place for."""

from kuraban.home.forms.accounts import KINDS, UNSURE, World, account
from kuraban.home.forms.choices import Many, One, named
from kuraban.home.forms.fields import Text, Yen
from kuraban.home.forms.questions import Choice, Question, Table
from kuraban.home.mail.brokers import BROKERS
from kuraban.home.model import Words

_NAMED = {
    "mailbox": Words("メールアドレスなど、自分が分かる呼び名", "The address, or a name of your own"),
    "phone": Words("「自分の携帯」など。番号は書かなくてよい", "Such as “my mobile”; the number itself is not needed"),
    "device": Words("「スマホ」「居間のパソコン」など", "Such as “my phone” or “the laptop”"),
    "broker": Words(
        "設定した呼び名と同じにすると、「もしもの時」の手順とつながります",
        "The same as in your settings, and the first hour's steps know of it",
    ),
    "bank": Words("「楽天銀行」など。口座番号は書かない", "Such as its own name; no account number"),
    "aggregator": Words("アプリの名前", "The app's name"),
}


def questions(kind: str, world: World, table: Table) -> list[Question]:
    """What is asked of a thing. table: as it is written now, empty for a new one."""
    own = table.get("name")
    taken = frozenset(world.names(*KINDS)) - {own}
    name = Text(
        "name", Words("呼び名", "What you call it"), _NAMED[kind], needed=Words("呼び名", "a name"), taken=taken
    )
    if kind == "device":
        return [name]
    if kind == "phone":
        return [name, _device(world)]
    if kind == "aggregator":
        return [name, _keeps(world, own), *account(kind, world, table)]
    if kind == "bank":
        return [name, _yen("いまの残高(円)", "What lies in it (yen)"), *account(kind, world, table)]
    if kind == "broker":
        return [name, _which(), _yen("いまの評価額(円)", "What it is worth now (yen)"), *_broker(world, table)]
    return [name, *account(kind, world, table)]


def _broker(world: World, table: Table) -> list[Question]:
    login, *rest = account("broker", world, table)
    return [login, rest[0], *_links(world), _margin(), *rest[1:]]


def _device(world: World) -> Question:
    return One(
        "device",
        Words("SMS(ショートメッセージ)は、どの端末に届きますか", "On which device do its text messages arrive?"),
        choices=named(world.names("device")),
        unsure=UNSURE,
    )


def _yen(ja: str, en: str) -> Question:
    return Yen(
        "yen",
        Words(ja, en),
        Words(
            "だいたいで十分です。「500万」とも書けます。空なら0円と数えます",
            "Roughly will do. Left empty it counts as 0",
        ),
    )


def _which() -> Question:
    return One(
        "broker",
        Words("どの証券会社ですか", "Which broker is it?"),
        Words("手順に、その会社のメニューの名前が出ます", "The steps then use its own names of menus"),
        choices=tuple(Choice(broker.key, broker.name) for broker in BROKERS),
        unsure=Words("ここにない・わからない", "None of these, or I don't know"),
    )


def _links(world: World) -> list[Question]:
    return [
        Many(
            "sweep",
            Words(
                "この証券会社の操作だけで、お金を引き出せる銀行はありますか",
                "From which banks can it pull money without the bank asking you again?",
            ),
            Words(
                "銀行とのあいだの自動入出金や即時入金(マネーブリッジ、ハイブリッド預金など)",
                "Links such as Money Bridge (Rakuten) or Hybrid deposits (SBI)",
            ),
            choices=named(world.names("bank")),
            unsure=UNSURE,
            more=Words("ここにない銀行", "A bank that is not listed"),
            adds="bank",
            taken=frozenset(world.names(*KINDS)),
        ),
        Yen(
            "sweep_limit",
            Words("引き出せる上限(円)", "At most how much (yen)"),
            Words("空なら、その銀行の全額と考えます", "Left empty: all that lies there"),
            folded=True,
        ),
    ]


def _margin() -> Question:
    return Yen(
        "margin",
        Words("信用取引などで、評価額のほかに失うおそれのある額(円)", "What more could be lost on margin (yen)"),
        Words("信用取引をしていなければ空のままで", "Leave it empty where you do not trade on margin"),
        folded=True,
    )


def _keeps(world: World, own: str | None) -> Question:
    names = [account["name"] for account in world.accounts() if account["name"] != own]
    return Many(
        "keeps",
        Words("パスワードを預けている口座", "Accounts whose passwords it stores"),
        Words("残高を見るだけの連携は含めません", "Links that only read do not count"),
        choices=named(names),
        unsure=UNSURE,
    )
