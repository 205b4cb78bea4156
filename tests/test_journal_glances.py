"""Glances: the same events and the same chains as whole blocks give."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from desk import quick_replay, story
from kuraban.journal import schema, store
from kuraban.journal.glances import Glances
from kuraban.journal.live import Live
from kuraban.journal.schema import JournalError


@pytest.fixture
def journal(tmp_path: Path) -> sqlite3.Connection:
    connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    live, lines = Live(quick_replay()), story(900)
    for at in range(0, 900, 300):
        taken = live.take(b"\n".join(lines[at : at + 300]), 1000 + at)
        store.append(connection, taken.blocks, store.layout(connection))
    return connection


def test_a_glance_gives_the_line_and_the_chain_a_block_gives(journal: sqlite3.Connection) -> None:
    whole, glances = store.Events(journal), Glances(journal)
    for seq in np.random.default_rng(1).integers(0, 900, 200).tolist():
        place = whole.find(seq)
        assert place is not None
        assert glances.line(seq) == (place[0].received, place[0].lines[place[1]])
        assert glances.chain(seq, 20) == whole.chain(seq, 20)
    journal.close()


def test_what_is_no_longer_kept_is_not_there(journal: sqlite3.Connection) -> None:
    journal.execute("DELETE FROM block WHERE first < 300")
    glances = Glances(journal)
    assert glances.line(10) is None
    assert glances.line(900) is None
    assert glances.chain(10, 5) == glances.chain(-1, 5) == []
    assert glances.chain(899, 900)[-1] >= 300
    journal.close()


def test_a_damaged_block_is_said_to_be(journal: sqlite3.Connection) -> None:
    journal.execute("UPDATE block SET events = x'00' WHERE first = 0")
    with pytest.raises(JournalError):
        Glances(journal).line(3)
    journal.close()
