"""An owner says that it was not him: his account is locked for it, whatever the costs say.

The engine takes an `owner.denied` event as evidence; what it then deserves is decided with the account's next act. An
owner who denies should not have to wait for the thief's next act: each of his denials is answered by a decision of its
own, `"event": null`, lock (or the gravest action the firm can take), with the belief and the exposure after the
denial. An analyst's verdict is no such word: he may give it weeks later, on an account that is long put right.
"""

import sqlite3

import msgspec
import numpy as np

from kuraban.core import policy
from kuraban.core.belief import account_probability
from kuraban.core.layout import OWNER_DENIED
from kuraban.core.policy import ACTIONS
from kuraban.core.signals.catalogue import SIGNALS
from kuraban.core.signals.ids import OWNER
from kuraban.decisions import Decision, Reason
from kuraban.journal.live import Live, Taken
from kuraban.server import verdict_ids
from kuraban.server.notable import Notable

_SIGNAL = SIGNALS[OWNER]
_REASON = Reason(_SIGNAL.id, float(_SIGNAL.high), _SIGNAL.ja, _SIGNAL.en)


def locks(live: Live, taken: Taken, secret: bytes) -> list[Notable]:
    """The decisions that the owners' denials among some events lead to. Called by the engine's thread. secret: by which
    verdicts given here are known."""
    rows = taken.batch.rows
    found = []
    for i in np.flatnonzero(rows["type"] == OWNER_DENIED).tolist():
        ours = verdict_ids.read(secret, taken.batch.id(i))
        if ours is None or ours.by_owner:
            decision = _decision(live, int(rows["account"][i]), taken.batch.time(i))
            if decision is not None:
                alert = ours.alert if ours else None
                found.append(Notable(decision, msgspec.json.encode(decision), taken.first + i, alert, by_owner=True))
    return found


def _decision(live: Live, account: int, time: str) -> Decision | None:
    profile, record = live.replay.state.profiles[account], live.replay.policy[0]
    action = max(k for k in range(len(ACTIONS)) if record["available"][k] or k == 0)
    if action == 0:
        return None  # a firm that can do nothing is told nothing
    probability = float(account_probability(profile, int(profile["last"])))
    exposure = float(policy.reach(profile, record))
    return Decision(
        None,
        live.replay.reader.accounts.name(account),
        time,
        probability,
        round(exposure),
        ACTIONS[action],
        round(probability * exposure, 2),
        (_REASON,),
        None,
    )


def record(connection: sqlite3.Connection, lock: Notable, alert: int | None, at: int) -> None:
    """Keep a lock with the event that led to it."""
    connection.execute(
        "INSERT INTO denial (seq, account, alert, at, decision) VALUES (?, ?, ?, ?, ?)",
        (lock.seq, lock.decision.account, alert, at, lock.raw),
    )


def of_event(connection: sqlite3.Connection, seq: int) -> Decision | None:
    """The lock that an event led to, None where it is no denial."""
    row = connection.execute("SELECT decision FROM denial WHERE seq = ?", (seq,)).fetchone()
    return msgspec.json.decode(row[0], type=Decision) if row else None
