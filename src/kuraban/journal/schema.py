"""The journal's tables, and how an older journal is brought up to date.

A migration is a list of statements run once, in order, inside one transaction; `PRAGMA user_version` counts them.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

# "KRBN": says that a SQLite file is a journal of ours.
APPLICATION = 0x4B52424E


def _sum(row: str, sign: str) -> str:
    """A trigger's statements that add an alert to `alert_sum`, or take it away; a sum of none is removed."""
    at = f"{row}.state, {row}.opened / 3600000000, {row}.action"
    loss = f"CAST(round({row}.loss) AS INTEGER)"
    return (
        f"INSERT INTO alert_sum VALUES ({at}, {sign}1, {sign}{loss}) ON CONFLICT (state, hour, action)"  # noqa: S608
        " DO UPDATE SET alerts = alerts + excluded.alerts, loss = loss + excluded.loss;"
        f" DELETE FROM alert_sum WHERE (state, hour, action) = ({at}) AND alerts = 0;"
    )


def _grouped(row: str, sign: str) -> str:
    """A trigger's statement that adds an alert of a group to `alert_group`, or takes it away; times only widen."""
    return (
        f"INSERT INTO alert_group SELECT {row}.ring, {row}.state, {sign}1, {sign}CAST(round({row}.loss) AS INTEGER),"
        f" {row}.opened, {row}.updated WHERE {row}.ring IS NOT NULL ON CONFLICT (ring, state) DO UPDATE SET"
        " alerts = alerts + excluded.alerts, loss = loss + excluded.loss, opened = min(opened, excluded.opened),"
        " updated = max(updated, excluded.updated);"
    )


_EMPTY_GROUPS = (
    "DELETE FROM alert_group WHERE ring = old.ring"
    " AND NOT EXISTS (SELECT 1 FROM alert_group AS left WHERE left.ring = old.ring AND left.alerts > 0);"
)

MIGRATIONS: Sequence[Sequence[str]] = (
    (
        # One row holds a run of events in the order of arrival; a checksum over everything in it is kept with it,
        # because SQLite has none of its own.
        """CREATE TABLE block (
            first INTEGER PRIMARY KEY, count INTEGER NOT NULL, received INTEGER NOT NULL,
            events BLOB NOT NULL, marks BLOB NOT NULL, decisions BLOB NOT NULL, names BLOB NOT NULL,
            layout INTEGER NOT NULL, crc INTEGER NOT NULL)""",
        # How decision rows of a block are laid out: field types, and the signals their weights stand for.
        "CREATE TABLE layout (id INTEGER PRIMARY KEY, described TEXT NOT NULL UNIQUE)",
        # From event `first` on, this policy decided. `record` is the policy as the engine reads it.
        """CREATE TABLE policy (
            version INTEGER PRIMARY KEY, first INTEGER NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL,
            toml TEXT NOT NULL, record BLOB NOT NULL)""",
        """CREATE TABLE alert (
            id INTEGER PRIMARY KEY, account TEXT NOT NULL, state TEXT NOT NULL, opened INTEGER NOT NULL,
            updated INTEGER NOT NULL, loss REAL NOT NULL, ring TEXT, events INTEGER NOT NULL, last INTEGER NOT NULL,
            decision BLOB NOT NULL)""",
        "CREATE INDEX alert_by_loss ON alert (state, loss DESC, id DESC)",
        "CREATE INDEX alert_by_account ON alert (account, id)",
        "CREATE INDEX alert_by_ring ON alert (ring, id) WHERE ring IS NOT NULL",
        # What an alert is about, and what people did with it.
        """CREATE TABLE alert_event (
            alert INTEGER NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (alert, seq)) WITHOUT ROWID""",
        """CREATE TABLE alert_act (
            id INTEGER PRIMARY KEY, alert INTEGER NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL,
            state TEXT NOT NULL, why TEXT NOT NULL)""",
        "CREATE INDEX alert_act_by_alert ON alert_act (alert, id)",
        # Append-only: `hash` is over the row and the hash before it.
        """CREATE TABLE audit (
            n INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, who TEXT NOT NULL, body BLOB NOT NULL,
            hash BLOB NOT NULL)""",
        "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END",
        "CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END",
        # Messages to others that are still to be delivered, were, or could not be.
        """CREATE TABLE message (
            id INTEGER PRIMARY KEY, target TEXT NOT NULL, key TEXT NOT NULL, made INTEGER NOT NULL, body BLOB NOT NULL,
            state TEXT NOT NULL, tries INTEGER NOT NULL, due INTEGER NOT NULL, problem TEXT NOT NULL,
            UNIQUE (target, key))""",
        "CREATE INDEX message_due ON message (target, due) WHERE state = 'due'",
        "CREATE INDEX message_by_target ON message (target, state, id)",
        # How an owner is reached; what was replaced is kept, because a thief changes it first.
        """CREATE TABLE contact (
            account TEXT NOT NULL, url TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER,
            PRIMARY KEY (account, url)) WITHOUT ROWID""",
        # Links that were answered: each works once.
        "CREATE TABLE answered (link TEXT PRIMARY KEY, at INTEGER NOT NULL, answer TEXT NOT NULL) WITHOUT ROWID",
        # Where a policy on trial would have done something else.
        """CREATE TABLE shadow (
            seq INTEGER NOT NULL, policy TEXT NOT NULL, action INTEGER NOT NULL, probability REAL NOT NULL,
            exposure REAL NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (seq, policy)) WITHOUT ROWID""",
        # Answers given by the policy's fallback because a caller's deadline had passed.
        """CREATE TABLE fallback (
            id INTEGER PRIMARY KEY, at INTEGER NOT NULL, event TEXT NOT NULL, account TEXT NOT NULL,
            action TEXT NOT NULL, deadline_ms INTEGER NOT NULL)""",
        "CREATE INDEX fallback_by_event ON fallback (event)",
        "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    ),
    (
        # Why a policy came to decide, and who agreed where that takes two people.
        "ALTER TABLE policy ADD COLUMN why TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE policy ADD COLUMN approved_by TEXT",
        # Changes of the policy that wait, or waited, for a second person.
        """CREATE TABLE proposal (
            id INTEGER PRIMARY KEY, toml TEXT NOT NULL, who TEXT NOT NULL, why TEXT NOT NULL, at INTEGER NOT NULL,
            key TEXT, state TEXT NOT NULL, decided_by TEXT, decided_at INTEGER, decided_why TEXT NOT NULL)""",
        "CREATE INDEX proposal_waiting ON proposal (id) WHERE state = 'proposed'",
    ),
    (
        # Locks that an owner's denial (event `seq`) led to.
        """CREATE TABLE denial (
            seq INTEGER PRIMARY KEY, account TEXT NOT NULL, alert INTEGER, at INTEGER NOT NULL,
            decision BLOB NOT NULL)""",
    ),
    (
        # The strongest action an alert has led to (0 allow … 4 lock), and sums that stay cheap however many there are:
        # alerts and their expected loss (whole units of the account currency) by state, hour of opening and action.
        "ALTER TABLE alert ADD COLUMN action INTEGER NOT NULL DEFAULT 0",
        "UPDATE alert SET action = CASE json_extract(CAST(decision AS TEXT), '$.action') WHEN 'notify' THEN 1"
        " WHEN 'challenge' THEN 2 WHEN 'hold' THEN 3 WHEN 'lock' THEN 4 ELSE 0 END",
        "CREATE INDEX alert_by_action ON alert (state, action, loss DESC, id DESC)",
        "DROP INDEX alert_by_ring",
        "CREATE INDEX alert_by_group ON alert (ring, state, loss DESC, id DESC) WHERE ring IS NOT NULL",
        """CREATE TABLE alert_sum (
            state TEXT NOT NULL, hour INTEGER NOT NULL, action INTEGER NOT NULL, alerts INTEGER NOT NULL,
            loss INTEGER NOT NULL, PRIMARY KEY (state, hour, action)) WITHOUT ROWID""",
        "INSERT INTO alert_sum SELECT state, opened / 3600000000, action, count(*),"
        " sum(CAST(round(loss) AS INTEGER)) FROM alert GROUP BY 1, 2, 3",
        f"CREATE TRIGGER alert_is_summed AFTER INSERT ON alert BEGIN {_sum('new', '+')} END",
        "CREATE TRIGGER alert_is_summed_anew AFTER UPDATE OF state, opened, action, loss ON alert"
        f" BEGIN {_sum('old', '-')} {_sum('new', '+')} END",
    ),
    (
        # What goes by age is found without reading everything, and is not counted any more.
        f"CREATE TRIGGER alert_is_summed_no_more AFTER DELETE ON alert BEGIN {_sum('old', '-')} END",
        "CREATE INDEX alert_by_age ON alert (updated) WHERE state IN ('takeover', 'owner')",
        "CREATE INDEX message_by_age ON message (max(made, due)) WHERE state IN ('sent', 'dead')",
        "CREATE INDEX fallback_by_age ON fallback (at)",
        "CREATE INDEX answered_by_age ON answered (at)",
        "CREATE INDEX contact_by_end ON contact (until) WHERE until IS NOT NULL",
        # The audit log can lose its beginning, and in one way only: the newest entry says up to where, the checkpoint
        # repeats it with the hash of the last entry that goes, then entries up to there can be removed.
        """CREATE TABLE audit_checkpoint (
            n INTEGER PRIMARY KEY, hash BLOB NOT NULL, at INTEGER NOT NULL, removed INTEGER NOT NULL)""",
        """CREATE TRIGGER audit_checkpoint_is_announced BEFORE INSERT ON audit_checkpoint WHEN NOT EXISTS (
            SELECT 1 FROM audit AS said JOIN audit AS last ON last.n = NEW.n AND last.hash = NEW.hash
            WHERE said.n = (SELECT max(n) FROM audit) AND said.n > NEW.n AND said.kind = 'audit-checkpoint'
            AND CAST(said.body AS TEXT) = '{"n":' || NEW.n || ',"hash":"' || lower(hex(NEW.hash)) || '","removed":'
                || NEW.removed || '}')
            BEGIN SELECT RAISE(ABORT, 'not announced in the audit log'); END""",
        """CREATE TRIGGER audit_checkpoint_is_not_changed BEFORE UPDATE ON audit_checkpoint
            BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
        """CREATE TRIGGER audit_checkpoint_is_not_removed BEFORE DELETE ON audit_checkpoint
            BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
        "DROP TRIGGER audit_is_not_removed",
        """CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
            WHEN OLD.n > coalesce((SELECT max(n) FROM audit_checkpoint), 0)
            BEGIN SELECT RAISE(ABORT, 'append-only'); END""",
    ),
    (
        # Each ring and spray by the state of its alerts: how many, their expected loss (whole units of the account
        # currency), the first and last time. A group may have tens of thousands of them.
        """CREATE TABLE alert_group (
            ring TEXT NOT NULL, state TEXT NOT NULL, alerts INTEGER NOT NULL, loss INTEGER NOT NULL,
            opened INTEGER NOT NULL, updated INTEGER NOT NULL, PRIMARY KEY (ring, state)) WITHOUT ROWID""",
        "INSERT INTO alert_group SELECT ring, state, count(*), sum(CAST(round(loss) AS INTEGER)), min(opened),"
        " max(updated) FROM alert WHERE ring IS NOT NULL GROUP BY ring, state",
        "CREATE TRIGGER alert_is_grouped AFTER INSERT ON alert WHEN new.ring IS NOT NULL"
        f" BEGIN {_grouped('new', '+')} END",
        "CREATE TRIGGER alert_is_grouped_anew AFTER UPDATE OF ring, state, updated, loss ON alert"
        " WHEN old.ring IS NOT NULL OR new.ring IS NOT NULL"
        f" BEGIN {_grouped('old', '-')} {_grouped('new', '+')} END",
        "CREATE TRIGGER alert_is_grouped_no_more AFTER DELETE ON alert WHEN old.ring IS NOT NULL"
        f" BEGIN {_grouped('old', '-')} {_EMPTY_GROUPS} END",
        "CREATE INDEX alert_by_joining ON alert (ring, opened, id, state) WHERE ring IS NOT NULL",
        # The audit log is looked through by what was done and by whom.
        "CREATE INDEX audit_by_kind ON audit (kind, n)",
        "CREATE INDEX audit_by_who ON audit (who, n)",
    ),
    (
        # What each second of the last hour had; see `rates`.
        """CREATE TABLE rate (
            slot INTEGER PRIMARY KEY, second INTEGER NOT NULL, as_of INTEGER NOT NULL, usual_alerts REAL NOT NULL,
            usual_decisions REAL NOT NULL, events INTEGER NOT NULL, allow INTEGER NOT NULL, notify INTEGER NOT NULL,
            challenge INTEGER NOT NULL, hold INTEGER NOT NULL, lock INTEGER NOT NULL)""",
    ),
    (
        # Who has agreed to a proposal; some need two.
        """CREATE TABLE approval (
            proposal INTEGER NOT NULL, n INTEGER NOT NULL, who TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
            why TEXT NOT NULL, PRIMARY KEY (proposal, n)) WITHOUT ROWID""",
    ),
    (
        # The highest numbers that alerts and acts have had: what has been removed must not lend its number to another,
        # because links, messages and events of verdicts go by it.
        "CREATE TABLE highest (name TEXT PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
        """INSERT INTO highest SELECT 'alert', max(
            coalesce((SELECT max(id) FROM alert), 0),
            coalesce((SELECT max(json_extract(CAST(body AS TEXT), '$.alert')) FROM audit WHERE kind = 'alert'), 0))""",
        "INSERT INTO highest SELECT 'alert_act', coalesce(max(id), 0) FROM alert_act",
    ),
    (
        # Whose account an entry of the audit log is about, for whoever looks for all there is about one.
        """CREATE TABLE audit_account (
            account TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (account, n)) WITHOUT ROWID""",
        "INSERT INTO audit_account SELECT json_extract(CAST(body AS TEXT), '$.account') AS account, n FROM audit"
        " WHERE json_valid(CAST(body AS TEXT)) AND json_type(CAST(body AS TEXT), '$.account') = 'text'"
        " ORDER BY account, n",
    ),
)


class JournalError(Exception):
    """A journal that cannot be used. `code` is stable and short; the message says why and what to do."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """A connection with the settings durability rests on: write-ahead log, flushed to the disk with every commit.

    Raises sqlite3.Error as SQLite does.
    """
    uri = f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=10.0, check_same_thread=False)
    try:
        if read_only:
            connection.execute("PRAGMA query_only = 1")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            # A last resort: where a `Checkpointer` runs, it keeps the log far shorter.
            connection.execute("PRAGMA wal_autocheckpoint = 65536")
            connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA trusted_schema = 0")
        connection.execute("PRAGMA cell_size_check = 1")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def migrate(connection: sqlite3.Connection, migrations: Sequence[Sequence[str]], application: int) -> None:
    """Bring a database up to date. Raises `JournalError` for one that is not ours or is newer than this program."""
    (found,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if found != application and (found != 0 or tables):
        raise JournalError("not_ours", "the file is a SQLite database of another program; give another data folder")
    if version > len(migrations):
        raise JournalError(
            "newer", f"the data were written by a newer Kuraban (format {version}); install that version or a later one"
        )
    for number, statements in enumerate(migrations[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        # Another process (a server, `kuraban keys`) may have opened the same new file at the same moment.
        if connection.execute("PRAGMA user_version").fetchone()[0] >= number:
            connection.execute("ROLLBACK")
            continue
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {application:d}")
        connection.execute(f"PRAGMA user_version = {number:d}")
        connection.execute("COMMIT")
