"""The same events give the same decisions, bit for bit, however they are cut, kept on disk, or run."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numba
import numpy as np
import pytest
from numpy.typing import NDArray

from engine_stories import (
    HOME_PC,
    JAPANESE_PROXY,
    LARGE,
    PORTFOLIO,
    SHANGHAI,
    THIN,
    Event,
    at,
    event,
    snapshot,
    trader,
    visit,
    world,
)
from kuraban import events
from kuraban.columns import Batch
from kuraban.core.jit import interpreted
from kuraban.replay import CORE, Replay
from kuraban.snapshot import SnapshotError

typeof: Any = numba.typeof

MAIN = "import test_engine_invariants as t, sys; t.main(*sys.argv[1:])"


def awkward() -> list[Event]:
    """What a simulated world seldom has: thefts, feedback, unknown books, nothing filled in."""
    told = trader("a", days=30)
    thief = visit("a", JAPANESE_PROXY)
    crime = [thief.login(at(0, "12:05"))]
    crime += [thief.sells(at(0, f"12:{6 + n:02d}"), name, yen) for n, (name, yen) in enumerate(PORTFOLIO.items())]
    crime += [thief.buys(at(0, f"12:{20 + n}"), name, 1_000_000) for n, name in enumerate(THIN[:3])]
    told += [*crime, event("a", at(0, "13:00"), "owner.denied", about=[crime[0]["id"]])]
    told += [event("a", at(0, "13:10"), "credentials.reset"), visit("a").login(at(0, "13:20"))]
    unknown = visit("b", SHANGHAI)
    told += [unknown.login(at(1)), unknown.sweeps(at(1, "10:01"), 5e5), unknown.withdraws(at(1, "10:02"), 5e5)]
    told += [unknown.does(at(1, "10:03"), kind) for kind in ("order.placed", "cash.swept", "withdrawal.requested")]
    told += [visit(f"s{n}", SHANGHAI).does(at(1, "11:00"), "login.failed") for n in range(25)]
    told += [visit("c", SHANGHAI).login(at(1, "11:01")), visit("d", None).login(at(1, "11:02"))]
    told += [snapshot("d", at(1, "11:03"), {LARGE[0]: -5.0}, -100.0), visit("d", HOME_PC).changes(at(2), "mfa", "off")]
    told += [event("d", at(0), kind) for kind in events.schema()["$defs"]["Event"]["properties"]["type"]["enum"]]
    return told


def write(folder: Path, accounts: int, days: int, attacks: int) -> tuple[Path, Path]:
    """A stream with everything in it, in the order of time, and its instruments."""
    folder.mkdir(exist_ok=True)
    stream, table = world(folder, accounts, days, attacks)
    lines = stream.read_bytes().splitlines() + [msgspec.json.encode(each) for each in awkward()]
    lines.sort(key=lambda line: events.microseconds(msgspec.json.decode(line)["time"]))
    stream.write_bytes(b"\n".join(lines) + b"\n")
    return stream, table


@pytest.fixture(scope="module")
def stream(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write(tmp_path_factory.mktemp("stream") / "w", 150, 20, 12)


@cache
def decoded(stream: Path) -> list[events.Event]:
    return [events.decode(line) for line in stream.read_bytes().splitlines()]


def batches(replay: Replay, found: list[events.Event], size: int) -> Iterator[Batch]:
    for start in range(0, len(found), size):
        yield replay.reader.event_rows(found[start : start + size])


def told_in_hand(stream: Path, table: Path, size: int) -> tuple[bytes, dict[str, str]]:
    """Every decision, and a digest of each array of the state, with the events in hand in batches of one size."""
    replay = Replay(instruments=table)
    out = b"".join(
        b"".join(replay.lines(batch, replay.decide(batch), everything=True))
        for batch in batches(replay, decoded(stream), size)
    )
    return out, digests(replay)


def told_from_file(replay: Replay, stream: Path, *, flush: bool = True) -> bytes:
    parts = [
        b"".join(replay.lines(batch, found, everything=True)) for batch, found in replay.read([stream], flush=flush)
    ]
    return b"".join(parts)


def packed(array: NDArray[Any]) -> bytes:
    """The values of an array, without the padding between its fields, which may hold anything."""
    if array.dtype.names is None:
        return np.ascontiguousarray(array).tobytes()
    return b"".join(packed(array[name]) for name in array.dtype.names)


def digests(replay: Replay) -> dict[str, str]:
    """What the engine knows, without the room it has for more."""
    accounts, instruments = len(replay.reader.accounts), len(replay.instruments.interner)
    replay.state.ensure(accounts, instruments)
    state = replay.state
    arrays = {
        "profiles": state.profiles[:accounts],
        "crowds": state.crowds[:instruments],
        "networks": state.networks,
        "population": state.population,
    }
    return {name: hashlib.blake2b(packed(a)).hexdigest() for name, a in arrays.items()}


def test_the_size_of_batches_changes_nothing(stream: tuple[Path, Path]) -> None:
    whole = told_in_hand(*stream, 10**9)
    assert whole[0].count(b"\n") > 1_000
    assert b'"event":null' in whole[0]
    for size in (1_000, 7, 1):
        assert told_in_hand(*stream, size) == whole, size


def test_the_size_of_batches_read_from_a_file_changes_nothing(stream: tuple[Path, Path]) -> None:
    found = set()
    for rows in (1, 7, 1_000, 65_536):
        replay = Replay(instruments=stream[1], batch_rows=rows)
        found.add((told_from_file(replay, stream[0]), str(digests(replay))))
    assert len(found) == 1


def test_deciding_twice_from_the_same_state_gives_the_same_and_changes_nothing_else(stream: tuple[Path, Path]) -> None:
    once, again = Replay(instruments=stream[1]), Replay(instruments=stream[1])
    (batch,) = batches(once, decoded(stream[0]), 10**9)
    (other,) = batches(again, decoded(stream[0]), 10**9)
    before = batch.rows.copy(), batch.positions.copy(), batch.about.copy(), once.policy.copy()
    first, second = once.decide(batch), again.decide(other)
    assert packed(first) == packed(second)
    assert digests(once) == digests(again)
    for kept, now in zip(before, (batch.rows, batch.positions, batch.about, once.policy), strict=True):
        assert packed(kept) == packed(now)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.77])
def test_two_halves_with_a_saved_state_between_give_the_bytes_of_the_whole(
    stream: tuple[Path, Path], tmp_path: Path, share: float
) -> None:
    lines = stream[0].read_bytes().splitlines(keepends=True)
    cut = int(share * len(lines))
    first, second, state = tmp_path / "1.jsonl", tmp_path / "2.jsonl", tmp_path / "state"
    first.write_bytes(b"".join(lines[:cut]))
    second.write_bytes(b"".join(lines[cut:]))

    whole = Replay(instruments=stream[1])
    expected = told_from_file(whole, stream[0])
    before = Replay(instruments=stream[1])
    found = told_from_file(before, first, flush=False)
    before.save(state)
    after = Replay(instruments=stream[1])
    after.load(state)
    found += told_from_file(after, second)
    assert found == expected
    assert digests(after) == digests(whole)


def test_a_loaded_state_is_decided_on_by_the_code_that_is_compiled_already(tmp_path: Path) -> None:
    def types(replay: Replay) -> list[Any]:
        return [typeof(getattr(replay.state, name)) for name in CORE]

    Replay().save(tmp_path / "state")
    replay = Replay()
    fresh = types(replay)
    replay.load(tmp_path / "state")
    assert types(replay) == fresh


def test_new_accounts_after_a_saved_state_do_not_make_the_old_ones_move(
    stream: tuple[Path, Path], tmp_path: Path
) -> None:
    before, after = Replay(), Replay()
    told_from_file(before, stream[0])
    before.save(tmp_path / "state")
    after.load(tmp_path / "state")
    table, known = after.state.profiles, len(after.reader.accounts)
    login = {"id": "new", "time": "2026-04-07T10:00:00+09:00", "account": "a new one", "type": "login.succeeded"}
    (tmp_path / "1.jsonl").write_bytes(msgspec.json.encode(login))
    told_from_file(after, tmp_path / "1.jsonl")
    assert len(after.reader.accounts) == known + 1
    assert after.state.profiles is table


def test_software_met_before_a_saved_state_is_called_by_its_name_after_it(tmp_path: Path) -> None:
    client = {"ip": "126.159.33.187", "user_agent": "KabuApp/7.5 (iOS 18.5)"}
    login = {
        "id": "e",
        "time": "2025-04-07T10:00:00+09:00",
        "account": "a",
        "type": "login.succeeded",
        "client": client,
    }
    (tmp_path / "1.jsonl").write_bytes(msgspec.json.encode(login))
    before, after = Replay(lateness_s=0), Replay(lateness_s=0)
    told_from_file(before, tmp_path / "1.jsonl")
    before.save(tmp_path / "state")
    after.load(tmp_path / "state")
    code = int(after.state.profiles[0]["session"]["browser"].max())
    assert after.clients.browser_name(code) == "KabuApp"


def test_a_saved_state_goes_on_with_instruments_in_another_order_and_with_new_listings(
    stream: tuple[Path, Path], tmp_path: Path
) -> None:
    lines = stream[0].read_bytes().splitlines(keepends=True)
    first, second, state, table = (tmp_path / name for name in ("1.jsonl", "2.jsonl", "state", "new.csv"))
    first.write_bytes(b"".join(lines[: len(lines) // 2]))
    second.write_bytes(b"".join(lines[len(lines) // 2 :]))
    head, *rows = stream[1].read_text(encoding="utf-8").splitlines(keepends=True)
    new = ",".join("9998.T" if name == "instrument" else "" for name in head.strip().split(","))
    table.write_text("".join([head, f"{new}\n", *reversed(rows)]), encoding="utf-8")

    before = Replay(instruments=stream[1])
    told_from_file(before, first, flush=False)
    before.save(state)
    expected = told_from_file(before, second)
    after = Replay(instruments=table)
    after.load(state)
    assert told_from_file(after, second) == expected
    code = after.instruments.interner.find("9998.T")
    assert code is not None
    assert code >= len(Replay(instruments=stream[1]).instruments.interner)


def test_a_state_of_another_lateness_is_refused(stream: tuple[Path, Path], tmp_path: Path) -> None:
    Replay(instruments=stream[1]).save(tmp_path / "state")
    with pytest.raises(SnapshotError, match="does not fit this run"):
        Replay(instruments=stream[1], lateness_s=5.0).load(tmp_path / "state")


def test_every_decision_keeps_its_promises(stream: tuple[Path, Path]) -> None:
    told, _ = told_in_hand(*stream, 10**9)
    decidable = {e.id for e in decoded(stream[0]) if e.type in DECIDABLE}
    answered = []
    for line in told.splitlines():
        decision = msgspec.json.decode(line)
        assert 0.0 <= decision["probability"] <= 1.0
        assert decision["exposure"] >= 0.0
        assert decision["expected_loss"] == pytest.approx(
            decision["probability"] * decision["exposure"], rel=1e-3, abs=1
        )
        weights = [abs(reason["weight"]) for reason in decision["reasons"] if reason["signal"] != "cold_start"]
        assert weights == sorted(weights, reverse=True)
        assert not {"{", "}"} & set("".join(reason["ja"] + reason["en"] for reason in decision["reasons"]))
        if decision["event"] is not None:
            answered.append(decision["event"])
    assert len(answered) == len(set(answered))
    assert set(answered) == decidable


DECIDABLE = {"login.succeeded", "setting.changed", "order.placed", "cash.swept", "withdrawal.requested"}


def main(stream: str, table: str, out: str) -> None:
    """Run by a child: every decision and the digests, written to a file."""
    told, state = told_in_hand(Path(stream), Path(table), 500)
    Path(out).write_bytes(msgspec.json.encode([interpreted, told.decode(), state]))


@pytest.mark.slow
def test_compiled_and_interpreted_code_decide_alike(tmp_path: Path) -> None:
    stream, table = write(tmp_path / "w", 20, 12, 4)
    lines = stream.read_bytes().splitlines(keepends=True)[-1_500:]
    stream.write_bytes(b"".join(lines))
    expected = told_in_hand(stream, table, 500)
    out = tmp_path / "out"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", MAIN, str(stream), str(table), str(out)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parent)},
        check=True,
        timeout=600,
    )
    was_interpreted, told, state = msgspec.json.decode(out.read_bytes())
    assert was_interpreted
    assert told.splitlines() == expected[0].decode().splitlines()
    assert state == expected[1]
