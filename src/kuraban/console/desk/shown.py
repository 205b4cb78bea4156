"""An alert made ready for a page: its gravest decision read, and what may be done about it."""

from dataclasses import dataclass

import msgspec

from kuraban.core.policy import ACTIONS
from kuraban.decisions import Decision, Reason
from kuraban.journal.alerts import ACKNOWLEDGED, NEXT, OPEN, OWNER, TAKEOVER, Alert

_decision = msgspec.json.Decoder(Decision)

# State → the key that leads there.
KEYS = {ACKNOWLEDGED: "a", TAKEOVER: "t", OWNER: "o", OPEN: "u"}


@dataclass(frozen=True)
class Shown:
    """One alert. action: the strongest so far. seen: what an act on it has to know of it, see `read_seen`."""

    alert: Alert
    decision: Decision
    action: str
    seen: str
    steps: tuple[str, ...]

    @property
    def main(self) -> list[Reason]:
        """The two heaviest pieces of evidence for a thief, else the heaviest of all."""
        against = [reason for reason in self.decision.reasons if reason.weight > 0]
        return against[:2] or list(self.decision.reasons[:1])


def shown(alert: Alert) -> Shown:
    """An alert of the journal for a page."""
    steps = tuple(state for state in (ACKNOWLEDGED, TAKEOVER, OWNER, OPEN) if state in NEXT[alert.state])
    seen = f"{alert.state}.{alert.act or 0}"
    return Shown(alert, _decision.decode(alert.decision), ACTIONS[alert.action], seen, steps)
