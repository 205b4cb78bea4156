"""How owners are reached: set over HTTP, and counted where nothing but e-mail is left.

Who holds a mailbox can delete a notice before its owner sees it. An owner who is told by e-mail alone is told by a
channel the thief can silence: such contacts are answered with a warning, counted, and refused where the settings ask
for a second channel.
"""

import sqlite3
from typing import Literal

from kuraban.server import api
from kuraban.server.endpoint import Asked
from kuraban.server.outputs import owners
from kuraban.server.problems import ProblemError

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
    schemes = sorted(map(owners.scheme, urls))
    if set(schemes) - owners.SCHEMES:
        raise ProblemError(422, "invalid-request", f"channels are some of {', '.join(sorted(owners.SCHEMES))}")
    code: Code | None = "no-channel" if not urls else "mail-only" if owners.MAIL.issuperset(schemes) else None
    settings = service.outputs.owners
    if code == "mail-only" and settings is not None and settings.require_second_channel:
        raise ProblemError(422, "invalid-request", _CAUTIONS[code][1])
    now, trail = service.clock.now(), service.ready().trail

    def job(connection: sqlite3.Connection) -> int:
        before = owners.by_mail_only(connection, name)
        owners.set_contacts(connection, name, urls, now)
        trail.add(now, "contact", asked.by, {"account": name, "channels": schemes})
        return owners.by_mail_only(connection, name) - before

    service.count_mail_only(service.mail_only + await service.write(job))
    used, kept = await service.read(lambda connection: owners.counts(connection, name, now))
    warning = api.Caution(code, *_CAUTIONS[code]) if code is not None else None
    return api.Contacts(name, used, kept, warning)
