"""A decision above allow, on its way from the engine's thread to the writer's: audited, and told to others."""

from dataclasses import dataclass

from kuraban.decisions import Decision


@dataclass(frozen=True)
class Notable:
    """A decision above allow. seq: of the event that led to it. alert: the one it belongs to, where that is known
    already. by_owner: it rests on the owner's own word."""

    decision: Decision
    raw: bytes
    seq: int
    alert: int | None = None
    by_owner: bool = False
