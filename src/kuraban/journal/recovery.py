"""The way back after a stop: newest good snapshot, then the journal after it."""

import sqlite3
from collections.abc import Callable

from kuraban.journal import store
from kuraban.journal.live import Live, Recovered
from kuraban.journal.runs import policy_at
from kuraban.journal.schema import JournalError
from kuraban.journal.snapshots import Snapshots


def recover(
    connection: sqlite3.Connection,
    snapshots: Snapshots,
    make: Callable[[], Live],
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> tuple[Live, Recovered]:
    """The desk as it was after the last event of the journal. progress: called with events read back, and of how many.

    Raises `JournalError`: `damaged`, `gap`, or `lost` where a snapshot knows of events that the journal does not have.
    """
    report = Recovered()
    oldest, end = store.bounds(connection)
    live = snapshots.load(make, report.damaged)
    if live is None:
        live = make()
        live.next = oldest
        report.partial = oldest > 0
    elif live.next > end:
        raise JournalError(
            "lost",
            f"the journal ends at event {end}, a snapshot knows {live.next}: the disk lost events that were "
            "acknowledged, or an older journal was put back; restore journal and snapshots from the same backup",
        )
    elif live.next < oldest:
        raise JournalError("gap", f"events {live.next} to {oldest - 1} are missing; restore from a backup")
    report.snapshot = start = live.next
    policies = store.policies(connection)
    report.events, report.differing = live.catch_up(connection, policies, lambda done: progress(done, end - start))
    newest = policy_at(policies, live.next)
    if newest is not None:
        live.replay.policy = newest.load()
    return live, report
