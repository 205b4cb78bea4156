"""Security event tokens for receivers that poll (RFC 8936): kept until they are acknowledged.

To acknowledge is to take them away from the receiver for good: a stream's key (scope `signals:NAME`) is its receiver's
alone, and every acknowledgement is in the audit log, one entry for all of a request.
"""

import sqlite3

from kuraban.server.api import Poll, Polled
from kuraban.server.problems import ProblemError
from kuraban.server.service import Service


async def poll(service: Service, name: str, asked: Poll, by: str) -> Polled:
    """Take acknowledgements, then give what waits. by: whose key. Raises `ProblemError` for an unknown stream."""
    if all(stream.name != name or stream.url is not None for stream in service.outputs.streams):
        raise ProblemError(404, "not-found", "no stream of that name is polled")
    if asked.ack or asked.setErrs:
        await _settle(service, name, asked, by)
    rows = await service.read(
        lambda connection: connection.execute(
            "SELECT key, body FROM message WHERE target = ? AND state = 'poll' ORDER BY id LIMIT ?",
            (name, asked.maxEvents + 1),
        ).fetchall()
    )
    return Polled({key: body.decode() for key, body in rows[: asked.maxEvents]}, len(rows) > asked.maxEvents)


async def _settle(service: Service, name: str, asked: Poll, by: str) -> None:
    trail, now = service.ready().trail, service.clock.now()
    refused = sorted(asked.setErrs)
    taken = sorted(set(asked.ack) - set(refused))

    def job(connection: sqlite3.Connection) -> None:
        counts = [_done(connection, name, keys, state) for keys, state in ((taken, "sent"), (refused, "dead"))]
        if any(counts):
            said = {"stream": name, "acknowledged": counts[0], "refused": counts[1]}
            trail.add(now, "signals-acknowledged", by, said)

    await service.write(job)


def _done(connection: sqlite3.Connection, name: str, keys: list[str], state: str) -> int:
    problem = "refused by the receiver" if state == "dead" else ""
    return connection.executemany(
        "UPDATE message SET state = ?, problem = ? WHERE target = ? AND key = ? AND state = 'poll'",
        [(state, problem, name, key) for key in keys],
    ).rowcount
