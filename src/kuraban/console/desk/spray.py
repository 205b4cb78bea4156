"""The page *Spray*: many accounts tried from one network, from where, how many, and who fell."""

import ipaddress
import math
from typing import NamedTuple

import numpy as np
from starlette.responses import Response

from kuraban.columns.hashing import SEED, hash_raw
from kuraban.console.desk import common, counts, crowd, members, study
from kuraban.console.desk.crowd import Words
from kuraban.console.desk.members import Group
from kuraban.console.desk.seat import Visit
from kuraban.core import networks
from kuraban.journal.live import Live
from kuraban.journal.writer import Job
from kuraban.server.problems import ProblemError

MOST_ADDRESSES = 50
_MAPPED = 0xFFFF << 32
_FULL = 64  # bits of a sketch
_BEFORE, _AFTER = 24 * 3_600_000_000, 6 * 3_600_000_000


class Attempts(NamedTuple):
    """What the engine remembers of one address or of several together: sketches of the accounts that failed and
    succeeded in the six-hour window that begins at `since` (µs) and the one before."""

    failed: int
    succeeded: int
    since: int

    @property
    def tried(self) -> float:
        """Accounts tried, estimated."""
        return estimated(self.failed | self.succeeded)

    @property
    def full(self) -> bool:
        """Whether the sketch can count no further: there were at least so many."""
        return (self.failed | self.succeeded).bit_count() >= _FULL


class Origin(NamedTuple):
    """One address. fell: members whose sessions came from it. attempts: None where it is remembered no more."""

    address: str
    network: Words
    country: Words
    kinds: Words
    fell: int
    attempts: Attempts | None


async def page(visit: Visit, group: Group) -> Response:
    """The page."""
    found = await crowd.gathered(visit, group)
    live = visit.service.ready().live
    looked = await study.of(visit.service, group)
    counted = looked.counted("address")
    chosen = counted[:MOST_ADDRESSES]
    known = await visit.service.call(lambda live: _remembered(live, [address for address, _ in chosen]))
    origins = [_origin(live, address, fell, known.get(address)) for address, fell in chosen]
    return visit.page(
        "spray.html",
        group=group,
        title=crowd.title(live, group),
        members=found,
        zone=visit.service.options.timezone,
        study=looked,
        shared=common.shared(looked, live),
        kinds=common.KINDS,
        origins=origins,
        addresses=len(counted),
        attempts=together(list(known.values())),
        counting=counts.of(visit.service).get(group),
        estimated=estimated,
    )


async def count(visit: Visit, group: Group) -> Response:
    """Begin to count a spray's tries in the journal: from a day before its first alert to some hours after the last."""
    times = await visit.service.read(lambda connection: members.joined(connection, group))
    if not times:
        raise ProblemError(404, "not-found", "no alert belongs to this group")
    since, until = times[0][0] - _BEFORE, times[-1][0] + _AFTER
    if not counts.of(visit.service).start(group, visit.service.clock.now(), since, until):
        raise ProblemError(409, "conflict", "another count is running; try again when it has ended")
    return visit.go(crowd.path(group))


def _origin(live: Live, address: str, fell: int, attempts: Attempts | None) -> Origin:
    try:
        place = live.replay.networks.find(address)
    except ValueError:
        return Origin(address, crowd.network(live, 0), crowd.country(0), ("", ""), fell, attempts)
    words = crowd.network(live, place.asn), crowd.country(place.country), crowd.kinds(place.flags)
    return Origin(address, *words, fell, attempts)


def together(parts: list[Attempts]) -> Attempts | None:
    """Several addresses as one: an account tried from two of them counts once."""
    if not parts:
        return None
    newest = max(part.since for part in parts)
    failed = succeeded = 0
    for part in parts:
        failed, succeeded = failed | part.failed, succeeded | part.succeeded
    return Attempts(failed, succeeded, newest)


def estimated(sketch: int) -> float:
    """Distinct accounts in a 64-bit sketch, by linear counting (Whang et al. 1990), as the engine reckons it."""
    ones = sketch.bit_count()
    return 266.0 if ones >= _FULL else -_FULL * math.log(1.0 - ones / _FULL)


def _remembered(live: Live, addresses: list[str]) -> tuple[dict[str, Attempts], Job | None]:
    """Read by the engine's thread, which alone may look at its own memory."""
    table = live.replay.state.networks
    mask = len(table) - 1
    found = {}
    for address in addresses:
        key = key_of(address)
        slots = (((key or 0) & mask) + np.arange(networks.PROBES)) & mask
        at = slots[table["key"][slots] == np.uint64(key or 0)]
        if key is not None and at.size:
            row = table[int(at[0])]
            failed = int(row["failed"]) | int(row["failed_old"])
            succeeded = int(row["succeeded"]) | int(row["succeeded_old"])
            found[address] = Attempts(failed, succeeded, int(row["window"]) * networks.WINDOW)
    return found, None


def key_of(address: str) -> int | None:
    """The key under which the engine remembers an address; None where it is none."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    number = int(parsed) | (_MAPPED if parsed.version == 4 else 0)
    upper, lower = number >> 64, number & 0xFFFF_FFFF_FFFF_FFFF
    return hash_raw(upper.to_bytes(8, "little") + lower.to_bytes(8, "little"), SEED)
