"""Hosts that are made to be mistaken for a broker's: which one, by what, and how surely.

A sure likeness stands for itself. An unsure one (a family name, a near miss of a short word) also happens to honest
firms, and counts only when the mail claims to be that very broker.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from kuraban.home.mail import brokers
from kuraban.home.mail.authenticity.domains import distance, organisational, skeleton, unicode_form, within
from kuraban.home.mail.brokers import BROKERS, Broker


class Likeness(NamedTuple):
    """That a host resembles a broker's. code: how; sure: whether that alone is enough."""

    broker: str
    code: str
    sure: bool


class _Official(NamedTuple):
    broker: Broker
    domain: str  # registrable
    label: str  # its first label
    hosts: tuple[str, ...]


def _officials() -> tuple[_Official, ...]:
    found = {}
    for broker in BROKERS:
        for host in (*broker.web, *broker.mail):
            domain = organisational(host)
            shared = domain in brokers.NEIGHBOURS or domain == "dga.jp"
            if not shared:
                found[broker.key, domain] = _Official(broker, domain, domain.split(".")[0], (*broker.web, *broker.mail))
    return tuple(found.values())


OFFICIALS = _officials()
_FEWEST = 5  # letters below which a near miss says nothing


@lru_cache(maxsize=32768)
def of_host(host: str) -> Likeness | None:
    """What broker's host this one resembles; None for a broker's own, and for one that resembles none."""
    host = host.strip(".").lower()
    if not host or len(host) > 253 or brokers.of_host(host) is not None:
        return None
    shown = unicodedata.normalize("NFKC", unicode_form(host)).lower()
    domain = organisational(host) or host
    shown_domain = ".".join(shown.split(".")[-len(domain.split(".")) :])
    left = shown.removesuffix(shown_domain).strip(".").replace("--", "-")
    found = [_left(left), None if domain in brokers.NEIGHBOURS else _registrable(shown_domain)]
    likely = [likeness for likeness in found if likeness is not None]
    return max(likely, key=lambda likeness: likeness.sure, default=None)


def _left(left: str) -> Likeness | None:
    """A broker's name to the left of somebody else's domain."""
    if not left:
        return None
    plain = skeleton(left)
    for official in OFFICIALS:
        spellings = (*official.hosts, *(host.replace(".", "-") for host in official.hosts))
        if any(skeleton(host) in plain for host in spellings):
            return Likeness(official.broker.key, "official_left", True)
    for broker in BROKERS:
        if any(skeleton(mark) in plain for mark in broker.marks):
            return Likeness(broker.key, "brand_left", True)
    tokens = {skeleton(token) for token in re.split(r"[.-]", left)}
    for broker in BROKERS:
        if any(skeleton(word) in tokens for word in broker.words):
            return Likeness(broker.key, "brand_left", False)
    near = [found for token in left.split(".") if (found := _near(skeleton(token))) is not None]
    return near[0]._replace(sure=False) if near else None


def _registrable(domain: str) -> Likeness | None:
    label = domain.split(".")[0]
    plain = skeleton(label)
    for official in OFFICIALS:
        if plain == skeleton(official.label):
            if label == official.label:
                return Likeness(official.broker.key, "other_suffix", official.label in official.broker.marks)
            return Likeness(official.broker.key, "homoglyph", len(label) >= _FEWEST or not label.isascii())
    wrapped = _left(label.replace("--", "-")) if "--" in label else None  # proxies write dots and hyphens this way
    likely = [found for found in (wrapped, _inside(label, plain), _near(plain)) if found is not None]
    return max(likely, key=lambda likeness: likeness.sure, default=None)


def _inside(label: str, plain: str) -> Likeness | None:
    """A broker's name within somebody else's registrable domain."""
    for broker in BROKERS:
        if any(skeleton(mark) in plain for mark in broker.marks):
            return Likeness(broker.key, "brand_inside", True)
    tokens = {skeleton(token) for token in re.split(r"[-\d]+", label)}
    for broker in BROKERS:
        if any(skeleton(word) in tokens for word in broker.words):
            return Likeness(broker.key, "brand_inside", False)
    return None


def _near(plain: str) -> Likeness | None:
    nearest: tuple[int, Likeness] | None = None
    for official in OFFICIALS:
        against = skeleton(official.label)
        edits = distance(plain, against)
        if len(against) < _FEWEST or edits > 2 or (edits == 2 and len(against) < 7):
            continue
        unique = official.label in official.broker.marks and (edits == 1 or len(against) >= 8)
        if nearest is None or edits < nearest[0]:
            nearest = edits, Likeness(official.broker.key, "near_miss", unique)
    return None if nearest is None else nearest[1]


def official_in(text: str) -> Broker | None:
    """The broker whose address stands in a text, however broken up (`https_://www.rakuten-sec.co. jp/`)."""
    plain = skeleton(re.sub(r"[\s_\u200b-\u200f\u2060\ufeff]", "", unicodedata.normalize("NFKC", text).lower()))
    for official in OFFICIALS:
        if any(skeleton(host) in plain for host in official.hosts):
            return official.broker
    return None


def belongs(host: str, broker: Broker) -> bool:
    """Whether a host is the broker's own."""
    return any(within(host, own) for own in (*broker.web, *broker.mail))
