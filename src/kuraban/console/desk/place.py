"""Under which name a browser reaches the desk: passkeys are made for a name, and never for an IP address."""

from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit


class Place(NamedTuple):
    """The desk as a browser sees it. origin: scheme, name and port. host: the name that passkeys are made for, None
    where there can be none. instead: an address under which there can, None where none is known."""

    origin: str
    host: str | None
    instead: str | None


def place(shown: str, *, secure: bool, public_url: str | None = None) -> Place:
    """Where a request was made. shown: its Host. secure: browsers come by TLS. public_url: the one address to use."""
    if public_url is not None:
        public = urlsplit(public_url)
        origin, name = f"{public.scheme}://{public.netloc}".lower(), (public.hostname or "").lower()
        here = shown.lower() == public.netloc.lower() and _can(name, public.scheme == "https")
        return Place(origin, name if here else None, None if here else public_url)
    name, port = _parted(shown)
    origin = f"{'https' if secure else 'http'}://{shown.lower()}"
    if _can(name, secure):
        return Place(origin, name, None)
    at = "" if port is None else f":{port}"
    return Place(origin, None, f"http://localhost{at}" if _loopback(name) and not secure else None)


def _can(name: str, secure: bool) -> bool:
    """Whether passkeys can be made for a name: browsers want TLS, or this very computer."""
    local = name == "localhost" or name.endswith(".localhost")
    return bool(name) and not _address(name) and (secure or local)


def _parted(shown: str) -> tuple[str, int | None]:
    try:
        found = urlsplit(f"//{shown}")
        return (found.hostname or "").lower(), found.port
    except ValueError:
        return "", None


def _address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _loopback(name: str) -> bool:
    return _address(name) and ip_address(name).is_loopback
