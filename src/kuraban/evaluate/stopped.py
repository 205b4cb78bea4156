"""How much of what the attackers took the actions would have stopped.

The stream is a recording: nobody acted on the decisions, so what an action would have stopped is inferred, and every
doubt is settled for the attacker:

- `lock` stops everything on the account from that decision on;
- `hold` on an act stops that act; on a login, what its session does;
- `challenge` stops the act and the rest of its session, as far as this thief cannot pass it;
- an action without an event (`"event": null`) stops nothing unless it is a lock; what follows has decisions of its own;
- holding a sale or a change of settings is not credited with the purchase or withdrawal it would have made impossible.

Whether a thief passes is told from the recording, in which the broker challenges too: one who is seen to pass is
stopped by no challenge, one who is seen only to fail by every one. Of a thief who met none it cannot be known; he is
taken to pass with the share of his family's thieves who did among those who met one, (passed + ½) / (met + 1), and a
challenge is credited with the rest. Thieves who steal the password alone and those who relay the owner's codes are
different families, so the share of the family says more than that of all.
"""

from collections import defaultdict
from collections.abc import Mapping

from kuraban.evaluate.decided import RANK, Decided, Verdict
from kuraban.evaluate.report import Value
from kuraban.evaluate.world import Takeover, World

CHALLENGE, HOLD, LOCK = RANK["challenge"], RANK["hold"], RANK["lock"]


def stopped(takeover: Takeover, verdicts: list[Verdict], credit: float, counted: bool = False) -> float:
    """The value of the takeover's losses that the decisions in time order stop; their number if `counted`.

    `credit`: the share of a loss that a challenge on the way to it is taken to stop.
    """
    deciding: dict[str, int] = defaultdict(int)
    for verdict in verdicts:
        if verdict.event is not None:
            deciding[verdict.event] = max(deciding[verdict.event], verdict.rank)
    locked_from = next((verdict.time for verdict in verdicts if verdict.rank == LOCK), None)
    challenged: set[str] = set()
    refused: set[str] = set()
    value = 0.0
    for act in takeover.acts:
        rank = deciding[act.id]
        if act.session is not None and rank == CHALLENGE:
            challenged.add(act.session)
        if act.session is not None and rank == HOLD and act.type == "login.succeeded":
            refused.add(act.session)
        locked = locked_from is not None and act.time >= locked_from
        weight = float(act.loss) if counted else act.value
        if locked or rank >= HOLD or act.session in refused:
            value += weight
        elif rank == CHALLENGE or act.session in challenged:
            value += credit * weight
    return value


def passing(takeovers: list[Takeover]) -> dict[str, float]:
    """Each family's share of thieves who pass a challenge, by those who met one."""
    met: dict[str, list[bool]] = defaultdict(list)
    for takeover in takeovers:
        own = met[takeover.family]
        if takeover.passes_challenges is not None:
            own.append(takeover.passes_challenges)
    return {family: (sum(own) + 0.5) / (len(own) + 1) for family, own in met.items()}


def credit(takeover: Takeover, shares: Mapping[str, float]) -> float:
    """What a challenge is worth against this thief: 0 where he is seen to pass, 1 where he is seen to fail."""
    seen = takeover.passes_challenges
    return 1.0 - shares[takeover.family] if seen is None else float(not seen)


def verdicts_within(takeover: Takeover, decided: Decided) -> list[Verdict]:
    """The decisions on the account, in time order, while the takeover lasts."""
    return [verdict for verdict in decided.victims.get(takeover.account, []) if takeover.covers(verdict.time)]


def values(world: World, decided: Decided) -> dict[str, Value]:
    """What was taken and what of it was stopped, overall and per family."""
    shares = passing(world.takeovers)
    sums: dict[str, list[float]] = {"overall": [0.0] * 6}
    for takeover in world.takeovers:
        verdicts, worth = verdicts_within(takeover, decided), credit(takeover, shares)
        parts = (
            sum(act.value for act in takeover.acts),
            stopped(takeover, verdicts, 0.0),
            stopped(takeover, verdicts, worth),
            stopped(takeover, verdicts, 1.0),
            len(takeover.losses),
            stopped(takeover, verdicts, worth, counted=True),
        )
        for name in ("overall", takeover.family):
            sums[name] = [a + b for a, b in zip(sums.get(name, [0.0] * 6), parts, strict=True)]
    return {name: _value(shares.get(name), *parts) for name, parts in sums.items()}


def _value(
    share: float | None, total: float, held: float, stopped_: float, most: float, losses: float, fewer: float
) -> Value:
    acts = fewer / losses if losses else None
    if not total:
        return Value(total, None, None, None, int(losses), acts, share)
    return Value(total, stopped_ / total, held / total, most / total, int(losses), acts, share)
