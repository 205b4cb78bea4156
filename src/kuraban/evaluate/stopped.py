"""How much of what the attackers took the actions would have stopped.

The stream is a recording: nobody acted on the decisions, so what an action would have stopped is inferred, and every
doubt is settled for the attacker:

- `lock` stops everything on the account from that decision on;
- `hold` on an act stops that act; on a login, what its session does;
- `challenge` counts only if this thief is never seen to pass one; it then stops the act and the rest of its session;
- an action without an event (`"event": null`) stops nothing unless it is a lock; what follows has decisions of its own;
- holding a sale or a change of settings is not credited with the purchase or withdrawal it would have made impossible.

A thief who was never challenged in the recording is taken to be unable to pass, which may flatter challenges: the two
figures, with challenges and without, are the bounds.
"""

from collections import defaultdict

from kuraban.evaluate.decided import RANK, Decided, Verdict
from kuraban.evaluate.report import Value
from kuraban.evaluate.world import Takeover, World

CHALLENGE, HOLD, LOCK = RANK["challenge"], RANK["hold"], RANK["lock"]


def stopped(takeover: Takeover, verdicts: list[Verdict], challenges: bool) -> float:
    """The value of the takeover's losses that the decisions in time order stop, counting challenges or not."""
    deciding: dict[str, int] = defaultdict(int)
    for verdict in verdicts:
        if verdict.event is not None:
            deciding[verdict.event] = max(deciding[verdict.event], verdict.rank)
    locked_from = next((verdict.time for verdict in verdicts if verdict.rank == LOCK), None)
    challenges = challenges and not takeover.passes_challenges
    ended: set[str] = set()
    value = 0.0
    for act in takeover.acts:
        rank = deciding[act.id]
        by_challenge = challenges and rank == CHALLENGE
        if act.session is not None and (by_challenge or (rank == HOLD and act.type == "login.succeeded")):
            ended.add(act.session)
        locked = locked_from is not None and act.time >= locked_from
        if locked or by_challenge or rank >= HOLD or act.session in ended:
            value += act.value
    return value


def verdicts_within(takeover: Takeover, decided: Decided) -> list[Verdict]:
    """The decisions on the account, in time order, while the takeover lasts."""
    return [verdict for verdict in decided.victims.get(takeover.account, []) if takeover.covers(verdict.time)]


def values(world: World, decided: Decided) -> dict[str, Value]:
    """What was taken and what of it was stopped, overall and per family."""
    sums: dict[str, list[float]] = {"overall": [0.0, 0.0, 0.0]}
    for takeover in world.takeovers:
        verdicts = verdicts_within(takeover, decided)
        parts = (
            sum(act.value for act in takeover.acts),
            stopped(takeover, verdicts, challenges=False),
            stopped(takeover, verdicts, challenges=True),
        )
        for name in ("overall", takeover.family):
            sums[name] = [a + b for a, b in zip(sums.get(name, [0.0, 0.0, 0.0]), parts, strict=True)]
    return {
        name: Value(total, held / total if total else None, either / total if total else None)
        for name, (total, held, either) in sums.items()
    }
