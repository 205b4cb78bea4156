"""How fast events are decided upon: whole replays, one decision at a time, start-up, and what the state takes."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.reading import load_seconds
from bench.result import Result
from bench.stream import EVENTS, instruments_file, lines_file, parquet_file
from kuraban.columns import Batch
from kuraban.core.layout import ACCOUNT_SNAPSHOT, EVENT, LOGIN_SUCCEEDED, ORDER_PLACED, POSITION
from kuraban.core.profile import PROFILE
from kuraban.replay import Replay

_ACCOUNTS = 1_000_000
_ROUNDS = 2
_SHOTS = 50_000


def replay_lines() -> Result:
    """A whole replay of JSON Lines, decisions written, against `json.loads` of the same lines."""
    path = lines_file()
    _replay(lines_file(1000))
    mine, theirs = zip(*((_replay(path), load_seconds(path)) for _ in range(_ROUNDS)), strict=True)
    share = min(mine) / min(theirs)
    figure = f"{share:.2f} × ({min(mine) / EVENTS * 1e6:.2f} of {min(theirs) / EVENTS * 1e6:.2f} µs an event)"
    return Result("JSON Lines replayed, against json.loads", figure, "≤ 0.33 ×", share <= 1 / 3)


def replay_parquet() -> Result:
    """A whole replay of Parquet, decisions written."""
    path = parquet_file()
    _replay(parquet_file(1000))
    rate = EVENTS / min(_replay(path) for _ in range(_ROUNDS))
    return Result("Parquet replayed", f"{rate / 1e6:.2f} M events/s", "≥ 1 M events/s", rate >= 1_000_000)


def memory() -> Result:
    """Peak memory of a replay of a quarter of the stream and of all of it, each in a process of its own."""
    small, whole = (_peak(lines_file(n)) for n in (EVENTS // 4, EVENTS))
    figure = f"{small / 1e6:.0f} MB for {EVENTS // 4:,} events, {whole / 1e6:.0f} MB for {EVENTS:,}"
    return Result("memory of a replay", figure, "≤ 1.25 ×", whole <= 1.25 * small)


def state() -> Result:
    """One account's row."""
    return Result("state of an account", f"{PROFILE.itemsize:,} bytes", "≤ 2,048 bytes", PROFILE.itemsize <= 2048)


def snapshots() -> list[Result]:
    """A state of a million accounts to disk and back."""
    replay = _many()
    with tempfile.TemporaryDirectory(dir="build") as folder:
        path = Path(folder) / "state"
        began = time.perf_counter()
        replay.save(path)
        saved = time.perf_counter() - began
        other = Replay(lateness_s=0)
        began = time.perf_counter()
        other.load(path)
        loaded = time.perf_counter() - began
        size = path.stat().st_size
    what = f"of {_ACCOUNTS:,} accounts ({size / 1e9:.2f} GB)"
    return [
        Result(f"state saved, {what}", f"{saved:.2f} s", "≤ 3 s", saved <= 3),
        Result(f"state loaded, {what}", f"{loaded:.2f} s", "≤ 3 s", loaded <= 3),
    ]


def latency() -> list[Result]:
    """One decision at a time on rows of random accounts, with a million accounts in the state."""
    replay = _many()
    rows = _rows(_SHOTS, np.random.default_rng(2))
    empty = np.zeros(0, dtype=np.uint64)
    single = [Batch(rows[i : i + 1], np.zeros(0), b"", np.zeros(0, POSITION), empty) for i in range(_SHOTS)]
    for one in single[:1000]:
        replay.decide(one)
    taken = np.empty(_SHOTS - 1000)
    for i, one in enumerate(single[1000:]):
        began = time.perf_counter_ns()
        replay.decide(one)
        taken[i] = time.perf_counter_ns() - began
    p50, p99 = (float(np.percentile(taken, q)) / 1000 for q in (50, 99))
    what = f"one decision, {_ACCOUNTS:,} accounts in state"
    return [
        Result(f"{what}, median", f"{p50:.1f} µs", "≤ 20 µs", p50 <= 20),
        Result(f"{what}, 99th percentile", f"{p99:.1f} µs", "≤ 100 µs", p99 <= 100),
    ]


def start_up() -> Result:
    """From the command to its first decision, compiled before, as the shell sees it."""
    command = [sys.executable, "-m", "kuraban", "replay", str(lines_file(1000)), "--all", "--out", "/dev/null"]
    taken = []
    for _ in range(4):
        began = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - began)
    return Result("start to first decisions, compiled before", f"{min(taken[1:]):.2f} s", "≤ 2 s", min(taken[1:]) <= 2)


def _replay(path: Path) -> float:
    """Seconds for a replay with a new engine, decisions above allow written as lines."""
    replay = Replay(instruments=instruments_file())
    began = time.perf_counter()
    with open("/dev/null", "wb") as out:
        for batch, found in replay.read([path]):
            out.writelines(replay.lines(batch, found))
    return time.perf_counter() - began


def _peak(path: Path) -> int:
    """Peak memory in bytes of a replay in a process of its own."""
    code = "import resource, sys; from kuraban.cli import main; main(sys.argv[1:]); " + (
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    command = [sys.executable, "-c", code, "replay", str(path), "--out", "/dev/null"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(done.stdout.split()[-1]) * (1 if sys.platform == "darwin" else 1024)


def _rows(count: int, random: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Logins and orders of random accounts, a tenth of a second apart."""
    rows = np.zeros(count, EVENT)
    for name in ("quantity", "price", "notional", "amount", "cash", "linked_cash", "margin_power", "rtt_ms"):
        rows[name] = np.nan
    rows["time"] = 1_750_000_000_000_000 + np.arange(count) * 100_000
    rows["account"] = random.integers(0, _ACCOUNTS, count)
    rows["type"] = np.where(random.random(count) < 0.7, LOGIN_SUCCEEDED, ORDER_PLACED)
    rows["id"] = random.integers(1, 2**63, count)
    rows["session"] = rows["account"] + 7
    for name in ("device", "ip", "net", "ua"):
        rows[name] = random.integers(1, 2**63, count)
    rows["asn"] = random.integers(1, 60_000, count)
    rows["country"] = ord("J") << 8 | ord("P")
    rows["browser"], rows["os"], rows["channel"] = 3, 2, 1
    rows["week_minute"] = (rows["time"] // 60_000_000) % 10_080
    rows["positions_n"], rows["instrument"], rows["market_minute"] = -1, -1, -1
    orders = rows["type"] == ORDER_PLACED
    rows["side"][orders], rows["kind"][orders], rows["notional"][orders] = 1, 1, 250_000.0
    return rows


def _many() -> Replay:
    """An engine that has seen a million accounts, each with its books and some visits."""
    replay = Replay(lateness_s=0)
    random = np.random.default_rng(1)
    for number in range(_ACCOUNTS):
        replay.reader.accounts.intern(f"A{number:07d}")
    for _ in range(3):
        rows = _rows(_ACCOUNTS, random)
        rows["time"] -= 400_000_000_000
        books = random.random(_ACCOUNTS) < 0.3
        rows["type"][books] = ACCOUNT_SNAPSHOT
        rows["cash"][books] = 1_000_000.0
        rows["account"] = random.permutation(_ACCOUNTS)
        replay.decide(Batch(rows, np.zeros(0), b"", np.zeros(0, POSITION), np.zeros(0, dtype=np.uint64)))
    return replay
