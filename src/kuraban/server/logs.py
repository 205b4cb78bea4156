"""The server's log: one JSON object a line on standard error, without personal data.

Accounts appear as pseudonyms: a keyed hash that stays the same, so that lines about one account can be found together
by whoever holds the key, and tells nobody else which account it is.
"""

import hashlib
import hmac
import logging
import sys
import threading
import traceback
from datetime import UTC, datetime
from typing import Any

import msgspec


class Log:
    """Writes lines. secret: the pseudonyms' key."""

    def __init__(self, secret: bytes):
        self._key = hmac.digest(secret, b"pseudonym", "sha256")
        self._lock = threading.Lock()
        self.quiet = False

    def pseudonym(self, account: str) -> str:
        """What stands for an account."""
        return hmac.new(self._key, account.encode(), hashlib.sha256).hexdigest()[:16]

    def write(self, event: str, *, account: str | None = None, **fields: Any) -> None:
        """Write one line."""
        if self.quiet:
            return
        line: dict[str, Any] = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
        if account is not None:
            line["account"] = self.pseudonym(account)
        raw = msgspec.json.encode(line | fields).decode()
        with self._lock:
            sys.stderr.write(raw + "\n")


class Relay(logging.Handler):
    """Writes what libraries log as lines of the server's own.

    Their sentences and errors may quote whatever was sent to them, so only the unfilled sentence of the HTTP server is
    kept, and of an error its kind and where it came from.
    """

    _FRAMES = 12

    def __init__(self, log: Log):
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        fields: dict[str, Any] = {"by": record.name, "at": f"{record.module}:{record.lineno}"}
        if record.name.startswith(("uvicorn", "asyncio")):
            fields["problem"] = str(record.msg).partition("\n")[0][:200]
        if record.exc_info is not None and record.exc_info[1] is not None:
            frames = traceback.extract_tb(record.exc_info[1].__traceback__)[-self._FRAMES :]
            fields["kind"] = type(record.exc_info[1]).__name__
            fields["trace"] = [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames]
        self._log.write("library", **fields)
