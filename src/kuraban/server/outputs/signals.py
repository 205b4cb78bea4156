"""What identity systems are told: decisions, verdicts and resets as events of OpenID CAEP 1.0 and RISC 1.0.

Members are those of the final specifications of August 2025: `event_timestamp` in seconds and `initiating_entity` in
every CAEP event; `principal` and `current_level` of a risk level; `credential_type` and `change_type` of a credential.
"""

from dataclasses import dataclass
from typing import Any

from kuraban.server.outputs.settings import Stream
from kuraban.server.outputs.signing import token

CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"

# Who brought an event about, in CAEP's words.
ADMIN, USER, POLICY = "admin", "user", "policy"

# Our action or verdict → the events to send. A lock ends sessions and disables the account; a verdict of takeover asks
# for new credentials; one that it was the owner enables the account again. A reset replaces every credential; CAEP has
# no word for all of them, so it is told of the one that every receiver knows.
EVENTS: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "notify": ((CAEP + "risk-level-change", {"principal": "USER", "current_level": "MEDIUM"}),),
    "challenge": ((CAEP + "risk-level-change", {"principal": "USER", "current_level": "HIGH"}),),
    "hold": (
        (CAEP + "risk-level-change", {"principal": "USER", "current_level": "HIGH"}),
        (CAEP + "session-revoked", {}),
    ),
    "lock": ((CAEP + "session-revoked", {}), (RISC + "account-disabled", {"reason": "hijacking"})),
    "takeover": (
        (CAEP + "session-revoked", {}),
        (RISC + "account-credential-change-required", {}),
    ),
    "owner": (
        (CAEP + "risk-level-change", {"principal": "USER", "current_level": "LOW"}),
        (RISC + "account-enabled", {}),
    ),
    "reset": ((CAEP + "credential-change", {"credential_type": "password", "change_type": "update"}),),
}


@dataclass(frozen=True)
class Told:
    """Something to tell of an account. what: a key of `EVENTS`. at: when it is told, happened: when it took place
    (microseconds). reason: ja, en. by: who brought it about."""

    what: str
    account: str
    at: int
    happened: int
    reason: tuple[str, str] | None = None
    by: str = POLICY


def tokens(stream: Stream, told: Told, number: str) -> list[tuple[str, str]]:
    """Tokens with their ids: one event each, as RFC 8417 recommends."""
    made: list[tuple[str, str]] = []
    for n, (kind, fields) in enumerate(EVENTS[told.what]):
        event = dict(fields)
        if kind.startswith(CAEP):
            event |= {"event_timestamp": told.happened // 1_000_000, "initiating_entity": told.by}
            if told.reason is not None:
                event["reason_admin"] = {"ja": told.reason[0], "en": told.reason[1]}
        claims: dict[str, Any] = {
            "iss": stream.issuer,
            "aud": stream.audience,
            "iat": told.at // 1_000_000,
            "jti": f"{number}-{n}",
            "txn": number,
            "sub_id": {"format": "opaque", "id": told.account},
            "events": {kind: event},
        }
        made.append((claims["jti"], token(stream.key, claims)))
    return made
