"""The desk over HTTP: durable decisions a second, their latency at half that load, durable events in bulk.

    python -m bench.serving [--seconds 5] [--accounts 4000]

Server, disk and load generator share the machine. The yardsticks beside it, measured in the same run: the same web
server with the same framework answering an empty JSON object, and commits to this disk with nothing else going on.
Latency is taken at half of the rate that is promised and at half of the rate that was reached.
"""

import argparse
import gc
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from bench.loading import Measured, load, posts
from bench.result import Result
from kuraban.core.layout import DECIDABLE
from kuraban.journal import schema
from kuraban.sim.simulate import simulate

CONNECTIONS = 128
BULK = 4000
PROMISED = 5000  # single decisions a second

EMPTY = """
import asyncio, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
async def empty(request):
    await request.body()
    return JSONResponse({})
config = uvicorn.Config(Starlette(routes=[Route("/", empty, methods=["POST"])]), port=0, http="httptools",
                        lifespan="off", access_log=False, log_config=None)
class Server(uvicorn.Server):
    async def startup(self, sockets=None):
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        print(f"listening on http://127.0.0.1:{port}", file=sys.stderr, flush=True)
asyncio.Runner(loop_factory=config.get_loop_factory()).run(Server(config).serve())
"""


class Figures(msgspec.Struct):
    """What is measured. Rates a second, latencies in milliseconds."""

    empty_rate: float
    empty_p99_ms: float
    commit_p50_ms: float
    commit_p99_ms: float
    decide_rate: float
    decide_share_of_empty: float
    decide_p50_ms: float
    decide_p99_ms: float
    half_promised_rate: float
    half_promised_p50_ms: float
    half_promised_p99_ms: float
    half_load_rate: float
    half_load_p50_ms: float
    half_load_p99_ms: float
    bulk_rate: float
    failures: int


def started(command: list[str], sign: str) -> tuple[subprocess.Popen[str], int]:
    """A server in a process of its own, once it has said `sign`, and its port."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    port = 0
    for line in process.stderr:
        found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", line)
        port = int(found[1]) if found else port
        if sign in line:
            break
    if not port:
        raise RuntimeError("the server did not start")
    # What it says from here on is of no interest, but a full pipe would hold it up.
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return process, port


def split(path: Path) -> tuple[list[bytes], list[bytes]]:
    """The events that are decided upon, with ids of their own, and all events as they are."""
    every = path.read_bytes().splitlines()
    marks = tuple(f'"type":"{kind}"'.encode() for kind in DECIDABLE)
    decided = [line for line in every if any(mark in line for mark in marks)]
    return [line.replace(b'{"id":"', b'{"id":"single-', 1) for line in decided], every


def forever(lines: list[bytes]) -> Iterator[bytes]:
    """The lines again and again, each time with other ids."""
    turn = 0
    while True:
        turn += 1
        for line in lines:
            yield line.replace(b'{"id":"', b'{"id":"%d-' % turn, 1)


def empty(seconds: float) -> tuple[Measured, Measured]:
    """The framework's own speed, and its latencies at half of the rate promised of the desk."""
    process, port = started([sys.executable, "-c", EMPTY], "listening")
    try:
        requests = list(posts("/", "application/json", [b'{"id":"0123456789abcdef"}'])) * 200_000
        warm = load("127.0.0.1", port, iter(requests), 3000, CONNECTIONS)
        full = load("127.0.0.1", port, iter(requests), max(1000, int(warm.rate * seconds)), CONNECTIONS)
        return full, _at_rate(port, iter(requests), PROMISED / 2, seconds)
    finally:
        process.terminate()
        process.wait()


def commits(folder: Path, count: int = 500) -> Measured:
    """Commits of a few kilobytes, one after the other, as the journal makes them."""
    connection = schema.connect(folder / "commits.db")
    connection.execute("CREATE TABLE row (n INTEGER PRIMARY KEY, body BLOB)")
    found = Measured()
    for number in range(count):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO row VALUES (?, ?)", (number, os.urandom(8192)))
        begun = time.perf_counter()
        connection.execute("COMMIT")
        found.latencies.append(time.perf_counter() - begun)
    connection.close()
    return found


def _at_rate(port: int, requests: Iterator[bytes], rate: float, seconds: float) -> Measured:
    return load("127.0.0.1", port, requests, max(1000, int(rate * seconds)), CONNECTIONS, rate)


def measure(folder: Path, accounts: int, seconds: float) -> Figures:
    """All of it."""
    simulate(folder / "world", accounts=accounts, days=8, seed=1, attacks=4)
    single, every = split(folder / "world" / "events.jsonl")
    yardstick, quiet = empty(seconds)
    disk = commits(folder)
    command = [sys.executable, "-m", "kuraban", "serve", "--data", str(folder / "data"), "--listen", "127.0.0.1:0"]
    process, port = started([*command, "--instruments", str(folder / "world" / "instruments.csv")], '"ready"')
    try:
        bodies = [b"\n".join(every[at : at + BULK]) for at in range(0, len(every), BULK)]
        kind = "application/x-ndjson"
        load("127.0.0.1", port, posts("/v1/events", kind, bodies[:1]), 1, 1)
        bulk = load("127.0.0.1", port, posts("/v1/events", kind, bodies[1:]), len(bodies) - 1, 2)
        requests = posts("/v1/decide", "application/json", _some(forever(single), int(9000 * (seconds + 1) * 2.5)))
        made = iter(list(requests))
        gc.collect()
        gc.freeze()  # the generator must not stop to look through what it is going to send
        warm = load("127.0.0.1", port, made, 3000, CONNECTIONS)
        full = load("127.0.0.1", port, made, max(1000, int(warm.rate * seconds)), CONNECTIONS)
        promised = _at_rate(port, made, PROMISED / 2, seconds)
        half = _at_rate(port, made, full.rate / 2, seconds)
    finally:
        process.terminate()
        process.wait()
    events = sum(body.count(b"\n") + 1 for body in bodies[1:])
    return Figures(
        round(yardstick.rate),
        round(quiet.at(0.99), 2),
        round(disk.at(0.5), 2),
        round(disk.at(0.99), 2),
        round(full.rate),
        round(full.rate / yardstick.rate, 3),
        round(full.at(0.5), 2),
        round(full.at(0.99), 2),
        round(promised.rate),
        round(promised.at(0.5), 2),
        round(promised.at(0.99), 2),
        round(half.rate),
        round(half.at(0.5), 2),
        round(half.at(0.99), 2),
        round(events / bulk.seconds),
        bulk.failures + full.failures + promised.failures + half.failures,
    )


def _some(lines: Iterator[bytes], count: int) -> list[bytes]:
    return [next(lines) for _ in range(count)]


def results() -> list[Result]:
    """The figures against what the desk promises, for `python -m bench serving`."""
    place = Path(tempfile.mkdtemp(prefix=".bench-", dir=Path.cwd()))
    try:
        found = measure(place, 4000, 5.0)
    finally:
        shutil.rmtree(place)
    share = found.decide_share_of_empty
    decide = f"{found.decide_rate:,.0f}/s, {share:.0%} of an empty handler"
    beside = f"an empty handler {found.empty_p99_ms:.1f} ms, a commit {found.commit_p99_ms:.1f} ms"
    promised, half = found.half_promised_p99_ms, found.half_load_p99_ms
    reached = f"p99 at half of what was reached, {found.half_load_rate:,}/s"
    enough = found.decide_rate >= PROMISED or share >= 0.6
    return [
        Result("durable decisions", decide, f"≥ {PROMISED:,}/s or ≥ 60 %", enough),
        Result(f"p99 at {found.half_promised_rate:,}/s", f"{promised:.1f} ms ({beside})", "≤ 20 ms", promised <= 20),
        Result(reached, f"{half:.1f} ms", "≤ 20 ms", half <= 20),
        Result("durable events in bulk", f"{found.bulk_rate:,.0f}/s", "≥ 60,000/s", found.bulk_rate >= 60_000),
    ]


def main() -> None:
    """Measure, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--accounts", type=int, default=4000)
    parser.add_argument("--folder", type=Path, help="where data are written (a real disk); default: here")
    given = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix=".bench-", dir=given.folder or Path.cwd()))
    begun = time.perf_counter()
    try:
        found = measure(place, given.accounts, given.seconds)
    finally:
        shutil.rmtree(place)
    sys.stdout.write(json.dumps(msgspec.to_builtins(found) | {"took_s": round(time.perf_counter() - begun)}, indent=2))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
