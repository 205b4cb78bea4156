"""What each number of a policy means, and what is wrong with a text that is no policy, in words."""

import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from kuraban.console.words import figure
from kuraban.core.policy import ACTIONS, KEYS, PolicyError, fallback
from kuraban.journal import store

Words = tuple[str, str]

SECTIONS: dict[str, Words] = {
    "prior": ("事前確率", "Before any evidence"),
    "cost": ("対応の費用(円)", "What an action costs (yen)"),
    "effect": ("対応の効き目(割合)", "What an action does (share)"),
    "loss": ("失われうる割合・額", "What can be lost"),
    "broker": ("証券会社", "The firm"),
}
MEANINGS: dict[tuple[str, str], Words] = {
    ("prior", "takeovers_per_account_day"): ("1口座・1日あたりの乗っ取り件数", "takeovers per funded account and day"),
    ("prior", "overcount"): (
        "証拠の重なりの補正。大きいほど疑いにくい",
        "how much overlapping evidence overstates; larger is slower to suspect",
    ),
    ("prior", "watch_factor"): (
        "最近乗っ取られた口座で、犯人が戻る見込みの倍率",
        "how many times likelier a thief is on an account taken over lately",
    ),
    ("prior", "watch_days"): ("その警戒が続く日数", "days over which that fades"),
    ("cost", "notify"): ("本人への通知1件", "a notice to the owner"),
    ("cost", "challenge"): ("本人に追加認証を求めること", "asking the real owner for a second factor"),
    ("cost", "hold"): ("本人の注文・出金を保留すること", "keeping back a real owner's order or payment"),
    ("cost", "lock"): ("本人の口座を止めること", "locking a real owner out"),
    ("cost", "case"): ("乗っ取り1件の調査対応", "working a real case"),
    ("effect", "notice_averts"): ("通知で防げる損失の割合", "share of the loss a notice averts"),
    ("effect", "challenge_passed_by_thieves"): (
        "追加認証を通過する犯人の割合",
        "share of thieves who pass a challenge",
    ),
    ("effect", "hold_leaves"): (
        "1件保留しても、他の操作で失われる割合",
        "share still lost by other acts when one is held",
    ),
    ("effect", "lock_leaves"): ("口座を止めても失われる割合", "share lost in spite of a lock"),
    ("loss", "holdings"): ("保有資産のうち損失になりうる割合", "share of the holdings that can be lost"),
    ("loss", "margin"): ("信用余力のうち損失になりうる割合", "share of the unused margin power"),
    ("loss", "purchase"): ("通常の買付のうち損失になりうる割合", "share of an ordinary purchase"),
    ("loss", "thin_purchase"): ("薄商い銘柄の買付のうち損失になりうる割合", "share of a purchase of a thin share"),
    ("loss", "unknown_exposure"): ("残高が不明な口座の想定額(円)", "for accounts whose holdings are unknown (yen)"),
}
_POWER = re.compile(r"(?<= )\d(?:\.\d+)?e[+-]\d+\b")  # how the core's messages write what is very large or small
_PREFIX = re.compile(r"^.*?/policy\.toml(: | is )")


class Line(NamedTuple):
    """One number of a policy. before: of the policy it is compared with; least, most: what is allowed."""

    section: str
    key: str
    meaning: Words
    value: float
    before: float
    least: float
    most: float

    @property
    def changed(self) -> bool:
        """Whether it differs."""
        return self.value != self.before


class Firm(NamedTuple):
    """What the firm can do and where its owners live. fallback: what it does where a decision is late."""

    actions: tuple[str, ...]
    country: str
    fallback: str


class Wrong(NamedTuple):
    """Why a text is no policy. line: of the text, from 1; None where the whole is meant."""

    line: int | None
    words: Words


def lines(policy: np.ndarray, before: np.ndarray | None = None) -> list[Line]:
    """Every number, beside those of another policy."""
    other = policy if before is None else before
    return [
        Line(section, key, MEANINGS[section, key], float(policy[0][field]), float(other[0][field]), least, most)
        for (section, key), (field, least, most) in KEYS.items()
    ]


def firm(policy: np.ndarray, text: str) -> Firm:
    """The firm's part of a policy. text: as TOML."""
    home = int(policy[0]["home"])
    named = [name for name, able in zip(ACTIONS, policy[0]["available"].tolist(), strict=True) if able]
    return Firm(tuple(named), chr(home >> 8) + chr(home & 0xFF), fallback(text))


def checked(text: str) -> np.ndarray | Wrong:
    """A text as a policy, or what is wrong with it."""
    try:
        return store.parsed(text)
    except PolicyError as error:
        return _wrong(text, str(error))


def _wrong(text: str, message: str) -> Wrong:
    words = _POWER.sub(lambda found: figure(float(found[0])), _PREFIX.sub("", message))
    for pattern, ja in _SAID:
        found = pattern.search(words)
        if found is not None:
            return Wrong(_line(text, found.groupdict()), (ja(found), words))
    return Wrong(None, (words, words))


def _line(text: str, said: dict[str, str]) -> int | None:
    """Where in the text: as TOML's own message says, else the line that sets the key in that section."""
    if said.get("line"):
        return int(said["line"])
    section = None
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            section = stripped.strip("[] ").partition("]")[0]
        name = re.split(r"[=\s.]", stripped, maxsplit=1)[0].strip("\"'")
        if name == said.get("key") and section == said.get("section"):
            return number
    return None


_SAID: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = (
    (
        re.compile(r"\[(?P<section>[^]]*)\] (?P<key>\S+) must be a number from (?P<least>\S+) to (?P<most>\S+)"),
        lambda m: f"[{m['section']}] {m['key']} は {m['least']} から {m['most']} までの数です",
    ),
    (
        re.compile(r"unknown key \[(?P<section>[^]]*)\] (?P<key>\S*); known here: (?P<known>.*)", re.DOTALL),
        lambda m: f"[{m['section']}] に {m['key']} という項目はありません。使えるのは {m['known']} です",
    ),
    (
        re.compile(r"\[(?P<section>broker)\] (?P<key>actions) must list"),
        lambda m: f"[broker] actions は {', '.join(ACTIONS)} の一部で、allow を含む一覧です",
    ),
    (
        re.compile(r"\[(?P<section>broker)\] (?P<key>fallback) must be"),
        lambda m: "[broker] fallback は actions に挙げた対応の一つです",
    ),
    (
        re.compile(r"\[(?P<section>broker)\] (?P<key>country) must be"),
        lambda m: '[broker] country は "JP" のような大文字2字です',
    ),
    (
        re.compile(r"`(?P<key>[^`]*)` stands outside a section; the sections are (?P<known>.*)"),
        lambda m: f"{m['key']} が節の外にあります。節は {m['known']} です",
    ),
    (
        re.compile(r"a TOML file: (?P<why>.*?)(?:\(at line (?P<line>\d+)|\(at end|$)", re.DOTALL),
        lambda m: f"TOML として読めません: {m['why'].strip()}",
    ),
)
