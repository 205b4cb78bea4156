"""Scores as decisions: the one form that `evaluate` judges."""

import msgspec

from kuraban.baselines.stream import Event


def probability(score: float) -> float:
    """A score as a number between 0 and 1 that ranks alike: ½(1 + s/(1 + |s|))."""
    return 0.5 * (1 + score / (1 + abs(score)))


def decision(event: Event, score: float, alarm: float | None) -> bytes:
    """One line of decisions; from `alarm` on the action is `challenge`."""
    line = {
        "event": event.id,
        "account": event.account,
        "time": event.time.isoformat(),
        "probability": probability(score),
        "action": "challenge" if alarm is not None and score >= alarm else "allow",
    }
    return msgspec.json.encode(line) + b"\n"


def file_name(baseline: str) -> str:
    """The file of a baseline's decisions: its name in plain lower-case letters."""
    letters = "".join(c if c.isascii() and c.isalnum() else "-" for c in baseline.replace("ñ", "n").lower())
    return "-".join(part for part in letters.split("-") if part) + ".jsonl"
