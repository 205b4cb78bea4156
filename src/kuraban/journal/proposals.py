"""Proposals: changes of the policy that wait for a second person, and what became of them.

    proposed → approved | rejected | withdrawn      each once, and for good

While one waits, people agree to it one by one (`Approval`); how many it takes is for `server.policies` to say.

Functions over a connection; none begins or ends a transaction.
"""

import sqlite3
from typing import Any, NamedTuple

PROPOSED, APPROVED, REJECTED, WITHDRAWN = "proposed", "approved", "rejected", "withdrawn"
_COLUMNS = "id, toml, who, why, at, key, state, decided_by, decided_at, decided_why"


class Approval(NamedTuple):
    """Somebody agreed. key: how the server knew them. at: microseconds since 1970."""

    who: str
    key: str
    at: int
    why: str


class Proposal(NamedTuple):
    """One proposal. key: how `who` was known to the server (signed in to the console, by an API key, the policy file),
    None where that was not noted. Times in microseconds since 1970."""

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
    approvals: tuple[Approval, ...] = ()


def add(connection: sqlite3.Connection, proposal: Proposal) -> None:
    """Record a proposal to which nobody has agreed yet."""
    connection.execute("INSERT INTO proposal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", proposal[:-1])


def approve(connection: sqlite3.Connection, proposal: Proposal) -> None:
    """Record the last of a proposal's approvals."""
    connection.execute(
        "INSERT INTO approval (proposal, n, who, key, at, why) VALUES (?, ?, ?, ?, ?, ?)",
        (proposal.id, len(proposal.approvals), *proposal.approvals[-1]),
    )


def settle(connection: sqlite3.Connection, proposal: Proposal) -> None:
    """Record what became of a proposal."""
    connection.execute(
        "UPDATE proposal SET state = ?, decided_by = ?, decided_at = ?, decided_why = ? WHERE id = ?",
        (proposal.state, proposal.decided_by, proposal.decided_at, proposal.decided_why, proposal.id),
    )


def waiting(connection: sqlite3.Connection) -> list[Proposal]:
    """Every proposal nobody has decided on yet, oldest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM proposal WHERE state = ? ORDER BY id", (PROPOSED,))  # noqa: S608
    return [_whole(connection, row) for row in rows.fetchall()]


def listed(connection: sqlite3.Connection, before: int | None = None, most: int = 50) -> list[Proposal]:
    """Proposals newest first, whatever became of them, older than number `before`."""
    limit = 2**62 if before is None else before
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM proposal WHERE id < ? ORDER BY id DESC LIMIT ?",  # noqa: S608
        (limit, most),
    )
    return [_whole(connection, row) for row in rows.fetchall()]


def get(connection: sqlite3.Connection, number: int) -> Proposal:
    """One proposal; raises KeyError."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM proposal WHERE id = ?", (number,)).fetchone()  # noqa: S608
    if row is None:
        raise KeyError(number)
    return _whole(connection, row)


def newest(connection: sqlite3.Connection) -> int:
    """The number of the newest proposal, 0 where there never was one."""
    (found,) = connection.execute("SELECT coalesce(max(id), 0) FROM proposal").fetchone()
    return int(found)


def _whole(connection: sqlite3.Connection, row: tuple[Any, ...]) -> Proposal:
    approvals = connection.execute("SELECT who, key, at, why FROM approval WHERE proposal = ? ORDER BY n", (row[0],))
    return Proposal(*row)._replace(approvals=tuple(Approval(*each) for each in approvals))
