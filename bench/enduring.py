"""A desk that runs for long: how fast it is back after ten million events, and whether its memory stays flat.

`KURABAN_BENCH_EVENTS` makes both shorter (5000000, say); then the figures are not those of the targets.
"""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import crowd
from bench.loading import load, posts
from bench.result import Result
from bench.serving import started
from kuraban.journal.snapshots import Snapshots

SNAPSHOT = 1_000_000  # events between snapshots: the desk's own default
_READY_S = 600
_PS = shutil.which("ps") or "ps"


def recovery() -> list[Result]:
    """Killed when a snapshot is about as old as it ever gets; from the start of the process to `/readyz` saying yes."""
    events = _events(10_000_000)
    with _folder() as folder:
        process, port = started(_command(folder), '"ready"')
        sent = _feed(port, crowd.bodies(events - crowd.BODY))
        held = f"{sent:,} events of {crowd.ACCOUNTS * crowd.CASTS:,} accounts"
        process.send_signal(signal.SIGKILL)
        process.wait()
        age = sent - Snapshots(folder / "data" / "state").newest()
        begun = time.perf_counter()
        process, port = started(_command(folder), "listening")
        try:
            _until_ready(port)
            took = time.perf_counter() - begun
        finally:
            process.kill()
            process.wait()
    what = f"ready after a kill, {held}, the snapshot {age:,} old"
    return [Result(what, f"{took:.1f} s", "≤ 15 s", took <= 15)]


def memory() -> list[Result]:
    """As many events as in an hour at 5,000/s, sent as fast as they are taken."""
    events = _events(18_000_000)
    with _folder() as folder:
        process, port = started(_command(folder), '"ready"')
        try:
            sizes: list[tuple[int, int]] = []
            sent = 0
            stream = crowd.bodies(events)
            while chunk := _feed(port, stream, 25):
                sent += chunk
                sizes.append((sent, _resident(process.pid)))
                sys.stderr.write(f"{sent:,} events, {sizes[-1][1] >> 20} MiB\n")
        finally:
            process.terminate()
            process.wait()
    # By a third of it every account has come and the window over ids is full.
    third = [size for at, size in sizes if sent / 3 <= at < sent / 2]
    last = [size for at, size in sizes if at >= sent * 5 / 6]
    growth = max(last) / max(third) - 1
    what = f"memory over {sent:,} events of {crowd.ACCOUNTS * crowd.CASTS:,} accounts"
    figure = f"{max(third) >> 20} MiB, at the end {max(last) >> 20} MiB ({growth:+.1%})"
    return [Result(what, figure, "flat: ≤ +3 %", growth <= 0.03)]


def _events(usual: int) -> int:
    return int(os.environ.get("KURABAN_BENCH_EVENTS", usual))


@contextmanager
def _folder() -> Iterator[Path]:
    """A folder on the disk where we are, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=".bench-", dir=Path.cwd()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _command(folder: Path) -> list[str]:
    data = ["--data", str(folder / "data"), "--listen", "127.0.0.1:0", "--snapshot-events", str(SNAPSHOT)]
    return [sys.executable, "-m", "kuraban", "serve", *data, "--instruments", str(crowd.instruments_file())]


def _feed(port: int, stream: Iterator[bytes], most: int = sys.maxsize) -> int:
    """Send bodies (at most so many, a few at a time); how many events they held."""
    sent = 0
    while most > 0 and (batch := list(itertools.islice(stream, min(25, most)))):
        done = load("127.0.0.1", port, posts("/v1/events", "application/x-ndjson", batch), len(batch), 2)
        if done.failures:
            raise RuntimeError(f"{done.failures} requests failed")
        sent += sum(body.count(b"\n") + 1 for body in batch)
        most -= len(batch)
    return sent


def _resident(pid: int) -> int:
    """Bytes of memory a process has."""
    return int(subprocess.run([_PS, "-o", "rss=", "-p", str(pid)], check=True, capture_output=True).stdout) << 10


def _until_ready(port: int) -> None:
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
                if json.load(answer) is not None:
                    return
        except urllib.error.HTTPError as error:
            error.close()
        time.sleep(0.02)
    raise RuntimeError("the desk did not become ready")
