"""What a group's members share, in words for a page: each kind with its values and how many members have them."""

from collections.abc import Callable
from typing import NamedTuple

from kuraban.console.desk import crowd
from kuraban.console.desk.crowd import Words
from kuraban.console.desk.study import Study
from kuraban.decisions import SETTING_WORDS
from kuraban.journal.live import Live

KINDS: dict[str, Words] = {
    "network": ("接続元ネットワーク", "Networks"),
    "address": ("IPアドレス", "Addresses"),
    "software": ("ブラウザー・アプリ", "Software"),
    "device": ("端末ID", "Devices"),
    "bought": ("買った銘柄", "Bought"),
    "sold": ("売った銘柄", "Sold"),
    "destination": ("出金先", "Payout accounts"),
    "setting": ("変更した設定", "Settings changed"),
    "hour": ("ログインの時間帯", "Hours of login"),
}


class Shared(NamedTuple):
    """One value. detail: more about it, both languages; members: how many have it."""

    words: Words
    detail: Words
    members: int


def shared(study: Study, live: Live) -> dict[str, list[Shared]]:
    """What at least two members share, by kind."""
    found: dict[str, list[Shared]] = {}
    for kind, value, members in study.common():
        words, detail = _WORDS.get(kind, _plain)(live, value)
        found.setdefault(kind, []).append(Shared(words, detail, members))
    return found


def _plain(live: Live, value: str) -> tuple[Words, Words]:
    return (value, value), ("", "")


def _network(live: Live, value: str) -> tuple[Words, Words]:
    asn, country, flags = map(int, value.split())
    where, sort = crowd.country(country), crowd.kinds(flags)
    ja = "、".join(filter(None, (where[0], sort[0])))
    en = ", ".join(filter(None, (where[1], sort[1])))
    return crowd.network(live, asn), (ja, en)


def _software(live: Live, value: str) -> tuple[Words, Words]:
    clients = live.replay.clients
    client = clients.describe(value)
    version = f" {client.version}" if client.version else ""
    words = f"{clients.browser_name(client.browser)}{version} / {clients.os_name(client.os)}"
    return (words, words), (value, value)


def _instrument(live: Live, value: str) -> tuple[Words, Words]:
    return crowd.instrument(live, value), ("", "")


def _setting(live: Live, value: str) -> tuple[Words, Words]:
    return SETTING_WORDS.get(value, (value, value)), ("", "")


def _hour(live: Live, value: str) -> tuple[Words, Words]:
    return (f"{value}時台", f"{value}:00–{value}:59"), ("", "")


_WORDS: dict[str, Callable[[Live, str], tuple[Words, Words]]] = {
    "network": _network,
    "software": _software,
    "bought": _instrument,
    "sold": _instrument,
    "setting": _setting,
    "hour": _hour,
}
