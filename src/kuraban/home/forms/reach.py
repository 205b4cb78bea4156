"""What is asked of each thing in `reach.toml`: a few plain questions, exactly those that its model has a place for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kuraban.home.forms.choices import Many, One, named
from kuraban.home.forms.questions import ABSENT, Choice, Option, Question, Table, Text, Yen
from kuraban.home.mail.brokers import BROKERS
from kuraban.home.model import Words

KINDS: dict[str, Words] = {
    "mailbox": Words("メールボックス", "Mailbox"),
    "phone": Words("電話番号", "Phone number"),
    "device": Words("端末(スマホ、パソコン)", "Device (phone, computer)"),
    "broker": Words("証券会社", "Broker"),
    "bank": Words("銀行", "Bank"),
    "aggregator": Words("家計簿アプリなど", "Household account book"),
}
UNSURE = Words("わからない", "I don't know")
NEW_GROUP = ("new",)
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
_CANNOT = {
    "passkey": Words("パスキーが用意されていない", "It offers no passkey"),
    "unique": Words("パスワードを変えられない", "The password cannot be changed"),
    "unsave": Words("端末からパスワードを消せない", "The password cannot be deleted from a device"),
    "signout": Words("ログインしたままをやめられない", "It cannot be signed out"),
    "separate": Words("再設定メールの宛先を変えられない", "Resets cannot go to another mailbox"),
    "reset_off": Words("SMSでの再設定を止められない", "Resets by SMS cannot be stopped"),
    "unkeep": Words("家計簿アプリへの登録を外せない", "It has to stay in the household account book"),
    "unlink": Words("銀行とのつながりをやめられない", "The bank link has to stay"),
}
ASKED_OF_ACCOUNTS = ("login", "reset_by", "saved_in", "signed_in")


@dataclass(frozen=True)
class World:
    """What the file says by now, for the choices. language: that of names which are made up here."""

    data: Mapping[str, Any]
    language: str = "ja"

    def tables(self, kind: str) -> list[Table]:
        """The tables of a kind."""
        return list(self.data.get(kind, ()))

    def names(self, *kinds: str) -> list[str]:
        """Names of things of these kinds, in the file's order."""
        return [table["name"] for kind in kinds for table in self.tables(kind)]

    def accounts(self) -> Iterator[Table]:
        """Everything that one signs in to."""
        for kind in ("mailbox", "broker", "bank", "aggregator"):
            yield from self.tables(kind)


@dataclass(frozen=True)
class _Login(One):
    """What signing in takes, and where the code comes to: one answer, so that they cannot contradict each other."""

    def held(self, table: Table) -> Any:
        login = table.get("login")
        return (login, table.get("code_to") if login in ("sms", "email", "app") else None) if login else None

    def unlisted(self, value: Any) -> Choice:
        words = " · ".join(str(part) for part in value if part)
        return Choice(value, Words(words, words))

    def written(self, value: Any) -> dict[str, Any]:
        login, code_to = value
        return {"login": login, "code_to": code_to or ABSENT}

    def absent(self) -> dict[str, Any]:
        return {"login": ABSENT, "code_to": ABSENT}


@dataclass(frozen=True)
class _Group(One):
    """With what it shares its password. The name of a new group is made here: nobody types a password by mistake."""

    fresh: str = ""

    def options(self, table: Table) -> list[Option]:
        found = super().options(table)
        return [*found[-1:], *found[:-1]]  # used nowhere else comes first

    def written(self, value: Any) -> dict[str, Any]:
        return {self.id: self.fresh if value is NEW_GROUP else value}


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
        return [name, _keeps(world, own), *_account(kind, world, table)]
    if kind == "bank":
        return [name, _yen("いまの残高(円)", "What lies in it (yen)"), *_account(kind, world, table)]
    if kind == "broker":
        return [name, _which(), _yen("いまの評価額(円)", "What it is worth now (yen)"), *_broker(world, table)]
    return [name, *_account(kind, world, table)]


def _broker(world: World, table: Table) -> list[Question]:
    login, *rest = _account("broker", world, table)
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


def _account(kind: str, world: World, table: Table) -> list[Question]:
    own = table.get("name")
    return [_login(world, own), _reset(world, own), _group(world, table), *_kept(world), _cannot(kind)]


def _login(world: World, own: str | None) -> Question:
    codes = [
        ("sms", "phone", "パスワードと、「{}」に届くSMSの番号", "The password and a code by SMS to “{}”"),
        ("email", "mailbox", "パスワードと、「{}」に届くメールの番号", "The password and a code by mail to “{}”"),
        ("app", "device", "パスワードと、「{}」の認証アプリの番号", "The password and a code of the app on “{}”"),
    ]
    choices = [Choice(("password", None), Words("パスワードだけ", "The password alone"))]
    for login, source, ja, en in codes:
        choices += [
            Choice((login, name), Words(ja.format(name), en.format(name)))
            for name in world.names(source)
            if name != own
        ]
    choices.append(
        Choice(
            ("passkey", None), Words("パスキーか電子証明書でだけ入れる", "A passkey or certificate, and nothing else")
        )
    )
    return _Login(
        "login",
        Words("ログインには何が要りますか", "What does signing in take?"),
        Words(
            "電話番号・メール・端末を先に一覧に足すと、ここに選択肢が増えます",
            "Phone numbers, mailboxes and devices you have listed can be chosen here",
        ),
        choices=tuple(choices),
        unsure=Words(
            "わからない(用心して「パスワードだけ」と考えます)", "I don't know (taken as the password alone, to be safe)"
        ),
    )


def _reset(world: World, own: str | None) -> Question:
    return Many(
        "reset_by",
        Words(
            "パスワードを忘れたとき、どれに届くメールやSMSがあれば決め直せますか",
            "If the password is forgotten, a message to which of these is enough to set a new one?",
        ),
        Words("ふつうは、通知が届くのと同じメールです", "Mostly the mailbox its notices come to"),
        choices=named(name for name in world.names("mailbox", "phone") if name != own),
        unsure=UNSURE,
        more=Words("ここにないメールボックス", "A mailbox that is not listed"),
        adds="mailbox",
        taken=frozenset(world.names(*KINDS)),
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


def _group(world: World, table: Table) -> Question:
    members: dict[str, list[str]] = {}
    for account in world.accounts():
        if group := account.get("password_group"):
            members.setdefault(group, []).append(account["name"])
    choices = []
    for group, names in members.items():
        others = [name for name in names if name != table.get("name")]
        ja = f"{'、'.join(f'「{one}」' for one in others)}と同じ(似た)もの" if others else "ほかの場所でも使っている"
        en = "The same as (or like) " + ", ".join(f"“{one}”" for one in others) if others else "Used elsewhere too"
        choices.append(Choice(group, Words(f"{ja}【{group}】", f"{en} [{group}]")))
    choices.append(
        Choice(NEW_GROUP, Words("上にない、ほかの場所でも使っている", "Used somewhere else that is not listed above"))
    )
    word = "使い回し" if world.language == "ja" else "shared "
    fresh = next(name for n in range(1, len(members) + 2) if (name := f"{word}{n}") not in members)
    return _Group(
        "password_group",
        Words(
            "同じ、または似たパスワードを、ほかでも使っていますか", "Is its password, or one like it, used elsewhere?"
        ),
        Words("パスワードそのものは、どこにも書きません", "The password itself is written nowhere"),
        choices=tuple(choices),
        unsure=Words("ここだけ・わからない", "Nowhere else, or I don't know"),
        fresh=fresh,
    )


def _kept(world: World) -> list[Question]:
    devices = named(world.names("device"))
    return [
        Many(
            "saved_in",
            Words("パスワードを覚えさせている端末", "Devices whose browser or app keeps the password"),
            choices=devices,
            unsure=UNSURE,
            more=Words("ここにない端末", "A device that is not listed"),
            adds="device",
            taken=frozenset(world.names(*KINDS)),
        ),
        Many(
            "signed_in",
            Words("ログインしたままで、開くだけで入れる端末", "Devices on which it opens without any check"),
            choices=devices,
            unsure=UNSURE,
            more=Words("ここにない端末", "A device that is not listed"),
            adds="device",
            taken=frozenset(world.names(*KINDS)),
        ),
    ]


def _keeps(world: World, own: str | None) -> Question:
    names = [account["name"] for account in world.accounts() if account["name"] != own]
    return Many(
        "keeps",
        Words("パスワードを預けている口座", "Accounts whose passwords it stores"),
        Words("残高を見るだけの連携は含めません", "Links that only read do not count"),
        choices=named(names),
        unsure=UNSURE,
    )


def _cannot(kind: str) -> Question:
    kinds = [cut for cut in _CANNOT if cut != "unlink" or kind == "broker"]
    return Many(
        "cannot",
        Words("できないと分かっている手当て", "What is known not to be possible"),
        Words("印を付けたものは「断ち切る」手順に出しません", "What is ticked is not proposed"),
        choices=tuple(Choice(cut, _CANNOT[cut]) for cut in kinds),
        folded=True,
    )
