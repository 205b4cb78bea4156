"""One HTTP POST to another system: certificates checked, redirects not followed, the answer's body bounded."""

import asyncio
import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

TIMEOUT_S = 10.0
WITHIN_S = 30.0
_MOST = 16_384


class PostError(Exception):
    """The message did not arrive; the text says why, without its content. final: another try would change nothing."""

    def __init__(self, words: str, *, final: bool = False):
        super().__init__(words)
        self.final = final


async def posted(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """`post`, in a thread that nobody waits for at the end of the process."""
    return await in_thread(lambda: post(url, body, headers))


async def in_thread(work: Callable[[], int]) -> int:
    """Something that waits for others, in a thread of its own that does not outlive the process: the pool of threads
    that pages and the stop of the server need is no place to wait for a receiver that does not answer."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[int] = loop.create_future()

    def settle(result: int, error: BaseException | None) -> None:
        if not future.done():
            future.set_result(result) if error is None else future.set_exception(error)

    def run() -> None:
        result, problem = 0, None
        try:
            result = work()
        except BaseException as error:  # it is raised where it is waited for
            problem = error
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=run, name="post", daemon=True).start()
    return await future


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send; the status, 200 to 299. Raises `PostError`. Takes `TIMEOUT_S` a step, about `WITHIN_S` in all."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    end = threading.Timer(WITHIN_S, _hang_up, (connection,))
    end.daemon = True
    try:
        end.start()
        connection.request("POST", path, body, {"user-agent": "kuraban", **headers})
        answer = connection.getresponse()
        answer.read(_MOST)
    except (OSError, http.client.HTTPException, socket.gaierror) as error:
        raise PostError(f"{type(error).__name__}: {error}"[:200]) from error
    finally:
        end.cancel()
        connection.close()
    if not 200 <= answer.status < 300:
        raise PostError(f"the receiver answered {answer.status}")
    return answer.status


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End what a receiver draws out with a byte now and then."""
    with contextlib.suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
