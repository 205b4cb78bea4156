"""The server's log: one JSON object a line on standard error, without personal data.

Accounts appear as pseudonyms: a keyed hash that stays the same, so that lines about one account can be found together
by whoever holds the key, and tells nobody else which account it is.
"""

import hashlib
import hmac
import sys
import threading
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
