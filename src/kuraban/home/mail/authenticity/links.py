"""Links: where one really leads, and whether it was made to look as if it led to a broker."""

import ipaddress
import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from kuraban.home.mail import brokers
from kuraban.home.mail.authenticity import likeness
from kuraban.home.mail.authenticity.domains import organisational
from kuraban.home.mail.brokers import Broker
from kuraban.home.mail.html import Link

# What nearly every address looks like; anything else takes the long way.
_SIMPLE = re.compile(r"(https?)://([a-z0-9.-]+[a-z0-9])(?:/([!-?A-\[\]-~]*))?\Z")
_UNSEEN = re.compile(r"[\x00-\x20\u200b-\u200f\u2060\ufeff]")
_TOKENS = re.compile(r"[^a-z0-9-]+")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HARMLESS = frozenset(("mailto", "tel", "sms", "cid", "#"))


class Finding(NamedTuple):
    """Something about a link. broker: whose pages it imitates, None for none in particular; host: where it leads."""

    code: str
    broker: str | None
    host: str
    sure: bool


class Target(NamedTuple):
    """An address taken apart the way browsers do. host: lower case, ASCII; empty where it leads to no host."""

    scheme: str
    userinfo: str
    host: str
    path: str
    sound: bool


def target(address: str) -> Target:
    """Where an address leads. Never raises."""
    simple = _SIMPLE.match(address)
    if simple is not None:
        return Target(simple.group(1), "", simple.group(2), (simple.group(3) or "").lower(), True)
    text = _UNSEEN.sub("", address)[:2048]
    if text.startswith("#"):
        return Target("#", "", "", "", True)
    match = _SCHEME.match(text)
    if match is None or (match.group(1).lower() not in ("http", "https") and "." in match.group(1)):
        text = ("https:" if text.startswith(("//", "\\\\")) else "https://") + text
    elif match.group(1).lower() not in ("http", "https"):
        return Target(match.group(1).lower(), "", "", "", match.group(1).lower() in _HARMLESS)
    text = text.replace("\\", "/")
    text = re.sub(r"^([a-z]+):/*", r"\1://", text, flags=re.IGNORECASE)
    try:
        parts = urlsplit(text)
        userinfo, _, place = parts.netloc.rpartition("@")
        host = _host(place)
    except ValueError:
        return Target("", "", "", "", False)
    return Target(parts.scheme.lower(), unquote(userinfo), host, (parts.path + "?" + parts.query).lower(), bool(host))


def _host(place: str) -> str:
    """The host of an authority, in the ASCII form a browser would ask DNS for; empty for none."""
    plain = unicodedata.normalize("NFKC", unquote(place)).replace("。", ".").replace("．", ".").lower()
    if plain.startswith("["):
        return plain[1:].partition("]")[0]
    plain = plain.partition(":")[0].strip(".")
    if plain.isascii():
        return plain if re.fullmatch(r"[a-z0-9._-]{1,253}", plain) else ""
    return ".".join(_ascii(label) for label in plain.split("."))


def _ascii(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")


def examine(link: Link) -> list[Finding]:
    """What is wrong with a link, surest first; nothing for a link to a broker's own pages that shows no other's."""
    where = target(link.address)
    if not where.host:
        return [] if where.sound else [Finding("unreadable_link", None, where.scheme, False)]
    findings = [finding for finding in (_userinfo(where), _shown(link, where), _likeness(where)) if finding is not None]
    if brokers.of_host(where.host) is None and (claimed := _in_path(where)) is not None:
        findings.append(Finding("brand_in_path", claimed.key, where.host, False))
    if _is_address(where.host):
        findings.append(Finding("numeric_host", None, where.host, False))
    return sorted(findings, key=lambda finding: not finding.sure)


def _userinfo(where: Target) -> Finding | None:
    """`https://www.broker.example@elsewhere/`: what stands before the @ is no host."""
    if not where.userinfo:
        return None
    shown = likeness.official_in(where.userinfo)
    own = brokers.of_host(where.host)
    if shown is not None and (own is None or own.key != shown.key):
        return Finding("userinfo", shown.key, where.host, True)
    return Finding("userinfo", None, where.host, False)


def _shown(link: Link, where: Target) -> Finding | None:
    """Text that shows a broker's address over a link that leads elsewhere."""
    if link.text == link.address or not link.text:
        return None
    shown = likeness.official_in(link.text)
    if shown is None or likeness.belongs(where.host, shown):
        return None
    return Finding("shown_elsewhere", shown.key, where.host, True)


def _likeness(where: Target) -> Finding | None:
    like = likeness.of_host(where.host)
    return None if like is None else Finding(like.code, like.broker, where.host, like.sure)


def _in_path(where: Target) -> Broker | None:
    found = (_IN_PATHS.get(token) for token in _TOKENS.split(where.path))
    return next((broker for broker in found if broker is not None), None)


_IN_PATHS = {
    token: broker
    for broker in reversed(brokers.BROKERS)
    for token in (*broker.marks, *broker.words, *(host.split(".")[0] for host in broker.web))
}


def _is_address(host: str) -> bool:
    """Whether a host is an IP address, in any notation browsers take."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(re.fullmatch(r"(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+)){0,3}", host))
    return True


def registrable(host: str) -> str:
    """The registrable domain for words shown to people, the host itself where it has none."""
    return organisational(host) or host
