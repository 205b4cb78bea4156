"""The removal of what is too old, while the desk serves: by readers and the writer in turns, in small parts."""

import asyncio
import sqlite3
import time
from collections import Counter

from kuraban.journal import retention, store
from kuraban.journal.retention import ANSWERS, ANSWERS_DAYS, DAY, KINDS, Kind
from kuraban.server.desk import NotNowError
from kuraban.server.service import Service

_HOUR_S = 3600.0


def _wall() -> int:
    return time.time_ns() // 1000


async def run(service: Service) -> None:
    """Forget now and every hour, for as long as the server runs; after a round that fails (logged) comes the next.

    A clock that is wrong must not make everything too old: the desk's own never goes back, so that the system's counts
    where it is earlier; and where that has leapt by more than a day since the last round, a round is left out, in which
    somebody may notice.
    """
    before: tuple[int, float] | None = None
    while True:
        now, steady = _wall(), service.clock.monotonic()
        leapt = before is not None and now - before[0] - (steady - before[1]) * 1e6 > DAY
        before = now, steady
        if leapt:
            service.log.write("not-forgotten-yet", kind="ClockLeapt", problem="the system's clock went ahead by days")
        elif service.stopped_by is None:
            try:
                gone = await forget(service, min(now, service.clock.now()))
            except (NotNowError, OSError, sqlite3.Error) as error:
                service.log.write("not-forgotten-yet", kind=type(error).__name__, problem=str(error)[:200])
            else:
                if gone:
                    service.log.write("forgotten", gone=gone)
        await asyncio.sleep(_HOUR_S)


async def forget(service: Service, now: int) -> Counter[str]:
    """Remove what is older than the options say; how many of each kind went. now: microseconds since 1970."""
    gone = Counter[str]()
    days, audit_days = service.options.retention_days, service.options.audit_retention_days
    while dropped := await service.write(lambda connection: retention.drop_contacts(connection, now)):
        gone["contacts"] += dropped
    if days is not None:
        before = now - days * DAY
        gone["events"] = await _events(service, before)
        gone["given up"] = await service.write(lambda connection: retention.give_up(connection, before, now))
        for kind in KINDS:
            gone[kind.name] = await _rows(service, kind, before)
        gone[ANSWERS.name] = await _rows(service, ANSWERS, now - max(days, ANSWERS_DAYS) * DAY)
        gone["keys"] = await _keys(service, before, now)
    if audit_days is not None:
        gone["audit entries"] = await _audit(service, now - audit_days * DAY, now)
    return +gone


async def _events(service: Service, before: int) -> int:
    gone, keep_from = 0, service.snapshots.oldest()
    while found := await service.write(lambda connection: store.forget_before(connection, keep_from, before)):
        gone += found
    return gone


async def _rows(service: Service, kind: Kind, before: int) -> int:
    gone = 0
    while keys := await service.read(lambda connection: retention.find(connection, kind, before)):
        removed = await service.write(lambda connection, keys=keys: retention.remove(connection, kind, keys, before))  # type: ignore[misc]
        gone += removed
        if not removed:  # all of them have changed since
            break
    return gone


async def _keys(service: Service, before: int, now: int) -> int:
    """Keys that ended long ago; the audit log, which knows them by their ids, keeps their names."""
    ended = service.keys.ended_before(before / 1e6)
    if ended:
        said, trail = [{"id": key.id, "name": key.name} for key in ended], service.ready().trail
        await service.write(lambda connection: trail.add(now, "keys-removed", "server", {"keys": said}))
        service.keys.remove([key.id for key in ended])
    return len(ended)


async def _audit(service: Service, before: int, now: int) -> int:
    gone, trail = 0, service.ready().trail
    while found := await service.read(lambda connection: retention.oldest_entries(connection, before)):
        n, seal, count = found
        await service.write(
            lambda connection, n=n, seal=seal, count=count: retention.seal_off(connection, trail, n, seal, count, now)  # type: ignore[misc]
        )
        gone += count
    return gone
