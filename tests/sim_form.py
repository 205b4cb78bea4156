"""Form-only views of events: what can be seen of an event without knowing what it means.

Ids, digits, roundings, gaps between events as far as they are round, presence and order of fields, lengths of strings.
What an act says about its author (which network, which share, how much, how fast) is left out on purpose: the engine
may use that. Nothing here should tell a thief's event from an owner's.
"""

import ipaddress
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

Event = dict[str, Any]
TICKS = ((3000, 1), (5000, 5), (30_000, 10), (50_000, 50), (300_000, 100), (10**9, 1000))
CASH = ("cash.swept", "withdrawal.requested", "withdrawal.paid")


class Seen(NamedTuple):
    """One event, whose it is, and what its form shows."""

    kind: str
    group: str  # campaign of a thief, account of an owner: what must not be on both sides of a split
    thief: bool
    form: dict[str, float]


def zeros(number: int) -> int:
    """Trailing zeros of a number."""
    text = str(abs(number))
    return len(text) - len(text.rstrip("0")) if number else 0


def read(world: Path) -> Iterator[Seen]:
    """Every event of a world that a thief could have made, as its form."""
    campaigns = {}
    for line in (world / "truth.jsonl").read_text(encoding="utf-8").splitlines():
        takeover = json.loads(line)
        campaigns.update(dict.fromkeys(takeover["events"], takeover["campaign"]))
    last: dict[str, int] = defaultdict(int)
    previous = ""
    with (world / "events.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            if _comparable(event):
                thief = event["id"] in campaigns
                form = _form(event, last[event["account"]], previous)
                yield Seen(_kind(event), f"{world.name}/{campaigns.get(event['id'], event['account'])}", thief, form)
            previous = event["id"]
            last[event["account"]] = _milliseconds(event["time"])


def _comparable(event: Event) -> bool:
    """Left out, of owners and thieves alike, is what speaks of itself.

    That is what a batch, a program or the call centre sends, and orders by people who buy little or far away: only
    a thousand Tokyo shares and more show how somebody rounds.
    """
    order = event.get("order")
    if order and (not order["instrument"].endswith(".T") or order["quantity"] < 1000):
        return False
    if event["type"] == "cash.swept" and "session" not in event:
        return False
    return event.get("client", {}).get("channel", "web") in ("web", "app")


def _kind(event: Event) -> str:
    """What events are compared with each other: a type, for settings also which one and which way a switch goes."""
    setting = event.get("setting")
    if not setting:
        return str(event["type"])
    way = f" {setting['to']}" if setting["to"] in ("on", "off") else ""
    return f"{event['type']} {setting['name']}{way}"


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _form(event: Event, last: int, previous: str) -> dict[str, float]:
    now = _milliseconds(event["time"])
    gap = now - last
    session = event.get("session", "")
    form: dict[str, float] = {
        "id first": int(event["id"][:2], 16), "id last": int(event["id"][-2:], 16), "id length": len(event["id"]),
        "id rises": event["id"] > previous, "ms": now % 1000, "ms last": now % 10,
        "gap ms": gap % 1000, "gap round second": gap % 1000 == 0, "gap round minute": gap % 60_000 == 0,
        "gap none": gap == 0, "gap last": gap % 10, "time length": len(event["time"]), "fields": len(event),
        "keys": _hash(",".join(event)), "session length": len(session), "session first": _hex(session),
    }  # fmt: skip
    if event["type"] != "order.executed":  # what waits for the opening bell executes in its first seconds
        form["second"] = now // 1000 % 60
    for part in (_client, _order, _cash, _setting):
        form.update(part(event))
    return form


def _hash(text: str) -> float:
    return float(sum((at + 1) * ord(character) for at, character in enumerate(text)) % 9973)


def _hex(text: str) -> float:
    return float(int(text[:2], 16)) if text else -1.0


def _client(event: Event) -> dict[str, float]:
    client = event.get("client", {})
    if not client.get("ip"):
        return {}
    address = ipaddress.ip_address(client["ip"])
    return {
        "ip last": int(address) & 255, "ip last of 16": int(address) & 15,
        "device length": len(client.get("device", "")),
        "device first": _hex(client.get("device", "")), "client keys": _hash(",".join(client)),
        "rtt last": client.get("rtt_ms", -1) % 10, "agent ends": _hash(client["user_agent"][-4:]) % 7 > 3,
    }  # fmt: skip


def _order(event: Event) -> dict[str, float]:
    order = event.get("order")
    if not order:
        return {}
    keys = ",".join(key for key in order if key != "margin")
    form: dict[str, float] = {
        "order id": _hex(order["id"]), "order id length": len(order["id"]), "order keys": _hash(keys),
        "notional last": order["notional"] % 10,
    }  # fmt: skip
    lots = order["quantity"] // 100
    form |= {
        "odd lot": order["quantity"] % 100 != 0,
        "lots last": lots % 10,
        "lots round": zeros(lots) == len(str(lots)) - 1,
    }
    if "price" in order:
        tick = next(step for top, step in TICKS if order["price"] <= top)
        form |= {"off tick": order["price"] % tick != 0, "price last": order["price"] // tick % 10}
        form["price written whole"] = isinstance(order["price"], int)
    return form


def _cash(event: Event) -> dict[str, float]:
    cash = event.get("cash")
    if not cash or event["type"] not in CASH:
        return {}
    amount = cash["amount"]
    form: dict[str, float] = {"cash keys": _hash(",".join(cash)), "amount last": amount % 10}
    form |= {"to thousand": amount % 1000 == 0, "to ten thousand": amount % 10_000 == 0}
    if "destination" in cash:
        form |= {"destination length": len(cash["destination"]), "destination last": int(cash["destination"][-1])}
        form["bank"] = int(cash["destination"][:4])
    form["source"] = _hash(cash.get("source", ""))
    return form


def _setting(event: Event) -> dict[str, float]:
    to = event.get("setting", {}).get("to")
    return {} if to is None else {"to length": len(to), "to": _hash("".join("9" if c.isdigit() else c for c in to))}
