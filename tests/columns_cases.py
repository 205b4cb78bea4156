"""What the tests of reading share: readers without slow reference data, files of events, equality of batches."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from kuraban.columns import Batch, Interner, Reader, joined
from kuraban.core.layout import EVENT
from kuraban.reference.networks import Networks

LOGIN: dict[str, Any] = {
    "id": "e1",
    "time": "2025-01-06T00:33:02.279+09:00",
    "account": "102436",
    "type": "login.succeeded",
    "session": "s-1",
    "client": {"ip": "126.159.33.187", "user_agent": "KabuApp/7.5.1 (iOS 18.5)", "device": "d3", "channel": "app"},
    "auth": {"method": "password"},
}
ORDER: dict[str, Any] = {
    "id": "e2",
    "time": "2025-01-06T09:00:00+09:00",
    "account": "102436",
    "type": "order.placed",
    "client": {"ip": "2001:db8::1", "channel": "web", "rtt_ms": 12.5},
    "order": {
        **{"id": "o1", "instrument": "7992.T", "side": "buy", "kind": "stock"},
        **{"quantity": 100, "price": 1234.5, "notional": 123450, "margin": False, "recurring": True},
    },
}
SNAPSHOT: dict[str, Any] = {
    "id": "e3",
    "time": "2025-01-06T03:00:00.5+09:00",
    "account": "口座-100001",
    "type": "account.snapshot",
    "holdings": {
        **{"cash": -5.25, "linked_cash": 0, "margin_power": 3},
        "positions": [{"instrument": "F00006", "value": 1169910}, {"value": -1}, {"instrument": ""}, {}],
    },
}
NOTICE: dict[str, Any] = {
    "id": "e4",
    "time": "2025-01-06T03:00:00Z",
    "account": "2",
    "type": "notice.sent",
    "about": ["e1", "e2"],
    "notice": {"kind": "weekly letter", "channel": "email"},
}
SETTING: dict[str, Any] = {
    "id": "e5",
    "time": "2025-01-06T03:00:01Z",
    "account": "3",
    "type": "setting.changed",
    "setting": {"name": "notice.login", "to": "off"},
}
CASH: dict[str, Any] = {
    "id": "e6",
    "time": "2025-01-06T03:00:02Z",
    "account": "3",
    "type": "withdrawal.requested",
    "cash": {"amount": 0.1, "destination": "みずほ-1", "source": "x"},
}
EVENTS = (LOGIN, ORDER, SNAPSHOT, NOTICE, SETTING, CASH)


class SomeClients:
    """Stands in for the real user-agent table, which is slow to load."""

    def describe(self, user_agent: str, /) -> Sequence[int]:
        return len(user_agent), 2, 3, 1, 0


class SomeInstruments:
    """Every market is nine hours east of Greenwich."""

    def __init__(self) -> None:
        self.interner = Interner()

    def ensure(self, count: int, /) -> None:
        pass

    def market_offsets(self, codes: Any, times: Any, /) -> Any:
        return ((times // 60_000_000 + 540) % 1440).astype(np.int16)


@lru_cache(maxsize=1)
def networks() -> Networks:
    return Networks.load()


def make_reader(**options: Any) -> Reader:
    return Reader(networks(), SomeClients(), SomeInstruments(), **options)


def raw_lines(lines: Iterable[bytes | dict[str, Any]]) -> bytes:
    raw = (line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() for line in lines)
    return b"".join(line + b"\n" for line in raw)


def written(folder: Path, lines: Iterable[bytes | dict[str, Any]], name: str = "events.jsonl") -> Path:
    path = folder / name
    path.write_bytes(raw_lines(lines))
    return path


def everything(reader: Reader, *paths: Path) -> Batch:
    return joined([*reader.read(paths), *reader.flush()])


def same(a: Batch, b: Batch) -> None:
    """Equal in everything that an event is, with NaN equal to NaN."""
    assert len(a) == len(b)
    for name in EVENT.names or ():
        if name not in ("seq", "positions_at", "about_at"):
            np.testing.assert_array_equal(a.rows[name], b.rows[name], err_msg=name)
    np.testing.assert_array_equal(a.positions["value"], b.positions["value"])
    np.testing.assert_array_equal(a.positions["instrument"], b.positions["instrument"])
    np.testing.assert_array_equal(a.about, b.about)
    assert [a.id(i) for i in range(len(a))] == [b.id(i) for i in range(len(b))]
    assert [a.time(i) for i in range(len(a))] == [b.time(i) for i in range(len(b))]
