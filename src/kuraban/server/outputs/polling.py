"""Security event tokens for receivers that poll (RFC 8936): kept until they are acknowledged."""

import sqlite3

from kuraban.server.api import Poll, Polled
from kuraban.server.problems import ProblemError
from kuraban.server.service import Service


async def poll(service: Service, name: str, asked: Poll) -> Polled:
    """Take acknowledgements, then give what waits. Raises `ProblemError` for an unknown stream."""
    if all(stream.name != name or stream.url is not None for stream in service.outputs.streams):
        raise ProblemError(404, "not-found", "no stream of that name is polled")
    done = [*asked.ack, *asked.setErrs]
    if done:

        def settle(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "UPDATE message SET state = ? WHERE target = ? AND key = ? AND state = 'poll'",
                [("dead" if key in asked.setErrs else "sent", name, key) for key in done],
            )

        await service.write(settle)
    rows = await service.read(
        lambda connection: connection.execute(
            "SELECT key, body FROM message WHERE target = ? AND state = 'poll' ORDER BY id LIMIT ?",
            (name, asked.maxEvents + 1),
        ).fetchall()
    )
    return Polled({key: body.decode() for key, body in rows[: asked.maxEvents]}, len(rows) > asked.maxEvents)
