"""Where a request comes from, as far as it can be known."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any


def address_of(asked: Mapping[str, Any], *, behind_proxy: bool) -> str:
    """The address a request (of ASGI) comes from, empty where there is none: of IPv6 the network, of which one caller
    has many addresses. behind_proxy: a proxy stands before us and writes X-Forwarded-For."""
    peer = asked.get("client")
    shown = str(peer[0]) if peer else ""
    if behind_proxy:
        # The proxy's own entry is the last, at the end of a line or in one of its own; those before it are whatever
        # the caller wrote.
        for name, value in asked["headers"]:
            if name == b"x-forwarded-for":
                shown = value.decode("ascii", "replace").rpartition(",")[2].strip()
    try:
        found = ip_address(shown)
    except ValueError:
        return ""
    return str(found) if found.version == 4 else str(ip_network((found, 64), strict=False))
