"""Other systems on loopback, for tests of what the desk tells others: they note what they get, and answer as asked."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Receiver:
    """Another system. status: how it answers. leads: where it sends whoever asks."""

    url: str
    status: int = 200
    leads: str = ""
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def until(self, count: int) -> None:
        until(lambda: len(self.got) >= count)


def until(good: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


@contextmanager
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.status)
            self.send_header("content-length", "2")
            if found.leads:
                self.send_header("location", found.leads)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def hanging() -> Iterator[tuple[str, Callable[[], int]]]:
    """A receiver that takes connections and lets them wait, with a byte now and then: host:port, how many there are."""
    taken: list[socket.socket] = []
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)

        def run() -> None:
            while not ended.is_set():
                with suppress(TimeoutError):
                    taken.append(server.accept()[0])
                for each in taken:
                    with suppress(OSError):
                        each.send(b"H")

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}", lambda: len(taken)
        finally:
            ended.set()
            thread.join()
            for each in taken:
                each.close()
