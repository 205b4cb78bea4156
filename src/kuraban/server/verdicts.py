"""What people decide about alerts: analysts by the API, owners by a link. Every act is durable and audited."""

import contextlib
import hmac
import sqlite3
from collections.abc import Mapping, Sequence

import msgspec

from kuraban.journal import alerts
from kuraban.journal.alerts import Act, Alert, Seen
from kuraban.plurals import counted
from kuraban.server.api import ActView, AlertView
from kuraban.server.clock import written
from kuraban.server.desk import FullError, NotNowError
from kuraban.server.outputs.channels import MAIL
from kuraban.server.outputs.owners import event_ids
from kuraban.server.outputs.signing import Link, LinkError, mark_of
from kuraban.server.service import Service

ME, NOT_ME = "me", "not_me"
_MAILBOXES = frozenset({MAIL, "mailto", "mailtos"})  # as links name the channel, or did
OWNER = "owner"  # who acted, where it was the account's owner himself


MOST_AT_ONCE = 1000  # alerts of a group in one transaction: decisions wait while it lasts


class GroupError(ValueError):
    """A group is not as it was looked at; nothing has changed."""


async def step(
    service: Service, alert: int, state: str, who: str, why: str, by: str, expect: Seen | None = None
) -> Alert:
    """Change an alert's state. by: the key or session it came with. expect: the alert as `who` saw it.

    Raises KeyError, `ChangedError` where somebody acted since, `IllegalStepError`, `NotNowError`.
    """
    trail, now = service.ready().trail, service.clock.now()

    def job(connection: sqlite3.Connection) -> Alert:
        changed = alerts.step(connection, alert, state, who, why, now, expect)
        said = {"alert": alert, "account": changed.account, "state": state, "why": why, "by": by}
        trail.add(now, "alert", who, said)
        service.outbox.verdict(connection, changed, who, now)
        return changed

    changed = await service.write(job)
    service.outbox.ring()
    service.log.write("alert", account=changed.account, alert=alert, state=state)
    return changed


async def note(service: Service, alert: int, who: str, why: str, by: str, after: int | None = -1) -> Alert:
    """Add a note to an alert without changing its state. after: as of `alerts.remark`.

    Raises KeyError, `NotNowError`.
    """
    trail, now = service.ready().trail, service.clock.now()

    def job(connection: sqlite3.Connection) -> Alert:
        before = alerts.get(connection, alert).act
        noted = alerts.remark(connection, alert, who, why, now, after)
        if noted.act == before:
            return noted
        trail.add(now, "note", who, {"alert": alert, "account": noted.account, "why": why, "by": by})
        return noted

    return await service.write(job)


async def step_group(
    service: Service,
    group: str,
    state: str,
    who: str,
    why: str,
    by: str,
    expect: int | None = None,
    only: Mapping[int, Seen] | None = None,
) -> tuple[list[Alert], int]:
    """Take one step with every open or acknowledged alert of a ring or spray that can take it: all of them or none.

    The alerts changed (the oldest `MOST_AT_ONCE`), and how many are left for another call. expect: how many open or
    acknowledged alerts `who` saw. only: those meant, each as `who` saw it; None for all. Raises KeyError for no such
    alerts, `GroupError` where there are more or fewer by now or one has changed, `IllegalStepError` where none of them
    can take the step, `NotNowError`.
    """
    trail, now = service.ready().trail, service.clock.now()
    # Which events they are about is looked up before: it takes the longest, and decisions would wait for it.
    wanted = state in alerts.VERDICTS
    ids = await service.read(lambda connection: _events_of(connection, group, only)) if wanted else {}

    def job(connection: sqlite3.Connection) -> tuple[list[Alert], int]:
        found = alerts.members(connection, group)
        if not found:
            raise KeyError(group)
        if expect is not None and expect != len(found):
            raise GroupError(f"{group} has {counted(len(found), 'open alert')} by now, not {expect}")
        meant = found if only is None else chosen(found, only)
        able = [each for each in meant if state in alerts.NEXT[each.state]]
        if not able:
            raise alerts.IllegalStepError(f"no open alert of {group} can become {state}")
        changed = []
        for each in able[:MOST_AT_ONCE]:
            stepped = alerts.step(connection, each.id, state, who, why, now)
            said = {"alert": each.id, "account": each.account, "state": state, "why": why, "by": by, "group": group}
            trail.add(now, "alert", who, said)
            service.outbox.verdict(connection, stepped, who, now, ids.get(each.id))
            changed.append(stepped)
        return changed, len(able) - len(changed)

    changed, left = await service.write(job)
    service.outbox.ring()
    service.log.write("group", group=group, state=state, alerts=len(changed), left=left)
    return changed, left


def chosen(found: Sequence[Alert], only: Mapping[int, Seen]) -> list[Alert]:
    """Of a group's alerts those meant. Raises `GroupError` where one is not any more as it was seen."""
    meant = [each for each in found if each.id in only]
    if len(meant) != len(only):
        raise GroupError(f"{counted(len(only) - len(meant), 'alert')} of those chosen waited no more")
    for each in meant:
        if only[each.id] != (each.state, each.act):
            raise GroupError(f"somebody acted on alert {each.id} since it was looked at")
    return meant


def _events_of(connection: sqlite3.Connection, group: str, only: Mapping[int, Seen] | None) -> dict[int, list[str]]:
    found = [each for each in alerts.members(connection, group) if only is None or each.id in only]
    return {each.id: event_ids(connection, each.id) for each in found[:MOST_AT_ONCE]}


async def owner_answers(service: Service, link: Link, answer: str) -> bool:
    """Take an owner's answer; whether it settles the alert. Raises `LinkError` where the link was used before.

    "Not me" always does, and locks the account (see `denials`). "Me" does not where it came out of a mailbox, which a
    thief may hold.
    """
    trail, now = service.ready().trail, service.clock.now()

    def job(connection: sqlite3.Connection) -> tuple[bool, Alert, bytes | None]:
        cursor = connection.execute("INSERT OR IGNORE INTO answered VALUES (?, ?, ?)", (link.number, now, answer))
        if cursor.rowcount != 1:
            raise LinkError("link-used")
        found = alerts.get(connection, link.alert)
        if not hmac.compare_digest(mark_of(service.secret, found.account), link.mark):
            raise LinkError("link-invalid")
        state = alerts.TAKEOVER if answer == NOT_ME else alerts.OWNER
        settles = (answer == NOT_ME or link.channel not in _MAILBOXES) and state in alerts.NEXT[found.state]
        # Having been denied once, an act is not made good by a link: a person has to.
        settles = settles and not (answer == ME and found.state == alerts.TAKEOVER)
        said = {"alert": found.id, "account": found.account, "answer": answer, "channel": link.channel}
        trail.add(now, "owner", OWNER, {**said, "settles": settles})
        event, why = None, f"answered by {link.channel}"
        # Where an analyst was first to say so, the owner's word counts all the same: it is what locks the account.
        adds = answer == NOT_ME and found.state == state and not _denied(connection, found.id)
        if settles:
            found = alerts.step(connection, found.id, state, OWNER, why, now)
        elif adds:
            found = alerts.remark(connection, found.id, OWNER, why, now)
        if settles or adds:
            event = service.outbox.verdict(connection, found, OWNER, now, by_owner=True)
        return settles, found, event

    settles, found, event = await service.write(job)
    if event is not None and answer == NOT_ME:
        # At once, not behind other feedback. Where it cannot be now, the message that was queued with it sees to it.
        with contextlib.suppress(NotNowError, FullError):
            outcome = await service.decide([event], False)
            if outcome.rejects:
                service.log.write("denial-refused", account=found.account, code=outcome.rejects[0].code)
    service.outbox.ring()
    service.log.write("owner", account=found.account, alert=found.id, answer=answer, settles=settles)
    return settles


def _denied(connection: sqlite3.Connection, alert: int) -> bool:
    acts = alerts.acts_of(connection, alert)
    return any(act.who == OWNER and act.state == alerts.TAKEOVER for act in acts)


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
        alert.act,
    )


def act_views(acts: Sequence[Act]) -> list[ActView]:
    """All acts about an alert, oldest first, for the API. What left the state as it was is a note."""
    before = [alerts.OPEN, *(act.state for act in acts)]
    return [
        ActView(act.id, written(act.at), act.who, act.state, act.why, act.state == was)  # type: ignore[arg-type]
        for act, was in zip(acts, before, strict=False)
    ]
