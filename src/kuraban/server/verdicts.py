"""What people decide about alerts: analysts by the API, owners by a link. Every act is durable and audited."""

import hmac
import sqlite3

import msgspec

from kuraban.journal import alerts
from kuraban.journal.alerts import Act, Alert
from kuraban.server.api import ActView, AlertView
from kuraban.server.clock import written
from kuraban.server.outputs.owners import MAIL
from kuraban.server.outputs.signing import Link, LinkError, mark_of
from kuraban.server.service import Service

ME, NOT_ME = "me", "not_me"


async def step(service: Service, alert: int, state: str, who: str, why: str, by: str) -> Alert:
    """Change an alert's state. Raises KeyError, `IllegalStepError`, `NotNowError`."""
    trail, now = service.ready().trail, service.clock.now()

    def job(connection: sqlite3.Connection) -> Alert:
        changed = alerts.step(connection, alert, state, who, why, now)
        said = {"alert": alert, "account": changed.account, "state": state, "why": why, "by": by}
        trail.add(now, "alert", who, said)
        service.outbox.verdict(connection, changed, who, now)
        return changed

    changed = await service.write(job)
    service.outbox.ring()
    service.log.write("alert", account=changed.account, alert=alert, state=state)
    return changed


async def owner_answers(service: Service, link: Link, answer: str) -> bool:
    """Take an owner's answer; whether it settles the alert. Raises `LinkError` where the link was used before.

    "Not me" always does. "Me" does not where it came out of a mailbox, which a thief may hold.
    """
    trail, now = service.ready().trail, service.clock.now()

    def job(connection: sqlite3.Connection) -> tuple[bool, Alert]:
        cursor = connection.execute("INSERT OR IGNORE INTO answered VALUES (?, ?, ?)", (link.number, now, answer))
        if cursor.rowcount != 1:
            raise LinkError("link-used")
        found = alerts.get(connection, link.alert)
        if not hmac.compare_digest(mark_of(service.secret, found.account), link.mark):
            raise LinkError("link-invalid")
        state = alerts.TAKEOVER if answer == NOT_ME else alerts.OWNER
        settles = (answer == NOT_ME or link.channel not in MAIL) and state in alerts.NEXT[found.state]
        # Having been denied once, an act is not made good by a link: a person has to.
        settles = settles and not (answer == ME and found.state == alerts.TAKEOVER)
        said = {"alert": found.id, "account": found.account, "answer": answer, "channel": link.channel}
        trail.add(now, "owner", "owner", {**said, "settles": settles})
        if settles:
            found = alerts.step(connection, found.id, state, "owner", f"answered by {link.channel}", now)
            service.outbox.verdict(connection, found, "owner", now)
        return settles, found

    settles, found = await service.write(job)
    service.outbox.ring()
    service.log.write("owner", account=found.account, alert=found.id, answer=answer, settles=settles)
    return settles


def alert_view(alert: Alert) -> AlertView:
    """An alert for the API."""
    return AlertView(
        alert.id,
        alert.account,
        alert.state,  # type: ignore[arg-type]
        written(alert.opened),
        written(alert.updated),
        alert.loss,
        alert.ring,
        alert.events,
        msgspec.Raw(alert.decision),
    )


def act_view(act: Act) -> ActView:
    """An act for the API."""
    return ActView(written(act.at), act.who, act.state, act.why)  # type: ignore[arg-type]
