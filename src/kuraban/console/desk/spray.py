"""The page *Spray*: many accounts tried from one network, from where, how many, and who fell."""

import ipaddress
import math
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from starlette.responses import Response

from kuraban.columns.hashing import SEED, hash_raw
from kuraban.console.desk import common, counts, crowd, study
from kuraban.console.desk.count_worker import Job
from kuraban.console.desk.crowd import Words
from kuraban.console.desk.members import Group
from kuraban.console.desk.seat import Visit
from kuraban.console.desk.sources import ENTERED_AT
from kuraban.core import networks
from kuraban.core.habits import rate
from kuraban.journal import writer
from kuraban.journal.live import Live
from kuraban.server.problems import ProblemError

MOST_ADDRESSES = 50
_MAPPED = 0xFFFF << 32
_FULL = 64  # bits of a sketch


class Attempts(NamedTuple):
    """What the engine remembers of one address or of several together: sketches of the accounts that failed and
    succeeded in the six-hour window that begins at `since` (µs) and the one before."""

    failed: int
    succeeded: int
    since: int

    @property
    def tried(self) -> float:
        """Accounts that failed, estimated: those that only succeeded may be the network's everyday customers."""
        return estimated(self.failed)

    @property
    def full(self) -> bool:
        """Whether the sketch can count no further: there were at least so many."""
        return self.failed.bit_count() >= _FULL


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
    here = [pair for pair in looked.counted("address") if _asn(live, pair[0]) == (group.asn or 0)]
    chosen = here[:MOST_ADDRESSES]
    known = await visit.service.call(lambda live: _remembered(live, [address for address, _ in chosen]))
    origins = [_origin(live, address, fell, known.get(address)) for address, fell in chosen]
    # What nobody failed from is no more than a line that somebody used, mostly the owner.
    failing = [each for each in origins if each.attempts is None or each.attempts.failed]
    counting = counts.of(visit.service).get(group)
    return visit.page(
        "spray.html",
        group=group,
        title=crowd.title(live, group),
        members=found,
        zone=visit.service.options.timezone,
        study=looked,
        shared=common.shared(looked, live),
        kinds=common.KINDS,
        origins=failing,
        quiet=len(here) - len(failing),
        attempts=together([each.attempts for each in failing if each.attempts is not None]),
        counting=counting,
        counted_from=_places(live, counting),
        least=ENTERED_AT,
        estimated=estimated,
    )


async def count(visit: Visit, group: Group) -> Response:
    """Begin to count a spray's tries in the journal."""
    service = visit.service
    usual = await service.call(lambda live: (_failing(live), None))
    day = int(datetime.fromisoformat(group.day).replace(tzinfo=UTC).timestamp()) * 1_000_000
    ipdb = str(service.options.ipdb) if service.options.ipdb else None
    job = Job(str(service.options.data.resolve()), group.id, group.asn or 0, day, usual, ipdb)
    if not counts.of(service).start(job, service.clock.now()):
        raise ProblemError(409, "count-running")
    return visit.go(crowd.path(group))


def _failing(live: Live) -> float:
    """The failing share of logins everywhere, as the engine weighs a spray against it."""
    everybody = live.replay.state.population[0]
    share = rate(float(everybody["failures"]), float(everybody["attempts"]), 200.0, 0.12)
    return min(0.25, max(0.08, float(share)))


def _asn(live: Live, address: str) -> int | None:
    try:
        return live.replay.networks.find(address).asn
    except ValueError:
        return None


def _places(live: Live, counting: counts.Counting | None) -> dict[str, Origin]:
    """Where the addresses counted are."""
    if counting is None or counting.result is None:
        return {}
    return {each.address: _origin(live, each.address, each.fell, None) for each in counting.result.addresses}


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


def _remembered(live: Live, addresses: list[str]) -> tuple[dict[str, Attempts], writer.Job | None]:
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
