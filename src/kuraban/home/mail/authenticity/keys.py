"""DKIM public keys: asked for once, kept on disk, and remembered after their owner has taken them down.

Brokers rotate keys; a mail read a year later can only be checked with the key kept when it came. A key that is gone
says nothing about the mail (unknown, not failed), and neither does a resolver that does not answer.
"""

import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

import dns.exception
import dns.resolver

MAX_RECORD = 4096  # bytes
MAX_KEPT = 5000
FRESH = 3600.0  # seconds an answer is taken for true
RETRY = 60.0  # seconds after which a question that nobody answered is asked again
PATIENCE = 3  # questions in a row without any answer, after which nobody is asked for RETRY seconds


class Availability(StrEnum):
    """What became of a question for a key."""

    PRESENT = "present"
    REVOKED = "revoked"  # a record with an empty key (RFC 6376, section 3.6.1)
    ABSENT = "absent"
    UNREACHABLE = "unreachable"


class Answer(NamedTuple):
    """A key record, or why there is none. kept: it comes from the cache, not from the domain now."""

    availability: Availability
    record: bytes = b""
    kept: bool = False


Resolver = Callable[[str], Answer]


def offline(name: str) -> Answer:
    """A resolver for computers without a network."""
    return Answer(Availability.UNREACHABLE)


def dns_resolver(timeout: float = 3.0, nameserver: str | None = None, port: int = 53) -> Resolver:
    """A resolver by DNS. nameserver: an IP address instead of the system's own servers; timeout: seconds."""
    asked = dns.resolver.Resolver(configure=nameserver is None)
    if nameserver is not None:
        asked.nameservers, asked.port = [nameserver], port
    asked.lifetime = timeout

    def resolve(name: str) -> Answer:
        try:
            found = asked.resolve(name.rstrip(".") + ".", "TXT", search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Answer(Availability.ABSENT)
        except (dns.exception.DNSException, OSError, ValueError):
            return Answer(Availability.UNREACHABLE)
        records = [b"".join(item.strings) for item in found]
        keys = [record for record in records if b"p=" in record and len(record) <= MAX_RECORD]
        return of_record(keys[0]) if len(keys) == 1 else Answer(Availability.ABSENT)

    return resolve


def of_record(record: bytes) -> Answer:
    """The answer that a TXT record is."""
    tags = dict(part.strip().partition(b"=")[::2] for part in record.split(b";"))
    key = {name.strip(): value.strip() for name, value in tags.items()}.get(b"p", b"")
    return Answer(Availability.PRESENT if key else Availability.REVOKED, record)


class _Asked(NamedTuple):
    """An answer and until when it is taken for true, by the clock of the cache."""

    until: float
    answer: Answer


class Keys:
    """Keys by `selector._domainkey.domain`, from the cache file and a resolver.

    path: the cache file, None to keep keys in memory only. clock: seconds; an answer is good for FRESH of them.
    """

    def __init__(
        self,
        resolver: Resolver = offline,
        path: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._resolver = resolver
        self._path = path
        self._kept = _load(path) if path is not None else {}
        self._clock = clock
        self._asked: dict[str, _Asked] = {}
        self._silent = 0  # questions in a row that nobody answered
        self._ask_again = 0.0
        self._changed = False

    def find(self, name: str) -> Answer:
        """The key of this name, now or as it was kept."""
        asked = self._asked.get(name)
        if asked is None or asked.until <= self._clock():
            if len(self._asked) > MAX_KEPT:  # a mailbox full of invented selectors must not fill the memory
                self._asked.clear()
            answer = self._ask(name)
            lasts = RETRY if answer.availability is Availability.UNREACHABLE else FRESH
            asked = self._asked[name] = _Asked(self._clock() + lasts, answer)
        return asked.answer

    def _ask(self, name: str) -> Answer:
        answer = self._resolve(name)
        if answer.availability is Availability.PRESENT:
            self.keep(name, answer.record)
            return answer
        if answer.availability is not Availability.REVOKED and name in self._kept:
            return Answer(Availability.PRESENT, self._kept[name].encode("ascii"), kept=True)
        return answer

    def _resolve(self, name: str) -> Answer:
        """The resolver's answer; after a few that did not come, nobody is asked for a while."""
        if self._silent >= PATIENCE and self._clock() < self._ask_again:
            return Answer(Availability.UNREACHABLE)
        answer = self._resolver(name)
        silent = answer.availability is Availability.UNREACHABLE
        self._silent = self._silent + 1 if silent else 0
        self._ask_again = self._clock() + RETRY
        return answer

    def keep(self, name: str, record: bytes) -> None:
        """Remember a key; written by `save`."""
        with contextlib.suppress(UnicodeDecodeError):
            text = record.decode("ascii")
            if self._kept.get(name) != text and len(self._kept) < MAX_KEPT:
                self._kept[name] = text
                self._changed = True

    def save(self, now: datetime) -> None:
        """Write the cache, whole or not at all, readable by its owner only. Raises `OSError`."""
        if self._path is None or not self._changed:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        content = {"written": now.isoformat(), "keys": dict(sorted(self._kept.items()))}
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".keys-")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        self._changed = False


def _load(path: Path) -> dict[str, str]:
    """The kept keys; none where the file is missing or damaged, as it can be filled again."""
    try:
        content = json.loads(path.read_text("ascii"))
        return {str(name): str(record) for name, record in content["keys"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
