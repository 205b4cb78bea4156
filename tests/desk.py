"""Shared by the tests of the desk: engines that start quickly, servers that run in a thread, stories to tell them."""

import asyncio
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import numpy as np
from numpy.typing import NDArray

from kuraban import replay
from kuraban.console.desk import app, auditing
from kuraban.console.desk.people import ANALYST, People, Person
from kuraban.reference.clients import Clients
from kuraban.reference.networks import Networks
from kuraban.server import serving
from kuraban.server.outputs.settings import Outputs
from kuraban.server.service import Options, Service

LOAD = Networks.load
ACCOUNTS = 40


@cache
def _networks(ipdb: Any = None) -> Networks:
    return LOAD(ipdb)


_clients = cache(Clients)


@contextmanager
def shared_tables() -> Iterator[None]:
    """While this lasts, every `Replay` uses the same tables."""
    with (
        mock.patch.object(Networks, "load", staticmethod(_networks)),
        mock.patch.object(replay, "Clients", _clients),
    ):
        yield


def quick_replay(**options: Any) -> replay.Replay:
    """A `Replay` that takes events as they come."""
    with shared_tables():
        return replay.Replay(**{"lateness_s": 0, **options})


def story(count: int, seed: int = 7) -> list[bytes]:
    """Logins, orders and withdrawals of a few dozen owners, some from a stranger's network."""
    rng = np.random.default_rng(seed)
    lines = []
    for i in range(count):
        account = int(rng.integers(ACCOUNTS))
        stranger = rng.random() < 0.03
        event: dict[str, Any] = {
            "id": f"e{i}",
            "time": f"2025-04-{7 + i // 2000:02}T{i // 100 % 20:02}:{i % 60:02}:{i % 50:02}+09:00",
            "account": f"口座{account}",
            "session": f"s{account}-{i // 200}{'x' if stranger else ''}",
            "client": {
                "ip": f"{'185.220.101' if stranger else '126.159.33'}.{account}",
                "user_agent": "KabuApp/7.5.1 (iOS 18.5)",
            },
            "note": "kept though unknown",
        }
        kind = rng.random()
        if kind < 0.4:
            event |= {"type": "login.succeeded", "auth": {"method": "password"}}
        elif kind < 0.8:
            event |= {
                "type": "order.placed",
                "order": {"instrument": f"{1300 + account % 9}.T", "side": "buy", "notional": 200_000},
            }
        else:
            event |= {"type": "withdrawal.requested", "cash": {"amount": 900_000, "destination": f"d{i % 5}"}}
        lines.append(json.dumps(event, ensure_ascii=False).encode())
    return lines


QUIET: tuple[tuple[str, dict[str, Any]], ...] = (
    ("login.succeeded", {"auth": {"method": "password"}}),
    ("account.snapshot", {"holdings": {"cash": 9_000_000, "positions": []}}),
)
LOOT: tuple[tuple[str, dict[str, Any]], ...] = (
    ("login.succeeded", {"auth": {"method": "password"}}),
    ("setting.changed", {"setting": {"name": "notice.withdrawal", "to": "off"}}),
    ("setting.changed", {"setting": {"name": "email", "to": "x@example.com"}}),
    ("setting.changed", {"setting": {"name": "payout_account", "to": "other"}}),
    ("withdrawal.requested", {"cash": {"amount": 9_000_000, "destination": "other"}}),
)


def theft(account: str = "victim", day: int = 20) -> list[bytes]:
    """An owner's quiet month, then a stranger who changes everything and takes the money."""
    lines = []
    for d in range(1, day):
        for n, (kind, more) in enumerate(QUIET):
            lines.append(_event(account, f"{account}-{d}-{n}", f"2025-05-{d:02}T09:0{n}:00+09:00", kind, "owner", more))
    for n, (kind, more) in enumerate(LOOT):
        time_ = f"2025-05-{day:02}T03:0{n}:00+09:00"
        lines.append(_event(account, f"{account}-theft-{n}", time_, kind, "thief", more))
    return lines


def _event(account: str, name: str, time_: str, kind: str, who: str, more: dict[str, Any]) -> bytes:
    thief = who == "thief"
    client = {
        "ip": "185.220.101.34" if thief else "126.159.33.187",
        "user_agent": "python-requests/2.31" if thief else "KabuApp/7.5.1 (iOS 18.5)",
        "device": f"d-{who}",
    }
    event = {"id": name, "time": time_, "account": account, "type": kind, "session": f"{who}-{name[:-2]}"}
    if kind != "account.snapshot":
        event |= {"client": client}  # type: ignore[dict-item]
    return json.dumps(event | more).encode()


def same(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Bit for bit in every field (what lies between fields says nothing)."""
    if a.dtype.names is None:
        return a.shape == b.shape and a.tobytes() == b.tobytes()
    return all(same(np.ascontiguousarray(a[name]), np.ascontiguousarray(b[name])) for name in a.dtype.names)


@dataclass
class Running:
    """A server that runs."""

    service: Service
    people: People
    url: str
    client: httpx.Client

    def person(self, name: str) -> Person:
        """Somebody who may sign in."""
        found = self.people.find(name)
        assert found is not None
        return found

    def decide(self, line: bytes, **headers: str) -> httpx.Response:
        """One event."""
        return self.client.post("/v1/decide", content=line, headers={"content-type": "application/json", **headers})

    def send(self, lines: list[bytes]) -> httpx.Response:
        """Many events."""
        body = b"\n".join(lines)
        return self.client.post("/v1/events", content=body, headers={"content-type": "application/x-ndjson"})


@contextmanager
def running(
    folder: Path,
    outputs: Outputs | None = None,
    *,
    open: bool = True,
    listening: serving.Listening | None = None,
    public_url: str | None = None,
    **options: Any,
) -> Iterator[Running]:
    """A desk over HTTP on loopback, stopped in good order at the end. public_url: where people open it, by a proxy."""
    listening = listening or serving.Listening(port=0)
    service = Service(Options(folder, **options), outputs, make_replay=quick_replay)
    service.log.quiet = True
    people = People(folder)
    proxied = listening.behind_proxy
    secure = listening.certificate is not None or proxied
    pages = app.routes(service, people, secure=secure, public_url=public_url, behind_proxy=proxied)
    config = serving.configured(service, listening, open=open, more=list(pages))
    found: list[int] = []
    bound = threading.Event()
    stopping: list[Any] = []

    def begun(port: int) -> None:
        found.append(port)
        bound.set()

    async def serve() -> None:
        server = serving.Server(config, begun)
        stopping.append(server)
        await serving.serve(service, server, [lambda: auditing.run(service, people)])

    thread = threading.Thread(target=lambda: asyncio.Runner(loop_factory=config.get_loop_factory()).run(serve()))
    thread.start()
    assert bound.wait(30)
    url = f"{'https' if listening.certificate else 'http'}://127.0.0.1:{found[0]}"
    trusted = ssl.create_default_context(cafile=listening.certificate) if listening.certificate else True
    with httpx.Client(base_url=url, timeout=120, verify=trusted) as client:
        try:
            until = time.monotonic() + 300
            while "starting" in service.problems or "recovering" in service.problems:
                assert time.monotonic() < until
                threading.Event().wait(0.01)
            yield Running(service, people, url, client)
        finally:
            stopping[0].should_exit = True
            thread.join(60)
            people.close()
    assert not thread.is_alive()


@contextmanager
def signed_in(desk: Running, name: str, role: str = ANALYST) -> Iterator[httpx.Client]:
    """A browser's cookies, after somebody of that name has signed in."""
    person = desk.people.find(name) or desk.people.add(name, role)
    with httpx.Client(base_url=desk.url, follow_redirects=True) as client:
        assert client.post(f"/console/enter/{desk.people.link(person)}").status_code == 200
        yield client


def by_the_writer(desk: Running, statement: str) -> Any:
    """The first row of a statement that the desk's writer runs on its connection.

    Never from a test's own thread: SQLite keeps the last error with the connection, and what one thread does there
    changes the error that another is about to be told of.
    """
    return asyncio.run(desk.service.write(lambda connection: connection.execute(statement).fetchone()))


def between_tries(desk: Running, statement: str) -> None:
    """The same while the writer waits to try again what does not succeed."""
    assert desk.service.desk is not None
    writer, done = desk.service.desk.writer, threading.Event()
    wait = writer._stop.wait

    def first(timeout: float | None = None) -> bool:
        if not done.is_set():
            writer._connection.execute(statement).fetchone()
            done.set()
        return wait(timeout)

    with mock.patch.object(writer._stop, "wait", first):
        assert done.wait(30)
