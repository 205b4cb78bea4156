"""Everything of the HTTP API that does not carry the load: one table of endpoints, each a small function.

The table is also what OpenAPI is generated from (`openapi.py`): path, scope, types and words stand in one place.
"""

import sqlite3

import msgspec
from starlette.responses import Response

from kuraban.decisions import Decision
from kuraban.events import Event
from kuraban.journal import alerts, audit
from kuraban.journal.live import Live
from kuraban.journal.store import Events
from kuraban.journal.writer import Job
from kuraban.server import accounts, api, verdicts
from kuraban.server.clock import written
from kuraban.server.contacts import contact_set
from kuraban.server.endpoint import Asked, Endpoint, answer
from kuraban.server.outputs import letters, polling
from kuraban.server.paging import cursor, limit, place
from kuraban.server.policy_routes import policy_change, policy_list, proposal_judged, proposal_list
from kuraban.server.problems import ProblemError
from kuraban.server.service import Service
from kuraban.server.timeline import items


class _OfAccount(msgspec.Struct):
    account: str


_of = msgspec.json.Decoder(_OfAccount)


async def account(asked: Asked) -> api.AccountView:
    """What is known and believed of an account."""
    name = asked.request.path_params["account"]
    live, _ = await _newest(asked.service, name)
    found = await asked.service.read(lambda connection: accounts.view(live, connection, name))
    if found is None:
        raise ProblemError(404, "not-found", "no event of this account has come yet")
    return found


async def timeline(asked: Asked) -> api.Timeline:
    """A page of an account's events."""
    name, query = asked.request.path_params["account"], asked.request.query_params
    most, start = limit(query.get("limit")), place(query.get("cursor"), int)
    live, newest = await _newest(asked.service, name)
    if newest is None:
        raise ProblemError(404, "not-found", "no event of this account has come yet")

    def look(connection: sqlite3.Connection) -> api.Timeline:
        chain = Events(connection).chain(newest if start is None else min(start, newest), most + 1)
        # A cursor leads into one account's chain; another account's is not followed.
        found = items(live, connection, chain)
        if start is not None and found and _of.decode(found[0].event).account != name:
            raise ProblemError(400, "invalid-request", "the cursor belongs to another account")
        return api.Timeline(found[:most], cursor(chain[most]) if len(chain) > most else None)

    return await asked.service.read(look)


async def _newest(service: Service, name: str) -> tuple[Live, int | None]:
    """The live state and an account's newest event, once everything before it is durable."""

    def act(live: Live) -> tuple[tuple[Live, int | None], Job | None]:
        code = live.replay.reader.accounts.find(name)
        known = code is not None and code < len(live.newest) and live.newest[code] >= 0
        return (live, int(live.newest[code]) if known else None), None

    return await service.call(act)


async def alert_list(asked: Asked) -> api.Alerts:
    """A page of alerts by expected loss."""
    query = asked.request.query_params
    state, most = query.get("state", alerts.OPEN), limit(query.get("limit"))
    if state not in alerts.STATES:
        raise ProblemError(400, "invalid-request", f"state is one of {', '.join(alerts.STATES)}")
    after = place(query.get("cursor"), tuple[float, int])
    found = await asked.service.read(
        lambda connection: alerts.ranked(
            connection,
            state=state,
            account=query.get("account"),
            ring=query.get("group"),
            after=after,
            most=most + 1,
        )
    )
    last = found[most - 1] if len(found) > most else None
    return api.Alerts(
        [verdicts.alert_view(each) for each in found[:most]], cursor((last.loss, last.id)) if last else None
    )


async def alert_detail(asked: Asked) -> api.AlertDetail:
    """An alert with its history and events."""
    number, live = asked.request.path_params["alert"], asked.service.ready().live

    def look(connection: sqlite3.Connection) -> api.AlertDetail:
        found = _alert(connection, number)
        acts = verdicts.act_views(alerts.acts_of(connection, number))
        return api.AlertDetail(
            verdicts.alert_view(found), acts, items(live, connection, alerts.events_of(connection, number, 200))
        )

    return await asked.service.read(look)


def _alert(connection: sqlite3.Connection, number: int) -> alerts.Alert:
    try:
        return alerts.get(connection, min(number, 2**62))
    except KeyError:
        raise ProblemError(404, "not-found", f"there is no alert {number}") from None


async def alert_step(asked: Asked) -> api.AlertView:
    """Change an alert's state."""
    number, body = min(asked.request.path_params["alert"], 2**62), asked.body
    expect = None
    if body.expect is not None:
        act = body.expect.act
        expect = alerts.Seen(body.expect.state, -1 if act is msgspec.UNSET else act)
    try:
        changed = await verdicts.step(asked.service, number, body.state, body.who, body.why, asked.by, expect)
    except KeyError:
        raise ProblemError(404, "not-found", f"there is no alert {number}") from None
    except alerts.ChangedError as error:
        acted = (error.act.who, written(error.act.at)) if error.act else ("", "")
        raise ProblemError(409, "changed-meanwhile", str(error), acted=acted) from None
    except alerts.IllegalStepError as error:
        raise ProblemError(409, "conflict", str(error)) from None
    return verdicts.alert_view(changed)


async def alert_note(asked: Asked) -> api.AlertView:
    """Add a note to an alert."""
    number, body = min(asked.request.path_params["alert"], 2**62), asked.body
    try:
        return verdicts.alert_view(await verdicts.note(asked.service, number, body.who, body.why, asked.by))
    except KeyError:
        raise ProblemError(404, "not-found", f"there is no alert {number}") from None


async def group_step(asked: Asked) -> api.GroupStepped:
    """Change the state of a whole group's alerts."""
    group, body = asked.request.path_params["group"], asked.body
    try:
        changed, left = await verdicts.step_group(
            asked.service, group, body.state, body.who, body.why, asked.by, body.expect
        )
    except KeyError:
        raise ProblemError(404, "not-found", "no alert of this group is open") from None
    except verdicts.GroupError as error:
        raise ProblemError(409, "changed-meanwhile", str(error)) from None
    except alerts.IllegalStepError as error:
        raise ProblemError(409, "conflict", str(error)) from None
    return api.GroupStepped(group, [verdicts.alert_view(each) for each in changed], left)


async def group_list(asked: Asked) -> api.Groups:
    """Rings and sprays with open alerts."""
    return api.Groups([api.Group(*row) for row in await asked.service.read(alerts.groups)])


async def audit_list(asked: Asked) -> api.Audit:
    """A page of the audit log."""
    query = asked.request.query_params
    most, before = limit(query.get("limit")), place(query.get("cursor"), int)
    found = await asked.service.read(lambda connection: audit.entries(connection, before, most + 1))
    shown = [
        api.AuditEntry(each.n, written(each.at), each.kind, each.who, msgspec.Raw(each.body), each.hash.hex())
        for each in found[:most]
    ]
    return api.Audit(shown, cursor(found[most - 1].n) if len(found) > most else None)


async def dead_letters(asked: Asked) -> api.Messages:
    """A page of messages that could not be delivered."""
    query = asked.request.query_params
    most, before = limit(query.get("limit")), place(query.get("cursor"), int)
    found = await asked.service.read(lambda connection: letters.dead(connection, most + 1, before, query.get("target")))
    shown = [api.Message(each.id, each.target, written(each.made), *each[3:]) for each in found[:most]]
    return api.Messages(shown, cursor(found[most - 1].id) if len(found) > most else None)


async def message_again(asked: Asked) -> api.Messages:
    """Send a message once more."""
    number = min(asked.request.path_params["message"], 2**62)
    if not await letters.again(asked.service, number, asked.by, asked.by):
        raise ProblemError(404, "not-found", f"there is no delivered or dead message {number}")
    return await dead_letters(asked)


async def messages_again(asked: Asked) -> api.SentAgain:
    """Send everything that could not be delivered to a receiver once more."""
    target = asked.body.target
    return api.SentAgain(target, await letters.all_again(asked.service, target, asked.by, asked.by))


async def poll(asked: Asked) -> api.Polled:
    """Security event tokens for a receiver that polls."""
    return await polling.poll(asked.service, asked.request.path_params["stream"], asked.body, asked.by)


async def ready(asked: Asked) -> Response:
    """Whether events are accepted, and what is wrong."""
    problems = asked.service.views()
    good = asked.service.stopped_by is None and asked.service.desk is not None
    return answer(200 if good else 503, api.Health("ready" if good else "not-ready", problems))


async def alive(asked: Asked) -> Response:
    """The process answers."""
    return Response(b'{"status":"alive"}', media_type="application/json")


async def metrics(asked: Asked) -> Response:
    """Prometheus text."""
    service, desk = asked.service, asked.service.desk
    if desk is not None:
        meters, live = service.meters, desk.live
        meters.queue.set(desk.waiting)
        meters.proposals.set(len(service.control.waiting))
        meters.state.labels("accounts").set(len(live.replay.reader.accounts))
        meters.state.labels("bytes").set(live.replay.state.profiles.nbytes + live.replay.state.crowds.nbytes)
        meters.journal.set(live.next - service.snapshots.newest())
    return Response(service.meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


ENDPOINTS = (
    Endpoint("POST", "/v1/decide", "decide", None, Event, {200: (Decision, api.Fallback), 202: api.Accepted},
             "One event, its decision (1件を判定)"),
    Endpoint("POST", "/v1/events", "decide", None, list[Event], {200: api.Outcomes},
             "Many events: a JSON array, or JSON Lines as application/x-ndjson (まとめて取り込む)"),
    Endpoint("GET", "/v1/accounts/{account}", "read", account, None, {200: api.AccountView},
             "What is known and believed of an account (口座の状態)"),
    Endpoint("GET", "/v1/accounts/{account}/events", "read", timeline, None, {200: api.Timeline},
             "An account's events with decisions, newest first (口座の履歴)", ("limit", "cursor")),
    Endpoint("PUT", "/v1/accounts/{account}/contacts", "manage", contact_set, api.Contact, {200: api.Contacts},
             "How an owner is told (本人への連絡先)"),
    Endpoint("GET", "/v1/alerts", "read", alert_list, None, {200: api.Alerts},
             "Alerts by expected loss (アラート一覧)", ("limit", "cursor", "state", "account", "group")),
    Endpoint("GET", "/v1/alerts/{alert:int}", "read", alert_detail, None, {200: api.AlertDetail},
             "An alert with its history and events (アラートの詳細)"),
    Endpoint("POST", "/v1/alerts/{alert:int}", "manage", alert_step, api.Step, {200: api.AlertView},
             "Acknowledge an alert or give a verdict (アラートの処理)"),
    Endpoint("POST", "/v1/alerts/{alert:int}/notes", "manage", alert_note, api.Note, {200: api.AlertView},
             "Add a note to an alert (アラートへのメモ)"),
    Endpoint("POST", "/v1/groups/{group:path}", "manage", group_step, api.GroupStep, {200: api.GroupStepped},
             "Acknowledge or judge a whole ring or spray at once (組織的な攻撃の一括処理)"),
    Endpoint("GET", "/v1/groups", "read", group_list, None, {200: api.Groups},
             "Rings and sprays with open alerts (組織的な攻撃の一覧)"),
    Endpoint("GET", "/v1/audit", "read", audit_list, None, {200: api.Audit},
             "The audit log, newest first (監査記録)", ("limit", "cursor")),
    Endpoint("GET", "/v1/policy", "read", policy_list, None, {200: api.Policies},
             "The policies, the present one first (ポリシー)"),
    Endpoint("POST", "/v1/policy", "manage", policy_change, api.NewPolicy, {200: api.Policies, 202: api.ProposalView},
             "Decide by another policy, propose to, or try one (ポリシーの変更・提案・試行)"),
    Endpoint("GET", "/v1/policy/proposals", "read", proposal_list, None, {200: api.Proposals},
             "Changes of the policy that wait, or waited, for a second person (変更の提案)", ("limit", "cursor")),
    Endpoint("POST", "/v1/policy/proposals/{proposal:int}", "manage", proposal_judged, api.Judgement,
             {200: api.ProposalView}, "Turn a change of the policy down, or withdraw it (提案の却下・取り下げ)"),
    Endpoint("GET", "/v1/messages/dead", "manage", dead_letters, None, {200: api.Messages},
             "Messages that could not be delivered (届かなかった通知)", ("limit", "cursor", "target")),
    Endpoint("POST", "/v1/messages/again", "manage", messages_again, api.Again, {200: api.SentAgain},
             "Send everything that could not be delivered to a receiver once more (宛先ごとの一括再送)"),
    Endpoint("POST", "/v1/messages/{message:int}/again", "manage", message_again, None, {200: api.Messages},
             "Send a message once more (通知の再送)"),
    Endpoint("POST", "/v1/shared-signals/{stream}/poll", "signals:{stream}", poll, api.Poll, {200: api.Polled},
             "Security event tokens by polling, RFC 8936 (セキュリティイベントの取得)"),
    Endpoint("GET", "/healthz", None, alive, None, {200: dict[str, str]}, "The process answers (生存確認)"),
    Endpoint("GET", "/readyz", None, ready, None, {200: api.Health, 503: api.Health},
             "Whether events are accepted, and what is wrong (準備状態)"),
    Endpoint("GET", "/metrics", "read", metrics, None, {200: str}, "Prometheus metrics (計測値)"),
)  # fmt: skip
