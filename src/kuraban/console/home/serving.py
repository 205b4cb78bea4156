"""The server of the owner's pages: on 127.0.0.1 only, in a thread of its own, whose failure ends nothing else."""

import asyncio
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable
from typing import Any

import uvicorn

from kuraban.console.home.app import application
from kuraban.console.home.door import Door
from kuraban.console.home.seat import Running, Seat
from kuraban.home.folder import Folder
from kuraban.home.problems import HomeError

HOST = "127.0.0.1"
READY_S = 30.0
MOST_CONNECTIONS = 64


class _Server(uvicorn.Server):
    """ready: set once there is an answer, or never will be."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event):
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: Any = None) -> None:
        """Listen."""
        await super().startup(sockets)
        self._ready.set()


class Pages:
    """The pages of a folder, served from `begin` to `close`. port 0: any free one.

    Raises `HomeError` where the port is taken. failed: called, in the server's thread, with what ended it.
    """

    def __init__(
        self,
        folder: Folder,
        port: int = 0,
        running: Running | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ):
        self._socket = _bound(port)
        self.seat = Seat(folder, Door(self._socket.getsockname()[1]), running or Running())
        self._failed = failed
        self._ready = threading.Event()
        self._server = _Server(_config(self.seat), self._ready)
        self._thread = threading.Thread(target=self._run, name="pages", daemon=True)

    @property
    def address(self) -> str:
        """Where to open them, with the token."""
        return self.seat.door.address()

    def begin(self) -> bool:
        """Serve; whether there is an answer."""
        self._thread.start()
        return self._ready.wait(READY_S) and self._server.started

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        if self._thread.ident is not None:
            self._thread.join(10)
        self._socket.close()

    def _run(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        except BaseException as error:
            if self._failed is not None:
                self._failed(error)
        finally:
            self._ready.set()


def _bound(port: int) -> socket.socket:
    # With the protocol named, asyncio lets small answers go at once: without, each waits 40 ms for an acknowledgement.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # elsewhere it would let another program listen too
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((HOST, port))
        made.listen(64)  # at once, so that a port taken by another program is found here
    except OSError as error:
        made.close()
        why = error.strerror or str(error)
        raise HomeError.of(
            f"ポート {port} は使えません({why})。ほかのプログラムが使っていれば、--port で別の番号を選んでください。",
            f"port {port} cannot be used ({why}): if another program has it, choose another by --port",
        ) from error
    return made


def _config(seat: Seat) -> uvicorn.Config:
    return uvicorn.Config(
        application(seat),
        loop="asyncio",
        lifespan="off",
        access_log=False,  # addresses may hold the token
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
    )


def show(address: str) -> bool:
    """Open the owner's browser; False where there is none with windows (one in the terminal would take it over)."""
    seen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
    if sys.platform.startswith("linux") and not seen:
        return False
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False
