"""Where the desk sends what it finds: a TOML file, read once at the start. Secrets stand in files of their own.

public_url = "https://desk.example.jp"       # where owners' links lead

[[webhook]]
name = "core"
url = "https://core.example.jp/kuraban"
secret_file = "/etc/kuraban/core.secret"     # whsec_ and base64, or plain text; 24 bytes or more; signs every delivery
least = "challenge"                          # from this action on

[[shared_signals]]
name = "idp"
delivery = "push"                            # or "poll"
url = "https://idp.example.jp/events"        # push only
bearer_file = "/etc/kuraban/idp.token"       # push only, optional
issuer = "https://desk.example.jp"
audience = "https://idp.example.jp"
key_file = "/etc/kuraban/set.pem"            # an EC P-256 private key

[owners]
least = "challenge"
link_hours = 72
require_second_channel = true                # refuse contacts that are e-mail only; by default they get a warning
internal_hosts = ["push.example.local"]      # of your own network, that owners' channels may lead to; none by default
"""

import base64
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from kuraban.core.policy import ACTIONS

_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")
_PREFIX = b"whsec_"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class OutputsError(ValueError):
    """A settings file that cannot be used; the message says what to change."""


@dataclass(frozen=True)
class Webhook:
    """A receiver of signed JSON. least: index of the gentlest action it is told of."""

    name: str
    url: str
    secret: bytes = field(repr=False)
    least: int = 2


@dataclass(frozen=True)
class Stream:
    """A receiver of security event tokens. url: None where it polls."""

    name: str
    issuer: str
    audience: str
    key: EllipticCurvePrivateKey = field(repr=False)
    url: str | None = None
    bearer: str | None = field(default=None, repr=False)
    least: int = 2


@dataclass(frozen=True)
class Owners:
    """Whether and when owners are told. internal_hosts: those of the own network that their channels may lead to."""

    least: int = 2
    link_hours: float = 72.0
    require_second_channel: bool = False
    internal_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outputs:
    """All of it; by default nobody is told anything."""

    public_url: str | None = None
    webhooks: tuple[Webhook, ...] = ()
    streams: tuple[Stream, ...] = ()
    owners: Owners | None = None


def load(path: Path) -> Outputs:
    """Read a settings file. Raises `OutputsError`."""
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OutputsError(f"{path} cannot be read: {error}") from error
    _only(document, {"public_url", "webhook", "shared_signals", "owners"}, str(path))
    webhooks = tuple(
        _webhook(table, f"{path}: [[webhook]] {n}") for n, table in enumerate(document.get("webhook", ()), 1)
    )
    streams = tuple(
        _stream(table, f"{path}: [[shared_signals]] {n}")
        for n, table in enumerate(document.get("shared_signals", ()), 1)
    )
    names = [*(webhook.name for webhook in webhooks), *(stream.name for stream in streams)]
    taken = [name for name in names if name in ("owner", "feedback") or name.startswith("owner/")]
    if len(set(names)) != len(names) or taken:
        raise OutputsError(f"{path}: every name once, and none of them `owner`, `owner/…` or `feedback`")
    public = document.get("public_url")
    if public is not None:
        _url(public, f"{path}: public_url")
    owners = _owners(document["owners"], f"{path}: [owners]") if "owners" in document else None
    if owners is not None and public is None:
        raise OutputsError(f"{path}: [owners] needs public_url, where their links lead")
    return Outputs(public, webhooks, streams, owners)


def _webhook(table: Mapping[str, Any], where: str) -> Webhook:
    _only(table, {"name", "url", "secret_file", "least"}, where)
    secret = _secret(_file(table, "secret_file", where), where)
    return Webhook(_text(table, "name", where), _url(table.get("url"), where), secret, _least(table, where))


def _secret(text: bytes, where: str) -> bytes:
    """The key of a webhook's secret: after `whsec_` base64, as Standard Webhooks has it, else the text as it stands."""
    key = text
    if text.startswith(_PREFIX):
        try:
            key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except ValueError:
            raise OutputsError(f"{where}: after whsec_ the secret has to be base64") from None
    if len(key) < 24:
        raise OutputsError(
            f'{where}: the secret needs at least 24 bytes; make one with `echo "whsec_$(openssl rand -base64 32)"`'
        )
    return key


def _stream(table: Mapping[str, Any], where: str) -> Stream:
    _only(table, {"name", "delivery", "url", "bearer_file", "issuer", "audience", "key_file", "least"}, where)
    delivery = table.get("delivery")
    if delivery not in ("push", "poll"):
        raise OutputsError(f'{where}: delivery is "push" or "poll"')
    try:
        key = load_pem_private_key(_file(table, "key_file", where), None)
    except (ValueError, TypeError) as error:
        raise OutputsError(f"{where}: key_file is not a private key in PEM: {error}") from error
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise OutputsError(f"{where}: key_file must be an EC P-256 key (`openssl ecparam -name prime256v1 -genkey`)")
    return Stream(
        _text(table, "name", where),
        _text(table, "issuer", where),
        _text(table, "audience", where),
        key,
        _url(table.get("url"), where) if delivery == "push" else None,
        _file(table, "bearer_file", where).decode().strip() if "bearer_file" in table else None,
        _least(table, where),
    )


def _owners(table: Mapping[str, Any], where: str) -> Owners:
    _only(table, {"least", "link_hours", "require_second_channel", "internal_hosts"}, where)
    hours = table.get("link_hours", 72)
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 1 <= hours <= 720:
        raise OutputsError(f"{where}: link_hours is a number from 1 to 720")
    second = table.get("require_second_channel", False)
    if not isinstance(second, bool):
        raise OutputsError(f"{where}: require_second_channel is true or false")
    hosts = table.get("internal_hosts", [])
    if not isinstance(hosts, list) or not all(isinstance(host, str) and _HOST.fullmatch(host) for host in hosts):
        raise OutputsError(f"{where}: internal_hosts is a list of host names or addresses, without ports")
    return Owners(_least(table, where), float(hours), second, frozenset(host.lower() for host in hosts))


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := set(table) - known:
        raise OutputsError(f"{where}: unknown {', '.join(sorted(unknown))}; known here: {', '.join(sorted(known))}")


def _text(table: Mapping[str, Any], name: str, where: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise OutputsError(f"{where}: {name} is missing")
    return value


def _least(table: Mapping[str, Any], where: str) -> int:
    value = table.get("least", "challenge")
    if value not in ACTIONS[1:]:
        raise OutputsError(f"{where}: least is one of {', '.join(ACTIONS[1:])}")
    return ACTIONS.index(value)


def _file(table: Mapping[str, Any], name: str, where: str) -> bytes:
    try:
        return Path(_text(table, name, where)).read_bytes().strip()
    except OSError as error:
        raise OutputsError(f"{where}: {name} cannot be read: {error.strerror}") from error


def _url(value: Any, where: str) -> str:
    parts = urlsplit(value) if isinstance(value, str) else urlsplit("")
    if not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)) or not parts.hostname:
        raise OutputsError(f"{where}: the address must be https:// (plain http only on this computer)")
    return str(value)
