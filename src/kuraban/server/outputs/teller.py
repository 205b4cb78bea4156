"""The process that hands notices to owners' channels, away from the server: `python -m kuraban.server.outputs.teller`.

What a channel's other side does is not ours: it may never answer, or a byte a second. So every notice is handed over by
a process of its own, a fork of this one, which has loaded everything; the kernel ends it when its time is over. It can
reach no internal network (see `network`). Nothing of this touches the server's own threads and memory.

The server writes a line of JSON for each notice and reads one for each outcome (`Asked`, `Said`), over a socket that is
standard input; when it is closed, everything here ends.
"""

import contextlib
import gc
import logging
import os
import re
import selectors
import signal
import socket
from typing import NamedTuple

import apprise
import msgspec

from kuraban.server.outputs import channels
from kuraban.server.outputs.network import INTERNAL, Border


class Asked(msgspec.Struct, frozen=True):
    """A notice to hand over. seconds: how long it may take. kind: of channel the link in the text was made for."""

    number: int
    url: str
    kind: str
    title: str
    body: str
    seconds: float
    internal: frozenset[str]


class Said(msgspec.Struct, frozen=True):
    """What became of it. problem: empty where the channel took it. final: another try would change nothing."""

    number: int
    problem: str
    final: bool = False


class _Under(NamedTuple):
    asked: Asked
    pid: int


_MOST = 4096  # bytes; an outcome is far shorter, and is written at once
_ASKED = msgspec.json.Decoder(Asked)


def main() -> None:
    """Until the server closes its end."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    logging.getLogger().addHandler(logging.NullHandler())  # what Apprise logs may hold addresses
    channels.load()
    gc.freeze()  # what is loaded stays shared with the forks
    with socket.socket(fileno=0) as server, selectors.DefaultSelector() as selector:
        server.setblocking(True)
        selector.register(server, selectors.EVENT_READ)
        _serve(server, selector)
    os.killpg(0, signal.SIGKILL)


def _serve(server: socket.socket, selector: selectors.BaseSelector) -> None:
    rest = b""
    while True:
        for key, _ in selector.select():
            if key.fileobj is server:
                more = server.recv(65_536)
                if not more:
                    return
                *lines, rest = (rest + more).split(b"\n")
                for line in lines:
                    asked = _ASKED.decode(line)
                    outcome, pid = _begin(asked)
                    selector.register(outcome, selectors.EVENT_READ, _Under(asked, pid))
            else:
                assert isinstance(key.fileobj, int)
                selector.unregister(key.fileobj)
                server.sendall(msgspec.json.encode(_end(key.fileobj, key.data)) + b"\n")


def _begin(asked: Asked) -> tuple[int, int]:
    """A process that hands over one notice: where its outcome can be read, its number."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return reading, pid
    try:
        signal.setitimer(signal.ITIMER_REAL, asked.seconds)
        os.close(0)
        os.write(writing, msgspec.json.encode(hand_over(asked)))
    finally:
        os._exit(0)


def _end(reading: int, under: _Under) -> Said:
    said = os.read(reading, _MOST)
    os.close(reading)
    _, status = os.waitpid(under.pid, 0)
    if said:
        return msgspec.json.decode(said, type=Said)
    late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM
    words = f"not done within {under.asked.seconds:g} s" if late else "ended on an error"
    return Said(under.asked.number, f"{under.asked.kind}: {words}")


def hand_over(asked: Asked) -> Said:
    """Hand one notice over, in this process, which then can reach no internal network any more."""
    try:
        channel = channels.opened(asked.url, asked.internal)
        if channel.kind != asked.kind:
            raise channels.AddressError("the address is of another channel")
    except channels.AddressError as error:
        return Said(asked.number, f"{asked.kind}: {error}"[:300], final=True)
    border = Border(asked.internal)
    border.close()
    sender = apprise.Apprise()
    sender.add(channel.plugin)
    with apprise.LogCapture(level=logging.WARNING) as log:  # type: ignore[no-untyped-call]
        taken = False
        with contextlib.suppress(Exception):
            taken = bool(sender.notify(body=asked.body, title=asked.title))
        status = re.search(r"error=(\d{3})\b", log.getvalue())
    if taken:
        return Said(asked.number, "")
    if border.crossed:
        return Said(asked.number, f"{asked.kind}: {INTERNAL}")
    return Said(asked.number, f"{asked.kind}: " + (f"answered {status[1]}" if status else "not taken"))


if __name__ == "__main__":
    main()
