"""What the engine has learned of an account, in names: networks, software, devices, hours, pace, what it trades.

The engine remembers most things as hashes, to recognise them again; what cannot be named from that is named where one
of the account's newest events shows it, and otherwise only said to be known. Weights are recent uses: each counts half
after 120 days.
"""

import math
from dataclasses import dataclass
from typing import Any

from kuraban.columns.hashing import hash_text
from kuraban.console.desk import addresses
from kuraban.console.desk.provenance import Provenance, Seen
from kuraban.core.profile import HOUR_BINS
from kuraban.decisions import NETWORK_WORDS
from kuraban.journal.live import Live
from kuraban.reference.countries import country_letters
from kuraban.reference.instruments import market_name

_LOW_32 = 0xFFFF_FFFF
_LEAST = 0.05  # recent uses below which a thing counts as forgotten
_UNKNOWN_ASN = 2**31
_MINUTE = 60_000_000

GAPS = (
    ("10秒未満", "under 10 s"),
    ("30秒未満", "under 30 s"),
    ("2分未満", "under 2 min"),
    ("10分未満", "under 10 min"),
    ("1時間未満", "under 1 h"),
    ("1時間以上", "1 h or more"),
)
KIND_WORDS = (
    ("種類不明", "kind unknown"),
    ("株式", "shares"),
    ("投資信託", "funds"),
    ("債券", "bonds"),
    ("FX", "FX"),
    ("オプション", "options"),
    ("先物", "futures"),
)

MARKET_WORDS = {
    "XTKS": ("東証", "Tokyo (TSE)"),
    "XNYS": ("ニューヨーク(NYSE)", "New York (NYSE)"),
    "XNAS": ("ナスダック(NASDAQ)", "NASDAQ"),
    "XHKG": ("香港", "Hong Kong"),
    "XSHG": ("上海", "Shanghai"),
    "XLON": ("ロンドン", "London"),
}


@dataclass(frozen=True)
class Use:
    """Something the account uses. name: None where it is only recognised. weight: recent uses. since: µs, or None.
    seen: what the newest events tell of it, None where they do not show it."""

    name: str | None
    weight: float
    detail: tuple[str, str] = ("", "")
    since: int | None = None
    seen: Seen | None = None


@dataclass(frozen=True)
class Portrait:
    """An account's habits. hours: weekday and weekend, each in three-hour bins. pace, kinds, markets: ((ja, en), share)
    of those that are more than nothing. rates: recent counts by name."""

    systems: list[Use]
    addresses: list[Use]
    clients: list[Use]
    devices: list[Use]
    holdings: list[tuple[str, tuple[str, str], float, float]]
    hours: list[list[float]]
    pace: list[tuple[tuple[str, str], float]]
    kinds: list[tuple[tuple[str, str], float]]
    markets: list[tuple[tuple[str, str], float]]
    rates: dict[str, float]
    typical_buy: float | None
    machine: str | None


def portrait(live: Live, profile: Any, told: Provenance) -> Portrait:
    """profile: a copy of the account's row. told: what its newest events say, which show names that the row has only
    hashes of."""
    ips = addresses.names(told.addresses)
    agents = {hash_text(agent) & _LOW_32: agent for agent in told.agents}
    devices = {hash_text(device) & _LOW_32: device for device in told.devices}
    hours = profile["hours"].astype(float).tolist()
    half = HOUR_BINS // 2
    return Portrait(
        systems=_heaviest(_system(live, slot, told) for slot in profile["system"]),
        addresses=_heaviest(_address(slot, ips, told) for slot in profile["leaf"]),
        clients=_heaviest(_client(live, slot, agents, told) for slot in profile["client"]),
        devices=_heaviest(_device(slot, devices, told) for slot in profile["device"]),
        holdings=_holdings(live, profile),
        hours=[hours[:half], hours[half:]],
        pace=_shares(zip(GAPS, profile["gaps"].tolist(), strict=True)),
        kinds=_shares(zip(KIND_WORDS, profile["kinds"].tolist(), strict=True)),
        markets=_shares((_market(code), weight) for code, weight in enumerate(profile["markets"].tolist())),
        rates={name: float(profile[name]) for name in _RATES},
        typical_buy=math.exp(float(profile["size_mean"])) if profile["buys"] >= 1 else None,
        machine=_organisation(live, int(profile["machine_asn"])) if profile["machine_logins"] >= 1 else None,
    )


_RATES = (
    *("logins", "challenged", "strong", "buys", "sells", "novel_buys", "margins", "off_hours", "order_days"),
    *("liquidations", "sweeps", "withdrawals", "machine_logins"),
)


def _heaviest(uses: Any) -> list[Use]:
    return sorted((use for use in uses if use.weight >= _LEAST), key=lambda use: -use.weight)


def _system(live: Live, slot: Any, told: Provenance) -> Use:
    asn = int(slot["asn"])
    words = _country(int(slot["country"]))
    return Use(_organisation(live, asn), float(slot["weight"]), words, seen=told.systems.get(asn))


def _address(slot: Any, ips: dict[int, str], told: Provenance) -> Use:
    name = ips.get(int(slot["ip"]))
    return Use(name, float(slot["weight"]), seen=told.addresses.get(name or ""))


def _organisation(live: Live, asn: int) -> str | None:
    if not 0 < asn < _UNKNOWN_ASN:
        return None
    return f"AS{asn} {live.replay.networks.organisation(asn) or ''}".strip()


def _country(code: int) -> tuple[str, str]:
    letters = country_letters(code)
    return (letters, letters) if letters else ("国不明", "country unknown")


def _client(live: Live, slot: Any, agents: dict[int, str], told: Provenance) -> Use:
    clients = live.replay.clients
    family = f"{clients.browser_name(int(slot['browser']))} / {clients.os_name(int(slot['os']))}"
    agent = agents.get(int(slot["ua"]), "")
    return Use(family, float(slot["weight"]), (agent, agent), seen=told.agents.get(agent))


def _device(slot: Any, devices: dict[int, str], told: Provenance) -> Use:
    name, since = devices.get(int(slot["id"])), int(slot["first"]) * _MINUTE
    return Use(name, float(slot["weight"]), since=since or None, seen=told.devices.get(name or ""))


def _market(code: int) -> tuple[str, str]:
    if code == 0:
        return "市場不明", "market unknown"
    name = market_name(code) if code < 7 else None
    return MARKET_WORDS.get(name, (name, name)) if name else ("その他の市場", "other markets")


def _shares(found: Any) -> list[tuple[tuple[str, str], float]]:
    """Parts of a whole, largest first; none where nothing was seen."""
    known = [(words, float(weight)) for words, weight in found if weight >= _LEAST]
    total = sum(weight for _, weight in known)
    return sorted(((words, weight / total) for words, weight in known), key=lambda each: -each[1])


def _holdings(live: Live, profile: Any) -> list[tuple[str, tuple[str, str], float, float]]:
    """(symbol, its names, value held, recent buys), most valuable first."""
    found = []
    for slot in profile["holding"]:
        code, value, weight = int(slot["instrument"]) - 1, float(slot["value"]), float(slot["weight"])
        if code >= 0 and (value > 0 or weight >= _LEAST):
            names = live.replay.instruments.names(code)
            found.append((live.replay.instruments.interner.name(code), names, value, weight))
    return sorted(found, key=lambda each: (-each[2], -each[3]))


def net_flags(flags: int) -> tuple[str, str]:
    """What kind of network an address belongs to, in words; "" for an ordinary one."""
    words = [(ja, en) for flag, ja, en in NETWORK_WORDS if flags & flag]
    return "、".join(ja for ja, _ in words), ", ".join(en for _, en in words)
