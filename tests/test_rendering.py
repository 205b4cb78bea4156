"""Decisions written in bulk are the ones that are written one by one."""

from desk import quick_replay, story, theft
from kuraban.journal.live import Live
from kuraban.rendering import Renderer


def test_decisions_in_bulk_are_those_written_one_by_one() -> None:
    live = Live(quick_replay())
    renderer = Renderer(live.replay.writer)
    lines = story(1500) + theft("a") + theft("b", 25)
    for at in range(0, len(lines), 300):
        taken = live.take(b"\n".join(lines[at : at + 300]), 0)
        rows, batch = taken.decisions, taken.batch
        ids = [batch.id(int(row)) if row >= 0 else None for row in rows["row"]]
        times = [batch.time(int(cause)) for cause in rows["cause"]]
        accounts = [live.replay.reader.accounts.name(int(code)) for code in rows["account"]]
        found = list(renderer.decisions(rows, ids, accounts, times))
        one_by_one = [
            live.replay.writer.decision(row, *place)
            for row, place in zip(rows, zip(ids, times, strict=True), strict=True)
        ]
        assert found == one_by_one
