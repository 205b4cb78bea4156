"""The simulator's output keeps the contract: fields, order, books, truth, reproducibility."""

import json
import os
import subprocess
import sys
from datetime import datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from kuraban import events
from kuraban.core import layout
from kuraban.sim import Summary, simulate
from kuraban.sim.networks import ABROAD, HOME, HOSTING, MOBILE, OFFICE, VPN
from kuraban.sim.output import FILES

Event = dict[str, Any]
GROUPS = {
    "client": {"ip", "user_agent", "device", "channel", "rtt_ms"},
    "auth": {"method"},
    "order": {"id", "instrument", "side", "kind", "quantity", "price", "notional", "margin", "recurring"},
    "cash": {"amount", "destination", "source"},
    "setting": {"name", "to"},
    "holdings": {"cash", "linked_cash", "margin_power", "positions"},
    "notice": {"kind", "channel"},
}
BLOCKS = [
    ip_network(block)
    for network in (*HOME, *MOBILE, *OFFICE, *HOSTING, *VPN, *ABROAD)
    for block in (*network.blocks, *network.blocks6)
]
TOP = {"id", "time", "account", "type", "session", "about"} | set(GROUPS)


def lines(path: Path) -> list[Event]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    out = tmp_path_factory.mktemp("world")
    return out, simulate(out, accounts=300, days=21, seed=5, attacks=14, world="locked")


def test_every_event_has_the_contracts_fields_and_words(small: tuple[Path, Summary]) -> None:
    for event in lines(small[0] / "events.jsonl"):
        assert set(event) <= TOP
        assert event["type"] in layout.TYPES
        for group, fields in GROUPS.items():
            assert set(event.get(group, {})) <= fields
        assert event.get("client", {}).get("channel", "web") in layout.CHANNELS
        assert event.get("auth", {}).get("method", "image") in layout.METHODS
        assert event.get("setting", {}).get("name", "lock") in layout.SETTINGS
        order = event.get("order", {"side": "buy", "kind": "stock", "quantity": 1, "notional": 1})
        assert order["side"] in layout.SIDES
        assert order["kind"] in layout.KINDS
        assert order["quantity"] > 0
        assert order["notional"] >= 0


def test_every_line_is_of_the_vocabulary_and_every_address_of_a_listed_network(small: tuple[Path, Summary]) -> None:
    for line in (small[0] / "events.jsonl").read_bytes().splitlines():
        event = events.decode(line)
        if event.client and event.client.ip:
            assert any(ip_address(event.client.ip) in block for block in BLOCKS)


def test_events_come_sorted_with_unique_ids_and_an_offset(small: tuple[Path, Summary]) -> None:
    found = lines(small[0] / "events.jsonl")
    times = [datetime.fromisoformat(e["time"]) for e in found]
    assert times == sorted(times)
    assert all(t.tzinfo is not None for t in times)
    assert len({e["id"] for e in found}) == len(found) == small[1].events


def test_truth_names_events_of_its_own_account(small: tuple[Path, Summary]) -> None:
    by_id = {e["id"]: e for e in lines(small[0] / "events.jsonl")}
    truth = lines(small[0] / "truth.jsonl")
    assert len(truth) == small[1].takeovers > 0
    for takeover in truth:
        assert set(takeover) == {"account", "family", "campaign", "events"}
        assert takeover["events"]
        assert {by_id[name]["account"] for name in takeover["events"]} == {takeover["account"]}


def test_books_never_show_negative_cash_and_agree_with_executions(small: tuple[Path, Summary]) -> None:
    placed: dict[str, float] = {}
    for event in lines(small[0] / "events.jsonl"):
        if event["type"] == "account.snapshot":
            assert event["holdings"]["cash"] >= 0
            assert all(p["value"] >= 0 for p in event["holdings"]["positions"])
        elif event["type"] == "order.placed" and event["order"]["kind"] == "stock":
            placed[event["order"]["id"]] = event["order"]["quantity"]
        elif event["type"] == "order.executed" and event["order"]["kind"] == "stock":
            placed[event["order"]["id"]] -= event["order"]["quantity"]
    assert all(left >= 0 for left in placed.values())


def test_the_same_arguments_give_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate(tmp_path / name, accounts=60, days=6, seed=seed, attacks=2)
    for file in FILES:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    assert (tmp_path / "a" / "events.jsonl").read_bytes() != (tmp_path / "c" / "events.jsonl").read_bytes()


def test_the_bytes_do_not_depend_on_the_hashing_of_one_process(tmp_path: Path) -> None:
    words = (
        "import sys; from kuraban.sim import simulate; simulate(sys.argv[1], accounts=60, days=6, seed=3, attacks=4)"
    )
    for salt in ("1", "2"):
        run = [sys.executable, "-c", words, str(tmp_path / salt)]
        subprocess.run(run, check=True, env={**os.environ, "PYTHONHASHSEED": salt})
    for file in FILES:
        assert (tmp_path / "1" / file).read_bytes() == (tmp_path / "2" / file).read_bytes()


def test_without_a_number_of_attacks_the_real_base_rate_decides(tmp_path: Path) -> None:
    summary = simulate(tmp_path, accounts=50, days=4, seed=1)
    assert not summary.enriched
    assert summary.takeovers == 0
    assert (tmp_path / "truth.jsonl").read_text() == ""
    assert simulate(tmp_path, accounts=200, days=8, seed=1, base_rate=2e-3).takeovers > 0


@pytest.mark.parametrize(
    "wrong", [{"accounts": 0}, {"days": 0}, {"seed": -1}, {"seed": 2**32}, {"attacks": -1}, {"world": "elsewhere"}]
)
def test_wrong_numbers_are_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        simulate(tmp_path, **{"accounts": 5, "days": 2, "seed": 1, **wrong})
