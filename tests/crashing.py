"""A desk killed without warning, again and again, under load: what it had acknowledged has to be there afterwards.

Run by hand for many rounds: `python tests/crashing.py http|forked ROUNDS`.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import httpx

from desk import quick_replay, same, story
from kuraban.journal import schema, store
from kuraban.journal.audit import checked
from kuraban.journal.live import Live
from kuraban.journal.recovery import recover
from kuraban.journal.snapshots import Snapshots
from kuraban.server.desk import Settings
from kuraban.server.service import Options, Service

CALLERS = 6
EACH = 400


@dataclass
class Acknowledged:
    """What callers were told: event id → the decision they got (None where none was asked for)."""

    decisions: dict[str, bytes | None] = field(default_factory=dict)
    lock: threading.Condition = field(default_factory=threading.Condition)

    def add(self, ids: list[str], answer: bytes | None) -> None:
        with self.lock:
            for name in ids:
                known = self.decisions.setdefault(name, answer)
                assert known is None or answer is None or known == answer, f"{name} was decided upon twice, differently"
            self.lock.notify_all()

    def reaches(self, count: int, seconds: float) -> None:
        """Wait until so many are known, or so long."""
        with self.lock:
            self.lock.wait_for(lambda: len(self.decisions) >= count, seconds)

    def lacks(self, line: bytes) -> bool:
        return json.loads(line)["id"] not in self.decisions


def start(folder: Path, snapshot_events: int) -> tuple[subprocess.Popen[str], str]:
    """A real server in a process of its own, once it is ready."""
    command = [sys.executable, "-m", "kuraban", "serve", "--data", str(folder), "--listen", "127.0.0.1:0"]
    process = subprocess.Popen(
        [*command, "--snapshot-events", str(snapshot_events)],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    url = ""
    for line in process.stderr:
        found = re.match(r"listening on (http://\S+:\d+)", line)
        url = found[1] if found else url
        if '"ready"' in line:
            break
    assert url, "the server did not start"
    threading.Thread(target=_drain, args=(process.stderr,), daemon=True).start()
    return process, url


def _drain(words: IO[str]) -> None:
    """Read what a server says until it is gone, so that it never waits for a reader."""
    with words:
        words.read()


def call(url: str, lines: list[bytes], told: Acknowledged, dice: random.Random) -> None:
    """One caller: single events and batches, until the server is gone."""
    at = max(0, next((n for n, line in enumerate(lines) if told.lacks(line)), 0) - 5)
    with httpx.Client(base_url=url, timeout=20) as client:
        while at < len(lines):
            try:
                if dice.random() < 0.8:
                    part, path, kind = lines[at : at + 1], "/v1/decide", "application/json"
                else:
                    part, path, kind = lines[at : at + dice.randrange(1, 60)], "/v1/events", "application/x-ndjson"
                response = client.post(path, content=b"\n".join(part), headers={"content-type": kind})
            except httpx.TransportError:
                return
            if response.status_code in (200, 202):
                answer = response.content if path == "/v1/decide" and response.status_code == 200 else None
                told.add([json.loads(line)["id"] for line in part], answer)
                at += len(part)


def rounds(folder: Path, count: int, seed: int) -> Iterator[tuple[int, int]]:
    """Start, load, kill, `count` times over the same data: (round, events acknowledged so far)."""
    dice = random.Random(seed)
    told = Acknowledged()
    lines = story(CALLERS * EACH, seed)
    for number in range(count):
        process, url = start(folder, 150)
        callers = [
            threading.Thread(
                target=call, args=(url, lines[n * EACH :][:EACH], told, random.Random(f"{seed} {number} {n}"))
            )
            for n in range(CALLERS)
        ]
        for caller in callers:
            caller.start()
        told.reaches(min(len(lines), len(told.decisions) + dice.randrange(1, 500)), 20)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        for caller in callers:
            caller.join()
        check(folder, told)
        yield number, len(told.decisions)
        if len(told.decisions) == len(lines):
            told, lines = Acknowledged(), [line.replace(b'"id": "e', b'"id": "r%d-' % number) for line in lines]


def check(folder: Path, told: Acknowledged) -> None:
    """Everything acknowledged is there with the decision that was told, and recovery is what never stopping gives."""
    connection = schema.connect(folder / "journal.db")
    try:
        back, report = recover(connection, Snapshots(folder / "state"), lambda: Live(quick_replay()))
        assert report.damaged == []
        assert report.differing == 0
        once = Live(quick_replay())
        lines = [line for block in store.blocks(connection) for line in block.lines]
        decided: dict[str, bytes] = {}
        for at in range(0, len(lines), 4096):
            taken = once.take(b"\n".join(lines[at : at + 4096]), 0)
            rows = taken.decisions[taken.decisions["row"] >= 0]
            for line, row in zip(once.replay.lines(taken.batch, rows, everything=True), rows, strict=True):
                decided[taken.batch.id(int(row["row"]))] = line.rstrip()
        assert once.next == back.next == len(lines)
        sizes = {"profiles": len(once.replay.reader.accounts), "crowds": len(once.replay.instruments.interner)}
        for name in ("profiles", "crowds", "networks", "population"):
            a, b = (getattr(each.replay.state, name)[: sizes.get(name)] for each in (once, back))
            assert same(a, b), name
        ids = {json.loads(line)["id"] for line in lines}
        assert len(ids) == len(lines), "an event is there twice"
        missing = told.decisions.keys() - ids
        assert not missing, f"acknowledged and lost: {sorted(missing)[:5]}"
        for name, answer in told.decisions.items():
            assert answer is None or decided[name] == answer, f"{name} was told another decision"
        assert checked(connection).broken is None
    finally:
        connection.close()


def forked_rounds(folder: Path, count: int, seed: int) -> Iterator[tuple[int, int]]:
    """The same without HTTP, in a forked child: no time is lost on starting, so hundreds of kills are cheap."""
    dice = random.Random(seed)
    told = Acknowledged()
    lines = story(20_000, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads: the child makes its own
        for number in range(count):
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                os.close(reading)
                _child(folder, lines, len(told.decisions), writing)
            os.close(writing)
            enough = dice.randrange(1, 300)
            with os.fdopen(reading, "rb") as pipe:
                for _ in range(enough):
                    name = pipe.readline()
                    if not name:
                        break
                    told.add([name.decode().strip()], None)
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                # What it had said before it died counts too; a line cut short does not.
                told.add([name.decode().strip() for name in pipe.readlines() if name.endswith(b"\n")], None)
            check(folder, told)
            yield number, len(told.decisions)


def _child(folder: Path, lines: list[bytes], at: int, writing: int) -> None:
    try:
        service = Service(Options(folder, settings=Settings(snapshot_events=100)), make_replay=quick_replay)
        service.log.quiet = True
        service.start()
        desk = service.ready()
        room = threading.Semaphore(64)

        def send(line: bytes) -> None:
            name = json.loads(line)["id"].encode() + b"\n"

            def reply(result: object, error: Exception | None) -> None:
                assert error is None, error
                os.write(writing, name)
                room.release()

            room.acquire()
            desk.send([line], True, reply)

        for line in lines[at:]:
            send(line)
    finally:
        os._exit(3)


if __name__ == "__main__":
    kinds = {"http": rounds, "forked": forked_rounds}
    with tempfile.TemporaryDirectory() as place:
        begun = time.monotonic()
        quick_replay()
        for done, acknowledged in kinds[sys.argv[1]](Path(place), int(sys.argv[2]), 1):
            sys.stdout.write(f"round {done + 1}: {acknowledged} acknowledged, {time.monotonic() - begun:.0f} s\n")
            sys.stdout.flush()
