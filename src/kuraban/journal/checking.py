"""Is a data folder sound? Every checksum, every gap, every seal."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from kuraban import snapshot
from kuraban.journal import audit, schema, secret, store
from kuraban.journal.live import companion
from kuraban.journal.schema import JournalError
from kuraban.journal.snapshots import Snapshots
from kuraban.plurals import counted


class Finding(NamedTuple):
    """What was looked at, whether it is sound, and what was found."""

    what: str
    sound: bool
    words: str


def check(
    folder: Path, progress: Callable[[int, int], object] = lambda done, total: None, remembered: str | None = None
) -> Iterator[Finding]:
    """Look at everything; works beside a running server. remembered: a hash of the audit log that must be in it."""
    try:
        connection = schema.connect(folder / "journal.db", read_only=True)
    except sqlite3.Error as error:
        yield Finding("journal", False, f"cannot be opened: {error}")
        return
    try:
        yield _secret(folder)
        yield from _check(connection, folder, progress)
        if remembered is not None:
            yield _remembered(connection, remembered)
    except sqlite3.Error as error:
        yield Finding("journal", False, f"SQLite cannot read it: {error}; restore from a backup")
    finally:
        connection.close()


def _check(connection: sqlite3.Connection, folder: Path, progress: Callable[[int, int], object]) -> Iterator[Finding]:
    words = [row[0] for row in connection.execute("PRAGMA quick_check(10)")]
    yield Finding("database", words == ["ok"], "its pages are in order" if words == ["ok"] else "; ".join(words))
    first, end = store.bounds(connection)
    yield _blocks(connection, first, end, progress)
    yield _audit(audit.checked(connection), audit.unlisted(connection))
    yield _policies(connection)
    for path in Snapshots(folder / "state").found():
        yield _snapshot(path, end)


def _secret(folder: Path) -> Finding:
    if not (folder / secret.FILE).exists():
        return Finding("secret", False, f"{folder / secret.FILE} is missing; restore it from a backup")
    try:
        secret.load(folder)
    except (secret.SecretError, OSError) as error:
        return Finding("secret", False, str(error))
    return Finding("secret", True, "in place and whole")


def _audit(chain: audit.Chain, unlisted: int | None) -> Finding:
    if chain.broken is not None:
        words = f"entry {chain.broken} does not follow from the one before; it was tampered with"
        return Finding("audit log", False, words)
    if unlisted is not None:
        return Finding("audit log", False, f"entry {unlisted} is hidden from whoever looks for its account")
    words = f"{counted(chain.entries, 'entry')}, unbroken; the last hash is {chain.last.hex()}"
    if chain.removed:
        words += f"; entries 1 to {chain.removed:,} were removed by age, as entries of the log say"
    return Finding("audit log", True, words)


class _Said(msgspec.Struct):
    """What the audit log says of a policy. record: not said by versions that did not note it yet."""

    version: int
    sha256: str
    record: str | None = None


_said = msgspec.json.Decoder(_Said)


def _policies(connection: sqlite3.Connection) -> Finding:
    """Is every policy what the audit log says that came to decide? Its text, and the numbers the engine reads."""
    bodies = connection.execute("SELECT body FROM audit WHERE kind = 'policy'")
    told = {said.version: said for said in (_said.decode(body) for (body,) in bodies)}
    kept = store.policies(connection)
    for each in kept:
        said = told.get(each.version)
        if said is None:
            continue  # its entry was removed by age, as the log's beginning says
        if said.sha256 != hashlib.sha256(each.toml.encode()).hexdigest():
            return Finding("policies", False, f"the text of policy {each.version} is not the one in the audit log")
        if said.record not in (None, each.digest()):
            return Finding("policies", False, f"policy {each.version} decides by other numbers than were audited")
    return Finding("policies", True, f"{counted(len(kept), 'version')}, as the audit log has them")


def _remembered(connection: sqlite3.Connection, hexadecimal: str) -> Finding:
    try:
        seal = bytes.fromhex(hexadecimal)
    except ValueError:
        return Finding("audit hash", False, "the hash given is not hexadecimal")
    row = audit.of_hash(connection, seal)
    if row is None and seal != audit.START:
        words = "the hash given is not in the log: entries were cut off or rewritten"
        if removed := audit.checked(connection).removed:
            words += f", or it is of an entry before {removed:,}, removed by age"
        return Finding("audit hash", False, words)
    return Finding("audit hash", True, f"the hash given is that of entry {row or 0}")


def _blocks(connection: sqlite3.Connection, first: int, end: int, progress: Callable[[int, int], object]) -> Finding:
    begins = int(store.fact(connection, store.KEPT_FROM) or 0)
    if first > begins or (end == first and begins < end):
        return Finding("events", False, f"events {begins} to {first - 1} are missing")
    at = first
    try:
        for block in store.blocks(connection, first):
            if block.first != at:
                return Finding("events", False, f"events {at} to {block.first - 1} are missing")
            at += len(block)
            progress(at - first, end - first)
    except JournalError as error:
        return Finding("events", False, str(error))
    return Finding("events", True, f"{counted(at - first, 'event')} from number {first}, every checksum right")


def _snapshot(path: Path, end: int) -> Finding:
    try:
        number = int(snapshot.load(companion(path))["next"][0])
        snapshot.load(path)
    except snapshot.SnapshotError as error:
        return Finding(path.name, False, str(error))
    if number > end:
        return Finding(path.name, False, f"knows events up to {number}, the journal ends at {end}: events were lost")
    return Finding(path.name, True, f"the state before event {number:,}")
