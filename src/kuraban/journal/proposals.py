"""Proposals: changes of the policy that wait for a second person, and what became of them.

    proposed → approved | rejected | withdrawn      each once, and for good

Functions over a connection; none begins or ends a transaction.
"""

import sqlite3
from typing import NamedTuple

PROPOSED, APPROVED, REJECTED, WITHDRAWN = "proposed", "approved", "rejected", "withdrawn"
_COLUMNS = "id, toml, who, why, at, key, state, decided_by, decided_at, decided_why"


class Proposal(NamedTuple):
    """One proposal. key: how `who` was known to the server (an API key, the policy file), None where another part of
    the program vouches for the person. Times in microseconds since 1970."""

    id: int
    toml: str
    who: str
    why: str
    at: int
    key: str | None
    state: str = PROPOSED
    decided_by: str | None = None
    decided_at: int | None = None
    decided_why: str = ""


def add(connection: sqlite3.Connection, proposal: Proposal) -> None:
    """Record a proposal."""
    connection.execute("INSERT INTO proposal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", proposal)


def settle(connection: sqlite3.Connection, proposal: Proposal) -> None:
    """Record what became of a proposal."""
    connection.execute(
        "UPDATE proposal SET state = ?, decided_by = ?, decided_at = ?, decided_why = ? WHERE id = ?",
        (proposal.state, proposal.decided_by, proposal.decided_at, proposal.decided_why, proposal.id),
    )


def waiting(connection: sqlite3.Connection) -> list[Proposal]:
    """Every proposal nobody has decided on yet, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM proposal WHERE state = ? ORDER BY id", (PROPOSED,))  # noqa: S608
    return [Proposal(*row) for row in rows]


def listed(connection: sqlite3.Connection, before: int | None = None, most: int = 50) -> list[Proposal]:
    """Proposals newest first, whatever became of them, older than number `before`."""
    limit = 2**62 if before is None else before
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM proposal WHERE id < ? ORDER BY id DESC LIMIT ?",  # noqa: S608
        (limit, most),
    )
    return [Proposal(*row) for row in rows]


def get(connection: sqlite3.Connection, number: int) -> Proposal:
    """One proposal; raises KeyError."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM proposal WHERE id = ?", (number,)).fetchone()  # noqa: S608
    if row is None:
        raise KeyError(number)
    return Proposal(*row)


def newest(connection: sqlite3.Connection) -> int:
    """The number of the newest proposal, 0 where there never was one."""
    (found,) = connection.execute("SELECT coalesce(max(id), 0) FROM proposal").fetchone()
    return int(found)
