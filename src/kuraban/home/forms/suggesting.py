"""What an owner probably has, from his settings and the brokers that wrote to him: names to begin `reach.toml` with."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from kuraban.home.config import Config
from kuraban.home.hardening.owned import THIS_DEVICE
from kuraban.home.mailstore import Heard
from kuraban.home.model import Words
from kuraban.home.wording import broker_name

MAX_NAME = 64


class Suggested(NamedTuple):
    """A thing that is not listed yet. table: as it would be written; why: how it is known; was: the name under which
    steps were ticked off so far, where that is another."""

    kind: str
    table: Mapping[str, Any]
    why: Words
    was: str | None = None


SET_UP = Words("設定から", "from your settings")
WROTE = Words("届いたメールから", "from your mails")
USUAL = Words("ふつう持っているもの", "most people have one")


def suggested(data: Mapping[str, Any], config: Config, heard: Iterable[Heard], language: str) -> list[Suggested]:
    """In the order in which they are best described: what others hang on comes first."""
    listed = {table["name"] for kind in data.values() for table in kind}
    brokers = {table.get("broker") for table in data.get("broker", ())}
    found = [*_usual(data, language), *_mailboxes(config)]
    accounts = [(account.broker, account.label, SET_UP) for account in config.account]
    known = {account.broker for account in config.account}
    for one in heard:
        if one.newest is not None and one.broker not in known:
            words = broker_name(one.broker, {})
            accounts.append((one.broker, words.ja if language == "ja" else words.en, WROTE))
    found += [
        Suggested("broker", {"name": label, "broker": broker}, why)
        for broker, label, why in accounts
        if broker not in brokers
    ]
    unique = {one.table["name"]: one for one in reversed(found)}
    return [one for one in found if one.table["name"] not in listed and unique[one.table["name"]] is one]


def _usual(data: Mapping[str, Any], language: str) -> list[Suggested]:
    japanese = language == "ja"
    found = []
    if not data.get("device"):
        found.append(Suggested("device", {"name": "このパソコン" if japanese else "this computer"}, USUAL, THIS_DEVICE))
        found.append(Suggested("device", {"name": "スマホ" if japanese else "my phone"}, USUAL))
    if not data.get("phone"):
        found.append(Suggested("phone", {"name": "携帯番号" if japanese else "my number"}, USUAL))
    return found


def _mailboxes(config: Config) -> list[Suggested]:
    found = []
    for box in config.mailbox:
        name = box.user if box.user and "@" in box.user and len(box.user) <= MAX_NAME else box.name
        found.append(Suggested("mailbox", {"name": name}, SET_UP, box.name if box.name != name else None))
    return found
