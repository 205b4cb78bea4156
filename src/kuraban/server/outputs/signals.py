"""What identity systems are told: decisions and verdicts as events of OpenID CAEP 1.0 and RISC 1.0."""

from typing import Any

from kuraban.server.outputs.settings import Stream
from kuraban.server.outputs.signing import token

CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"

# Our action or verdict → the events to send. A lock ends sessions and disables the account; a verdict of takeover asks
# for new credentials; one that it was the owner enables the account again.
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


def tokens(
    stream: Stream, what: str, account: str, at: int, number: str, reason: tuple[str, str] | None
) -> list[tuple[str, str]]:
    """Tokens with their ids: one event each, as RFC 8417 recommends. at: microseconds; reason: ja, en."""
    made = []
    for n, (kind, fields) in enumerate(EVENTS[what]):
        event = dict(fields)
        if kind.startswith(CAEP):
            event |= {"event_timestamp": at // 1_000_000, "initiating_entity": "policy"}
            if reason is not None:
                event["reason_admin"] = {"ja": reason[0], "en": reason[1]}
        claims = {
            "iss": stream.issuer,
            "aud": stream.audience,
            "iat": at // 1_000_000,
            "jti": f"{number}-{n}",
            "txn": number,
            "sub_id": {"format": "opaque", "id": account},
            "events": {kind: event},
        }
        made.append((claims["jti"], token(stream.key, claims)))
    return made  # type: ignore[return-value]
