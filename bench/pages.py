"""How fast the console's pages answer: a desk with a million events in its journal and 100,000 alerts.

    python -m bench.pages [--events 1000000] [--alerts 100000] [--times 40]

A simulated world is sent through the server; then the alerts it opened are copied, in the stopped journal, to as many
accounts as are missing, with losses and states of their own. Each page is asked for one after the other on one
connection, as a browser does.
"""

import argparse
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx

from bench.result import Result
from bench.serving import started
from kuraban.console.desk.people import MANAGER, People
from kuraban.journal import alerts, schema
from kuraban.sim.simulate import simulate

EVENTS, ALERTS, TIMES = 1_000_000, 100_000, 40
_A_DAY = 1.6  # events an account and day, roughly, in the simulated world
_DAYS = 20
_BULK = 4000

# What is asked for. {account}: one with an alert, {busy}: the one with the most events, {alert}: the gravest alert,
# {ring}, {spray}: those with the most alerts, {group}: either. Every page has a line.
PATHS: tuple[tuple[str, str], ...] = (
    ("now", "/console/"),
    ("now, polled", "/console/now"),
    ("alerts", "/console/alerts"),
    ("alerts, filtered", "/console/alerts?state=all&action=stopped"),
    ("alerts, a word searched", "/console/alerts?word=liquidation"),
    ("alerts, a word that none has", "/console/alerts?word=nothing%20says%20this"),
    ("alerts of a group", "/console/alerts?group={group}"),
    ("alert", "/console/alerts/{alert}"),
    ("account", "/console/account?id={account}"),
    ("account, the busiest", "/console/account?id={busy}"),
    ("account, 120 events", "/console/account?id={busy}&events=120"),
    ("account, more events", "/console/account/events?id={busy}"),
    ("rings and sprays", "/console/groups"),
    ("ring", "/console/groups/show?id={ring}"),
    ("ring, by loss, further on", "/console/groups/show?id={ring}&order=loss&from=2000"),
    ("spray", "/console/groups/show?id={spray}"),
    ("policy", "/console/policy"),
    ("audit", "/console/audit"),
    ("audit, of a person", "/console/audit?who=nobody"),
    ("audit, of an account", "/console/audit?account={account}"),
    ("audit, exported", "/console/audit/export?kind=decision"),
    ("health", "/console/health"),
)


@dataclass(frozen=True)
class Names:
    """What the paths are about."""

    account: str
    busy: str
    alert: int
    group: str
    ring: str
    spray: str


def served(folder: Path) -> list[str]:
    """The command that serves a data folder."""
    command = [sys.executable, "-m", "kuraban", "serve", "--data", str(folder / "data"), "--listen", "127.0.0.1:0"]
    return [*command, "--instruments", str(folder / "world" / "instruments.csv")]


def fill(folder: Path, events: int) -> int:
    """Send a world of about so many events through a server; how many it took."""
    accounts = max(50, round(events / _DAYS / _A_DAY))
    simulate(folder / "world", accounts=accounts, days=_DAYS, seed=1, attacks=max(4, accounts // 50))
    lines = (folder / "world" / "events.jsonl").read_bytes().splitlines()[:events]
    process, port = started(served(folder), '"ready"')
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
            for at in range(0, len(lines), _BULK):
                body = b"\n".join(lines[at : at + _BULK])
                client.post("/v1/events", content=body, headers={"content-type": "application/x-ndjson"})
    finally:
        process.terminate()
        process.wait()
    return len(lines)


def multiply(journal: Path, wanted: int) -> None:
    """Copy the alerts there are until there are so many."""
    rng = random.Random(1)  # noqa: S311
    connection = schema.connect(journal)
    columns = "account, opened, loss, ring, events, last, decision, action"
    rows = connection.execute(f"SELECT {columns} FROM alert").fetchall()  # noqa: S608
    if not rows:
        raise RuntimeError("the world opened no alert")
    connection.execute("BEGIN IMMEDIATE")
    for number in range(len(rows), wanted):
        account, opened, loss, ring, events, last, decision, action = rng.choice(rows)
        opened -= int(rng.random() * 90 * 86_400e6)
        state = rng.choice(alerts.STATES)
        connection.execute(
            f"INSERT INTO alert ({columns}, state, updated) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (f"{account}-{number}", opened, loss * rng.random(), ring, events, last, decision, action, state, opened),
        )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def names(folder: Path) -> Names:
    """Whom and what the pages are about."""
    connection: sqlite3.Connection = schema.connect(folder / "data" / "journal.db", read_only=True)
    gravest = connection.execute(
        "SELECT id, account FROM alert WHERE account NOT LIKE '%-%' AND state = 'open' ORDER BY loss DESC LIMIT 1"
    ).fetchone()
    groups = connection.execute(
        "SELECT ring FROM alert WHERE ring IS NOT NULL GROUP BY ring ORDER BY count(*) DESC"
    ).fetchall()
    connection.close()
    ring, spray = (next((name for (name,) in groups if name.startswith(kind)), "none") for kind in ("ring", "spray"))
    seen: dict[str, int] = {}
    for line in (folder / "world" / "events.jsonl").read_bytes().splitlines():
        account = json.loads(line)["account"]
        seen[account] = seen.get(account, 0) + 1
    return Names(gravest[1], max(seen, key=lambda each: seen[each]), gravest[0], groups[0][0], ring, spray)


def ask(folder: Path, about: Names, times: int) -> list[tuple[str, list[float]]]:
    """Each page's answers in milliseconds."""
    people = People(folder / "data")
    person = people.find("bench") or people.add("bench", MANAGER)
    word = people.link(person)
    people.close()
    process, port = started(served(folder), '"ready"')
    found = []
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            client.post(f"/console/enter/{word}")
            for what, template in PATHS:
                path = template.format_map({name: quote(str(value), safe="") for name, value in vars(about).items()})
                found.append((what, [_timed(client, path) for _ in range(times + 2)][2:]))
    finally:
        process.terminate()
        process.wait()
    return found


def _timed(client: httpx.Client, path: str) -> float:
    begun = time.perf_counter()
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answers {answer.status_code}")
    return (time.perf_counter() - begun) * 1000


def at(figures: Sequence[float], share: float) -> float:
    """A quantile."""
    return sorted(figures)[min(len(figures) - 1, int(share * len(figures)))]


def measure(folder: Path, events: int, wanted: int, times: int) -> list[tuple[str, list[float]]]:
    """All of it, in a folder that is filled where it is empty."""
    if not (folder / "filled").exists():
        fill(folder, events)
        multiply(folder / "data" / "journal.db", wanted)
        (folder / "filled").touch()
    return ask(folder, names(folder), times)


def results() -> list[Result]:
    """The figures against what is promised, for `python -m bench pages`."""
    place = Path(tempfile.mkdtemp(prefix=".bench-", dir=Path.cwd()))
    try:
        found = measure(place, EVENTS, ALERTS, TIMES)
    finally:
        shutil.rmtree(place)
    return [
        Result(f"page: {what}", f"p95 {at(each, 0.95):.0f} ms", "≤ 100 ms", at(each, 0.95) <= 100)
        for what, each in found
    ]


def main() -> None:
    """Measure, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--alerts", type=int, default=ALERTS)
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--folder", type=Path, help="where data are kept for the next time; default: nowhere")
    given = parser.parse_args()
    place = given.folder or Path(tempfile.mkdtemp(prefix=".bench-", dir=Path.cwd()))
    place.mkdir(exist_ok=True)
    try:
        found = measure(place, given.events, given.alerts, given.times)
    finally:
        if given.folder is None:
            shutil.rmtree(place)
    figures = {what: {"p50_ms": round(at(each, 0.5), 1), "p95_ms": round(at(each, 0.95), 1)} for what, each in found}
    sys.stdout.write(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
