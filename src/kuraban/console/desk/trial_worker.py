"""A policy tried on the journal, as work beside the server: `python -m kuraban.console.desk.trial_worker`."""

from pathlib import Path

import msgspec

from kuraban.console.desk.working import Progress, work
from kuraban.journal import schema, store
from kuraban.journal.backtest import Comparison, backtest
from kuraban.journal.live import Live
from kuraban.journal.snapshots import Snapshots
from kuraban.replay import Replay


class Job(msgspec.Struct):
    """What to try. since: microseconds; the rest as the server was given it."""

    data: str
    toml: str
    since: int
    timezone: str
    instruments: str | None = None
    ipdb: str | None = None


def tried(job: Job, progress: Progress) -> Comparison:
    """Decide anew on everything since."""
    policy = store.parsed(job.toml)

    def make() -> Live:
        return Live(Replay(instruments=job.instruments, ipdb=job.ipdb, timezone=job.timezone, lateness_s=0))

    connection = schema.connect(Path(job.data) / "journal.db", read_only=True)
    try:
        return backtest(connection, Snapshots(Path(job.data) / "state"), make, policy, job.since, progress)
    finally:
        connection.close()


if __name__ == "__main__":
    work(Job, tried)
