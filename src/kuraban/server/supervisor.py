"""What a supervisor such as systemd is told: when the desk is ready, what is wrong with it, that it is stopping.

sd_notify(3) is one datagram to the socket that the environment names; without one nobody is told.
"""

import contextlib
import os
import socket
from collections.abc import Mapping

from kuraban.server.conditions import CONDITIONS


def tell(*lines: str) -> None:
    """Send lines such as `READY=1`."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    # A supervisor that does not listen is no reason to stop deciding.
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto("\n".join(lines).encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)


def status(problems: Mapping[str, str]) -> str:
    """The line that says which conditions last, shown by `systemctl status`. problems: code → details."""
    lasting = [(CONDITIONS[code], detail) for code, detail in problems.items()]
    taken = "not accepting events" if any(each.stops for each, _ in lasting) else "accepting events"
    words = [f"; {each.code}: {each.en}{f' ({detail})' if detail else ''}" for each, detail in lasting]
    return f"STATUS={taken}{''.join(words)}".replace("\n", " ")
