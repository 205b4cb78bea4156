"""What hangs on what, as rules: this falls as soon as all of those have fallen. Each rule knows what would undo it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kuraban.home.model import Words
from kuraban.home.reach.model import Account, Belongings, Broker

# Minutes that a step takes a person at a computer: this project's own estimates, for ranking only.
MINUTES = {
    "unlink": 10,
    "passkey": 10,
    "unique": 10,
    "unsave": 5,
    "signout": 5,
    "unkeep": 5,
    "separate": 40,
    "reset_off": 15,
}


@dataclass(frozen=True, slots=True)
class Cut:
    """One thing the owner can do. target: the account it is done to; other: what it is cut off from, if anything."""

    kind: str
    target: str
    other: str
    words: Words

    @property
    def id(self) -> str:
        """Stable while the names are."""
        return f"{self.kind}:{self.target}:{self.other}"

    @property
    def minutes(self) -> int:
        """About how long it takes."""
        return MINUTES[self.kind]


@dataclass(frozen=True, slots=True)
class Rule:
    """`head` falls when everything in `body` has. cuts: ids, any one of which undoes the rule. limit: yen, for money.

    What can fall is written `thing:<name>` (device, phone or account in a thief's hands), `password:<account>`,
    `group:<name>` (that password is known) and `money:<account>`.
    """

    head: str
    body: frozenset[str]
    words: Words
    cuts: tuple[str, ...] = ()
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Graph:
    """The rules and what belongs to them.

    uses: what can fall → positions of the rules that need it. cuts: by id. money: yen by `money:<account>`. starts:
    what may fall first → the cuts that make it unable to. immune: starts that cannot happen by a false page as it is.
    """

    rules: tuple[Rule, ...]
    uses: dict[str, list[int]]
    cuts: dict[str, Cut]
    money: dict[str, float]
    starts: dict[str, tuple[str, ...]]
    immune: frozenset[str]


def graph(mine: Belongings) -> Graph:
    """The rules of what the owner has. `problems(mine)` must be empty."""
    cuts: dict[str, Cut] = {}
    rules: list[Rule] = []
    for phone in mine.phone:
        if phone.device:
            words = Words(f"「{phone.device}」に届くSMSを読める", f"messages to it arrive on “{phone.device}”")
            rules.append(Rule(f"thing:{phone.name}", frozenset({f"thing:{phone.device}"}), words))
    for account in mine.accounts():
        rules += _password(account, mine, cuts)
        rules += _entry(account, mine, cuts)
    money = {f"money:{bank.name}": bank.yen for bank in mine.bank}
    money |= {f"money:{broker.name}": broker.yen + broker.margin for broker in mine.broker}
    own = Words("口座の中身を動かせる", "what is in it can be moved")
    rules += [Rule(head, frozenset({f"thing:{head.removeprefix('money:')}"}), own) for head in money]
    for broker in mine.broker:
        rules += _sweep(broker, cuts)
    immune = frozenset(f"thing:{account.name}" for account in mine.accounts() if account.login == "passkey")
    starts = _starts(mine, cuts)
    cannot = {account.name: frozenset(account.cannot) for account in mine.accounts()}
    cuts = {key: cut for key, cut in cuts.items() if cut.kind not in cannot[cut.target]}
    rules = [replace(rule, cuts=tuple(cut for cut in rule.cuts if cut in cuts)) for rule in rules]
    starts = {start: tuple(cut for cut in avoided if cut in cuts) for start, avoided in starts.items()}
    uses: dict[str, list[int]] = {}
    for at, rule in enumerate(rules):
        for needed in rule.body:
            uses.setdefault(needed, []).append(at)
    return Graph(tuple(rules), uses, cuts, money, starts, immune)


def _starts(mine: Belongings, cuts: dict[str, Cut]) -> dict[str, tuple[str, ...]]:
    groups = dict.fromkeys(a.password_group for a in mine.accounts() if a.password_group)
    starts: dict[str, tuple[str, ...]] = {f"thing:{thing.name}": () for thing in mine.things()}
    starts |= {f"group:{group}": () for group in groups}
    for account in mine.accounts():
        starts[f"thing:{account.name}"] = () if account.login == "passkey" else (_passkey(account, cuts),)
    return starts


def _cut(cuts: dict[str, Cut], kind: str, target: str, other: str, ja: str, en: str) -> str:
    cut = Cut(kind, target, other, Words(ja, en))
    cuts.setdefault(cut.id, cut)
    return cut.id


def _passkey(account: Account, cuts: dict[str, Cut]) -> str:
    return _cut(
        cuts,
        "passkey",
        account.name,
        "",
        f"「{account.name}」のログインをパスキーだけにする",
        f"sign in to “{account.name}” with a passkey only",
    )


def _password(account: Account, mine: Belongings, cuts: dict[str, Cut]) -> Iterator[Rule]:
    """Ways in which the account's password becomes known."""
    head, name = f"password:{account.name}", account.name
    if account.password_group:
        cut = _cut(
            cuts,
            "unique",
            name,
            account.password_group,
            f"「{name}」のパスワードを、ほかで使っていない長いものに変える",
            f"give “{name}” a long password used nowhere else",
        )
        words = Words("同じパスワードを使っている", "it has the same password")
        yield Rule(head, frozenset({f"group:{account.password_group}"}), words, (cut,))
    for device in account.saved_in:
        cut = _cut(
            cuts,
            "unsave",
            name,
            device,
            f"「{device}」のブラウザから「{name}」のパスワードを消す",
            f"delete the password of “{name}” from the browser on “{device}”",
        )
        words = Words(f"パスワードが「{device}」に保存されている", f"its password is saved on “{device}”")
        yield Rule(head, frozenset({f"thing:{device}"}), words, (cut,))
    for keeper in mine.aggregator:
        if name in keeper.keeps:
            cut = _cut(
                cuts,
                "unkeep",
                name,
                keeper.name,
                f"「{keeper.name}」から「{name}」の登録を外す",
                f"remove “{name}” from “{keeper.name}”",
            )
            words = Words(f"パスワードを「{keeper.name}」に預けている", f"“{keeper.name}” stores its password")
            yield Rule(head, frozenset({f"thing:{keeper.name}"}), words, (cut,))


_CODES = {
    "sms": Words("パスワードとSMSの番号がそろう", "its password and the code by SMS are known"),
    "email": Words("パスワードとメールの番号がそろう", "its password and the code by mail are known"),
    "app": Words("パスワードと認証アプリがそろう", "its password and the code of the app are known"),
}


def _entry(account: Account, mine: Belongings, cuts: dict[str, Cut]) -> Iterator[Rule]:
    """Ways into the account."""
    head, name = f"thing:{account.name}", account.name
    if account.login != "passkey":
        body = {f"password:{name}"} | ({f"thing:{account.code_to}"} if account.login in _CODES else set())
        words = _CODES.get(account.login, Words("パスワードだけで入れる", "the password alone opens it"))
        yield Rule(head, frozenset(body), words, (_passkey(account, cuts),))
    phones = {phone.name for phone in mine.phone}
    for by in account.reset_by:
        if by in phones:
            ja = f"「{name}」の再設定を「{by}」のSMSだけではできなくする"
            en, kind = f"stop resets of “{name}” by SMS to “{by}” alone", "reset_off"
        else:
            ja = f"「{name}」の再設定メールを、ほかに使わない専用のメールアドレスに変える"
            en, kind = f"let resets of “{name}” go to a mailbox used for nothing else, not to “{by}”", "separate"
        cut = _cut(cuts, kind, name, by, ja, en)
        words = Words(f"「{by}」でパスワードを再設定できる", f"its password can be reset through “{by}”")
        yield Rule(head, frozenset({f"thing:{by}"}), words, (cut,))
    for device in account.signed_in:
        cut = _cut(
            cuts,
            "signout",
            name,
            device,
            f"「{device}」で「{name}」からログアウトし、開くたびに認証を求めるようにする",
            f"sign out of “{name}” on “{device}” and let it ask each time",
        )
        words = Words(f"「{device}」でログインしたままになっている", f"it stays signed in on “{device}”")
        yield Rule(head, frozenset({f"thing:{device}"}), words, (cut,))


def _sweep(broker: Broker, cuts: dict[str, Cut]) -> Iterator[Rule]:
    for bank in broker.sweep:
        cut = _cut(
            cuts,
            "unlink",
            broker.name,
            bank,
            f"「{broker.name}」と「{bank}」の自動入出金をやめる",
            f"unlink “{bank}” from “{broker.name}”",
        )
        words = Words(f"「{broker.name}」から自動で引き出せる", f"“{broker.name}” can pull it in by itself")
        yield Rule(f"money:{bank}", frozenset({f"thing:{broker.name}"}), words, (cut,), broker.sweep_limit)
