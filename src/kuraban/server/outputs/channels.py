"""What an address of an owner may be: one channel that reaches a person, and nothing that turns it into something else.

Apprise reads far more than that: lists of addresses with commas, parameters that set timeouts, switch certificates off,
name files or another server, channels that run programs. An address is taken as Apprise itself understood it, and only
with parameters that are known here; which channel it is, is what Apprise made of it, not what it begins with.
"""

import re
import socket
import warnings
from collections.abc import Set
from ipaddress import ip_address
from typing import Any, NamedTuple

import apprise

from kuraban.server.outputs import network

MAIL = "mail"
MOST_TARGETS = 4  # topics, numbers, mailboxes of one address
STEP_S = 10.0  # for a connection, and for each answer of the other side

_PARAMETERS = {
    MAIL: "to from name cc bcc reply mode user pass",
    "ntfy": "to token auth mode priority user pass",
    "line": "to token",
    "slack": "to token mode",
    "tgram": "to",
    "discord": "thread",
    "twilio": "to from sid token apikey method",
    "vonage": "to from key secret ttl",
    "sns": "to access secret region",
    "pover": "to key priority sound",
    "gchat": "workspace key token thread",
    "webex": "to token",
    "json": "user pass",
}
_ALLOWED = {kind: frozenset(names.split()) for kind, names in _PARAMETERS.items()}
# What an address begins with → its kind.
SCHEMES = {
    "mailto": MAIL,
    "mailtos": MAIL,
    "ntfys": "ntfy",
    "nexmo": "vonage",
    "wxteams": "webex",
    "jsons": "json",
    **{kind: kind for kind in _PARAMETERS if kind not in (MAIL, "json")},
}
KINDS = tuple(_PARAMETERS)
_OWN_HOST = frozenset({MAIL, "ntfy", "json"})  # whose server the address names itself
_PLACES = {"ntfy": "topics", "tgram": "targets", "line": "targets"}  # where Apprise keeps them; without one it guesses
_SCHEME = re.compile(r"([a-z0-9]{1,32})://", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\s,;\x00-\x1f\x7f-\x9f\\]")


class AddressError(ValueError):
    """An address that is not accepted; the message says why, without the address, which may hold a password."""


class Channel(NamedTuple):
    """An address as Apprise understood it."""

    kind: str
    plugin: apprise.NotifyBase


def load() -> None:
    """Load Apprise's channels, which takes a second or two, before the first notice is in a hurry."""
    opened("ntfys://push.example/nobody")


def kind_of(url: str) -> str | None:
    """The kind an address says it is, None for none of ours. What it really is, `opened` finds."""
    found = _SCHEME.match(url)
    return SCHEMES.get(found[1].lower()) if found else None


def opened(url: str, internal: Set[str] = frozenset()) -> Channel:
    """The one channel an address stands for. internal: hosts of the own network that may be named. Raises
    `AddressError`."""
    kind = kind_of(url)
    if kind is None:
        raise AddressError(f"a channel begins with one of {', '.join(sorted(SCHEMES))}, then ://")
    if _FORBIDDEN.search(url) or not url.isascii() or url.count("?") > 1:
        raise AddressError(
            "one address each: ASCII without spaces, commas, semicolons, backslashes or control characters"
            " (write them as %20, %2C …)"
        )
    understood = _understood(url)
    _check_parameters(understood, _ALLOWED[kind])
    plugin = apprise.Apprise.instantiate(understood, asset=_asset())
    if plugin is None or SCHEMES.get(understood["schema"]) != kind or isinstance(plugin, _mail()) != (kind == MAIL):
        raise AddressError(f"this is no complete address of {kind}")
    if not getattr(plugin, _PLACES.get(kind, ""), True) or len(plugin) > MOST_TARGETS:
        raise AddressError(f"an address leads to one place, and to {MOST_TARGETS} at the most")
    if kind in _OWN_HOST:
        for host in (understood.get("host"), plugin.host, getattr(plugin, "smtp_host", None)):
            _check_host(str(host or ""), internal)
    plugin.redirects = False
    plugin.socket_read_timeout = plugin.socket_connect_timeout = STEP_S
    return Channel(kind, plugin)


def _understood(url: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own modules import what newer Pythons have deprecated
        found = apprise.plugins.url_to_dict(url)  # type: ignore[no-untyped-call]
    if not found:
        raise AddressError("this is no address that Apprise understands")
    return dict(found)


def _check_parameters(understood: dict[str, Any], allowed: Set[str]) -> None:
    given = {str(name).lower() for name in understood.get("qsd", ())}
    prefixed = any(understood.get(f"qsd{sign}") for sign in "+-:")
    if prefixed or given - allowed:
        names = ", ".join(sorted(name[:20] for name in given - allowed)) or "+, - or :"
        raise AddressError(f"the parameter {names} is not allowed here; allowed: {', '.join(sorted(allowed))}")


def _check_host(host: str, internal: Set[str]) -> None:
    """Refuse what is internal by its very name. Where other names lead is looked at when they are used."""
    name = host.strip("[]").rstrip(".").lower()
    if name in internal:
        return
    try:
        address = ip_address(name)
    except ValueError:
        try:
            address = ip_address(socket.inet_aton(name))  # 127.1, 0x7f000001, 2130706433
        except OSError:
            if name == "localhost" or name.endswith(".localhost"):
                raise AddressError(network.INTERNAL) from None
            return
    if not network.is_public(address):
        raise AddressError(network.INTERNAL)


def _asset() -> apprise.AppriseAsset:
    return apprise.AppriseAsset(http_redirects=False, plugin_paths=[], storage_mode=apprise.PersistentStoreMode.MEMORY)


def _mail() -> type:
    plugin: type = apprise.manager_plugins.NotificationManager()["mailto"]  # type: ignore[no-untyped-call]
    return plugin
