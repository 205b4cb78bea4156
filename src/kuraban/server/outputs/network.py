"""Keeps a process out of the network it runs in: connections to addresses that are not public are refused.

An address of an owner's channel is whatever somebody has entered. Its name may resolve to anything, a server may point
elsewhere, and between a look and the connection both may change; so it is the connection that is looked at.
"""

import socket
from collections.abc import Set
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

INTERNAL = "the address leads into an internal network; hosts that may be used are named under [owners] internal_hosts"
_NAT64 = ip_network("64:ff9b::/96")


class InternalError(OSError):
    """A connection into an internal network."""

    def __init__(self) -> None:
        super().__init__(INTERNAL)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public Internet's, also where another is wrapped in it."""
    if isinstance(address, IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            wrapped = IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(wrapped)
    return address.is_global and not address.is_multicast


class Border:
    """The guard of one process. internal: names of hosts inside that may be reached all the same. crossed: whether a
    connection was refused."""

    def __init__(self, internal: Set[str]):
        proxies = {urlsplit(url).hostname or "" for url in getproxies().values()}
        self.crossed = False
        self._names = {name.lower() for name in internal | proxies}
        self._known: set[str] = set()
        self._resolve = socket.getaddrinfo
        self._connect = socket.socket.connect

    def close(self) -> None:
        """From here on, for as long as the process lives."""
        border, resolve, connect = self, self._resolve, self._connect

        def resolved(host: Any, *args: Any, **more: Any) -> Any:
            found = resolve(host, *args, **more)
            name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
            if name.rstrip(".").lower() in border._names:
                border._known.update(str(each[4][0]) for each in found)
            return found

        def connected(self: socket.socket, address: Any) -> None:
            border.check(self.family, address)
            connect(self, address)

        def connected_quietly(self: socket.socket, address: Any) -> int:
            border.check(self.family, address)
            connect(self, address)
            return 0

        socket.getaddrinfo = resolved
        socket.socket.connect = connected  # type: ignore[method-assign,assignment]
        socket.socket.connect_ex = connected_quietly  # type: ignore[method-assign,assignment]

    def check(self, family: int, address: Any) -> None:
        """Raises `InternalError` where a connection must not lead."""
        if family in (socket.AF_INET, socket.AF_INET6):
            try:
                host = str(address[0]).partition("%")[0]
                if address[0] in self._known or is_public(ip_address(host)):
                    return
            except ValueError:
                pass  # a name: nobody has looked where it leads
        self.crossed = True
        raise InternalError
