"""uvicorn around the application: listening, certificates, limits against slow callers, an orderly stop."""

import asyncio
import contextlib
import signal
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from kuraban.journal.store import PolicyVersion
from kuraban.server import certificates, supervisor
from kuraban.server.guard import is_loopback
from kuraban.server.protocol import PatientProtocol
from kuraban.server.service import Service
from kuraban.server.web import application

Beside = Callable[[], Awaitable[None]]

_LOOK_S = 1.0


class ListenError(ValueError):
    """An address that must not be listened on as asked; the message says what to change."""


@dataclass(frozen=True)
class Listening:
    """Where and how. port 0: any free one."""

    host: str = "127.0.0.1"
    port: int = 8040
    certificate: Path | None = None
    key: Path | None = None
    require_key: bool = False
    behind_proxy: bool = False


def check(listening: Listening, has_keys: bool) -> bool:
    """Whether no key is asked for. Raises `ListenError` for what would leave the desk open to others."""
    local = is_loopback(listening.host)
    if (listening.certificate is None) != (listening.key is None):
        raise ListenError("give both --tls-cert and --tls-key")
    if local:
        # What a proxy passes on was not sent by this computer's own users.
        return not (listening.require_key or listening.behind_proxy)
    if not has_keys:
        raise ListenError(
            f"{listening.host} can be reached by others, and there is no API key yet: make one first with\n"
            "    kuraban keys create NAME --data DIR\nor listen on 127.0.0.1"
        )
    if listening.certificate is None and not listening.behind_proxy:
        raise ListenError(
            f"{listening.host} can be reached by others, and keys would cross the network unencrypted: give --tls-cert "
            "and --tls-key, or --behind-proxy where a proxy on the way does TLS"
        )
    return False


def configured(service: Service, listening: Listening, *, open: bool, more: list[Any] | None = None) -> uvicorn.Config:
    """uvicorn's settings."""
    return uvicorn.Config(
        application(service, open=open, more=more, behind_proxy=listening.behind_proxy),
        host=listening.host,
        port=listening.port,
        http=PatientProtocol,
        loop="auto",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        backlog=1024,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=10,
        ssl_certfile=str(listening.certificate) if listening.certificate else None,
        ssl_keyfile=str(listening.key) if listening.key else None,
        ssl_version=ssl.PROTOCOL_TLS_SERVER,
    )


async def serve(service: Service, server: "Server", beside: Sequence[Beside] = ()) -> bool:
    """Serve until a signal; False where something could not be made durable at the end. beside: what else is to run
    from when the journal has been read back."""
    loop = asyncio.get_running_loop()
    async with _background(service, server, beside) as starting:
        with contextlib.suppress(NotImplementedError, ValueError, RuntimeError):  # not in the main thread
            loop.add_signal_handler(signal.SIGHUP, lambda: asyncio.ensure_future(reload(service, server.config)))
        await server.serve()
        if starting.is_alive() and "recovering" in service.problems:
            return True  # nothing was accepted yet; reading the journal back has no end to wait for
        await asyncio.to_thread(starting.join)
    return await asyncio.to_thread(service.stop)


async def leave_when_failed(service: Service, server: "Server") -> None:
    """Stop serving once the engine has ended by an error: whoever supervises the process starts it again, and the
    journal brings the state back. Callers who wait are answered before that."""
    while service.desk is None or not service.desk.failed:
        await asyncio.sleep(_LOOK_S)
    service.log.write("leaving", why=service.desk.problem)
    server.should_exit = True


async def reload(service: Service, config: uvicorn.Config | None = None) -> None:
    """Read the certificate's files and the policy file again and go by them, or propose the policy under the two-person
    rule; what is bad is logged and changes nothing."""
    if config is not None:
        _renew(service, config)
    path = service.options.policy
    if path is None:
        return
    try:
        found = await service.reread_policy(await asyncio.to_thread(path.read_text, "utf-8"))
    except Exception as error:
        service.log.write("policy-refused", problem=str(error))
        return
    if isinstance(found, PolicyVersion):
        service.log.write("policy", version=found.version, first=found.first)
    elif found is not None:
        service.log.write("policy-proposed", proposal=found.id)
    else:
        service.log.write("policy-unchanged")


def _renew(service: Service, config: uvicorn.Config) -> None:
    try:
        until = certificates.read_again(config)
    except (OSError, ValueError) as error:
        files = [config.ssl_certfile, config.ssl_keyfile]
        service.log.write("certificate-refused", problem=str(error), files=files)
        return
    if until is not None:
        service.log.write("certificate", until=until.isoformat())


@contextlib.asynccontextmanager
async def _background(service: Service, server: "Server", beside: Sequence[Beside]) -> AsyncIterator[threading.Thread]:
    """Recovery, deliveries and what else is to run, while the server answers."""
    started, loop = asyncio.Event(), asyncio.get_running_loop()

    def start() -> None:
        service.start()
        with contextlib.suppress(RuntimeError):  # the loop may be gone by then
            loop.call_soon_threadsafe(started.set)

    starting = threading.Thread(target=start, name="recovery", daemon=True)
    starting.start()

    async def work() -> None:
        await started.wait()
        await server.listening.wait()
        # Also where the journal could not be read back: whoever asks is told, and another start changes nothing.
        supervisor.tell("READY=1", supervisor.status(dict(service.problems)))
        await asyncio.gather(service.outbox.run(service), *(run() for run in beside))

    task = loop.create_task(work())
    try:
        yield starting
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class Server(uvicorn.Server):
    """begun: called with the port once there is an answer on it (which may be that the desk is still recovering)."""

    def __init__(self, config: uvicorn.Config, begun: Any):
        super().__init__(config)
        self._begun = begun
        self.listening = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends serving on a signal. uvicorn would raise it again afterwards, before the desk is put away."""
        loop = asyncio.get_running_loop()
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    async def startup(self, sockets: Any = None) -> None:
        """Listen."""
        await super().startup(sockets)
        if self.started:
            self.listening.set()
        if self._begun is not None and self.started:
            self._begun(self.servers[0].sockets[0].getsockname()[1])
