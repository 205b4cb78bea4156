"""What happened around people (signing in and out, roles, passkeys) is taken over into the journal's audit log.

So are, counted by the hour, refused sign-ins and requests. The two are different files: an entry is first made in the
audit log, together with a note of which entries these were, then removed from where it waited; after a crash between
the two it is recognised and not made again.
"""

import asyncio
import contextlib
import sqlite3
from typing import Any

import msgspec

from kuraban.console.desk import refused
from kuraban.console.desk.people import Happening, People
from kuraban.server.desk import NotNowError
from kuraban.server.service import Service

EVERY_S = 1.0
_NOTE = "people_audited"


async def run(service: Service, people: People) -> None:
    """Take over what happens, for as long as the server runs."""
    waits = False
    try:
        while True:
            try:
                await asyncio.to_thread(refused.collect, service.refusals, people)
                await take_over(service, people)
                waits = False
            except (NotNowError, sqlite3.Error) as error:
                if not waits:
                    service.log.write("people-not-audited-yet", problem=str(error)[:200])
                waits = True
            await asyncio.sleep(EVERY_S)
    finally:
        with contextlib.suppress(sqlite3.Error):  # the end: nothing can be done about it any more
            refused.collect(service.refusals, people)


async def take_over(service: Service, people: People) -> int:
    """Take over what waits; how many entries that made. Raises `NotNowError`, sqlite3.Error: all of it waits on."""
    waiting = await asyncio.to_thread(people.told)
    if not waiting:
        return 0
    trail = service.ready().trail

    def job(connection: sqlite3.Connection) -> int:
        row = connection.execute("SELECT value FROM fact WHERE name = ?", (_NOTE,)).fetchone()
        known = set(msgspec.json.decode(row[0])) if row else set[str]()
        new = [each for each in waiting if each.token not in known]
        for each in new:
            trail.add(each.at, each.kind, each.who, each.body)
        connection.execute("INSERT OR REPLACE INTO fact VALUES (?, ?)", (_NOTE, _tokens(waiting)))
        return len(new)

    made: int = await service.write(job)
    await asyncio.to_thread(people.settle, waiting)
    return made


def _tokens(happenings: list[Happening]) -> Any:
    return msgspec.json.encode([each.token for each in happenings]).decode()
