"""The author's address in the From field, read strictly: one address, or none that can be trusted.

Two readers must not be able to see two different addresses. Whatever RFC 5322 allows beyond `name <address>` (groups,
routes, comments, several addresses, quoted local parts) is where mail systems are known to disagree; no broker uses it.
"""

import re
from typing import NamedTuple

from kuraban.home.mail.authenticity.domains import organisational
from kuraban.home.mail.headers import Headers, decode_words, unfold

MAX_FROM = 2000  # bytes; also bounds what the expressions below can cost
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,59}})", re.IGNORECASE)
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{DOMAIN.pattern})"
_BARE = re.compile(_ADDRESS, re.IGNORECASE)
_QUOTED_NAME = r'"(?:[^"\\\r\n\0]|\\[^\r\n\0])*"'
_PLAIN_NAME = r"""[^"<>()\[\]:;@\\,\0\r\n]*"""
_NAMED = re.compile(rf"(?P<name>(?:{_QUOTED_NAME}|{_PLAIN_NAME}))[ \t]*<{_ADDRESS}>", re.IGNORECASE)
_ANY = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.\-\u0080-\U0010ffff]*[A-Za-z0-9\u0080-\U0010ffff]")
_ENCODED = re.compile(rb"=\?[^?\s]+\?[bBqQ]\?")


class Sender(NamedTuple):
    """Who a mail says it is from. address: lower case, empty where there is none that every reader would see.

    name: the display name as shown. others: addresses on other domains that some reader could take for the author's
    instead. oddities: codes of what is wrong with the field.
    """

    address: str
    domain: str
    name: str
    others: tuple[str, ...] = ()
    oddities: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether every reader sees this one address."""
        return bool(self.address) and not self.oddities


def read(head: Headers) -> Sender:
    """The author of a message. Never raises."""
    values = head.all("from")
    if not values:
        return Sender("", "", "", (), ("no_from",))
    oddities = _of_header(head) | ({"malformed_from"} if len(values[0]) > MAX_FROM else set())
    values = [value[:MAX_FROM] for value in values[:5]]
    raw = unfold(values[0])
    match = _matched(raw)
    oddities.update(_oddities(raw, match))
    seen = _everyone(values)
    address = match.group("local") + "@" + match.group("domain") if match else (seen[0] if seen else "")
    address = address.lower()
    name = _display(raw, match)
    domain = address.rpartition("@")[2]
    own = organisational(domain) or domain
    others = tuple(other for other in seen if (organisational(other.rpartition("@")[2]) or other) != own)
    if others:
        oddities.add("shows_other_address")
    return Sender(address, domain, name[:300], others[:10], tuple(sorted(oddities)))


def _matched(raw: bytes) -> re.Match[str] | None:
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError:
        text = raw.decode("utf-8", "replace")
    return _NAMED.fullmatch(text.strip()) or _BARE.fullmatch(text.strip())


def _oddities(raw: bytes, match: re.Match[str] | None) -> list[str]:
    """What is wrong with the value of a From field."""
    found = []
    if b"\0" in raw:
        found.append("null_byte")
    if match is not None:
        return found
    bare = re.sub(rb'"(?:[^"\\]|\\.)*"', b"", raw)
    for code, mark in (("comment", rb"\("), ("route", rb"<\s*@"), ("group", rb":[^<>]*;|;\s*\Z")):
        if re.search(mark, bare):
            found.append(code)
    if bare.count(b"@") > 1 or b"," in bare:
        found.append("several_addresses")
    if _ENCODED.search(raw) and not re.search(rb"<[^<>]*@[^<>]*>\s*\Z", bare):
        found.append("encoded_address")
    return found or ["malformed_from"]


def _of_header(head: Headers) -> set[str]:
    """Oddities of the header that touch who is seen as the author."""
    codes = {"repeated_from", "null_byte", "bare_cr", "hidden_field"} & head.oddities
    if "malformed_name" in head.oddities:
        codes.add("malformed_header")
    return codes


def _everyone(values: list[bytes]) -> list[str]:
    """Every address that stands anywhere in the From fields, encoded words decoded, each once, in order."""
    found: dict[str, None] = {}
    for value in values:
        shown = decode_words(value)
        for text in (unfold(value).decode("utf-8", "replace"), shown, shown.replace(" ", "")):
            found.update((match.group().lower(), None) for match in _ANY.finditer(text))
    return list(found)


def _display(raw: bytes, match: re.Match[str] | None) -> str:
    if match is None:
        return decode_words(raw)
    name = match.groupdict().get("name") or ""
    if name.startswith('"'):
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return decode_words(name.strip().encode("utf-8", "surrogateescape"))
