"""What is asked of everything that one signs in to: what it takes, what resets it, where its password is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kuraban.home.forms.choices import Many, One, named
from kuraban.home.forms.questions import ABSENT, Choice, Option, Question, Table
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


def account(kind: str, world: World, table: Table) -> list[Question]:
    """What is asked of everything that one signs in to, in this order: login, reset, password, devices, cuts."""
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


def _cannot(kind: str) -> Question:
    kinds = [cut for cut in _CANNOT if cut != "unlink" or kind == "broker"]
    return Many(
        "cannot",
        Words("できないと分かっている手当て", "What is known not to be possible"),
        Words("印を付けたものは「断ち切る」手順に出しません", "What is ticked is not proposed"),
        choices=tuple(Choice(cut, _CANNOT[cut]) for cut in kinds),
        folded=True,
    )
