"""The tables of DATA/people.db."""

APPLICATION = 0x4B524250  # "KRBP"
MIGRATIONS = (
    (
        """CREATE TABLE person (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, made INTEGER NOT NULL,
            removed INTEGER)""",
        """CREATE TABLE link (
            digest BLOB PRIMARY KEY, person INTEGER NOT NULL, expires INTEGER NOT NULL, used INTEGER) WITHOUT ROWID""",
        """CREATE TABLE session (
            digest BLOB PRIMARY KEY, person INTEGER NOT NULL, csrf TEXT NOT NULL, how TEXT NOT NULL,
            made INTEGER NOT NULL, seen INTEGER NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE passkey (
            id BLOB PRIMARY KEY, person INTEGER NOT NULL, name TEXT NOT NULL, public_key BLOB NOT NULL,
            uses INTEGER NOT NULL, made INTEGER NOT NULL, used INTEGER) WITHOUT ROWID""",
    ),
    (
        # What an authenticator knows a person by: nothing that tells who it is.
        "ALTER TABLE person ADD COLUMN handle BLOB NOT NULL DEFAULT x''",
        "UPDATE person SET handle = randomblob(32)",
        "ALTER TABLE session ADD COLUMN client TEXT NOT NULL DEFAULT ''",
        # The name of the server a passkey was made for; it works under no other.
        "ALTER TABLE passkey ADD COLUMN host TEXT NOT NULL DEFAULT ''",
        # What the audit log is still to be told.
        """CREATE TABLE happening (
            n INTEGER PRIMARY KEY, token TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, kind TEXT NOT NULL,
            who TEXT NOT NULL, body BLOB NOT NULL)""",
        "CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    ),
    (
        # Refused sign-ins and requests by hour, kept for a day; see `refused`.
        """CREATE TABLE refusal (
            hour INTEGER NOT NULL, what TEXT NOT NULL, address TEXT NOT NULL, problem TEXT NOT NULL,
            whose TEXT NOT NULL, times INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
            PRIMARY KEY (hour, what, address, problem, whose)) WITHOUT ROWID""",
    ),
)
