"""How owners are reached: set over HTTP, and counted where nothing but e-mail is left.

Who holds a mailbox can delete a notice before its owner sees it. An owner who is told by e-mail alone is told by a
channel the thief can silence: such contacts are answered with a warning, counted, and refused where the settings ask
for a second channel.
"""

import asyncio
import sqlite3
from collections.abc import Sequence, Set
from typing import Literal

from kuraban.server import api
from kuraban.server.endpoint import Asked
from kuraban.server.outputs import channels, owners
from kuraban.server.problems import ProblemError

MOST_NAME = 128  # characters, as of events
Code = Literal["mail-only", "no-channel"]
_CAUTIONS: dict[Code, tuple[str, str]] = {
    "mail-only": (
        "連絡先がメールだけです。メールを乗っ取った犯人は通知を消せます。ほかの経路も登録してください",
        "e-mail is the only channel: whoever holds the mailbox can delete a notice; add another channel",
    ),
    "no-channel": ("連絡先がなく、本人に通知できません", "there is no channel: the owner cannot be told"),
}


async def contact_set(asked: Asked) -> api.Contacts:
    """How an owner is reached from now on."""
    name, service, urls = asked.request.path_params["account"], asked.service, asked.body.urls
    if len(name) > MOST_NAME:
        raise ProblemError(422, "invalid-request", f"an account's name has {MOST_NAME} characters at the most")
    settings = service.outputs.owners
    kinds = await _kinds(urls, settings.internal_hosts if settings is not None else frozenset())
    code: Code | None = "no-channel" if not urls else "mail-only" if set(kinds) == {channels.MAIL} else None
    if code == "mail-only" and settings is not None and settings.require_second_channel:
        raise ProblemError(422, "invalid-request", _CAUTIONS[code][1])
    now, trail = service.clock.now(), service.ready().trail

    def job(connection: sqlite3.Connection) -> int:
        before = owners.by_mail_only(connection, name)
        owners.set_contacts(connection, name, urls, now)
        trail.add(now, "contact", asked.by, {"account": name, "channels": sorted(kinds)})
        return owners.by_mail_only(connection, name) - before

    more = await service.write(job)
    service.count_mail_only(service.mail_only + more)  # only now: others have counted meanwhile
    used, kept = await service.read(lambda connection: owners.counts(connection, name, now))
    warning = api.Caution(code, *_CAUTIONS[code]) if code is not None else None
    return api.Contacts(name, used, kept, warning)


async def _kinds(urls: Sequence[str], internal: Set[str]) -> list[str]:
    """The kind of each address, as Apprise understands it. Raises `ProblemError` with the place of one it does not."""

    def look() -> list[str]:
        found = []
        for place, url in enumerate(urls, 1):
            try:
                found.append(channels.opened(url, internal).kind)
            except channels.AddressError as error:
                raise ProblemError(422, "invalid-request", f"address {place}: {error}") from None
        return found

    return await asyncio.to_thread(look)  # the first time Apprise loads its channels, which takes a second or two
