"""Challenges that authenticators sign: each good for one purpose, for a short time, and once.

A challenge carries its time of expiry and a seal made with a key of this process, so that handing one out costs no
memory and nobody can crowd out another's; remembered are those that were used, until they would expire anyway.

    challenge = expiry (8 bytes) ‖ random (24) ‖ HMAC-SHA256(key, expiry ‖ random ‖ purpose)
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable

CHALLENGE_S = 180
_SIZE = 8 + 24 + 32


class Challenges:
    """Makes and takes back challenges. Safe to use from several threads. now: seconds, of a clock that only goes on."""

    def __init__(self, now: Callable[[], float] = time.monotonic):
        self._now = now
        self._key = secrets.token_bytes(32)
        self._used: dict[bytes, int] = {}
        self._lock = threading.Lock()

    def make(self, purpose: str) -> bytes:
        """A challenge. purpose: what it may be used for, and by whom where that is known."""
        front = (int(self._now()) + CHALLENGE_S).to_bytes(8, "big") + secrets.token_bytes(24)
        return front + self._seal(front, purpose)

    def good(self, challenge: bytes, purpose: str) -> bool:
        """Whether this is a challenge of ours for this purpose that has neither expired nor been used."""
        front, seal = challenge[:32], challenge[32:]
        if len(challenge) != _SIZE or not hmac.compare_digest(seal, self._seal(front, purpose)):
            return False
        with self._lock:
            return int.from_bytes(front[:8], "big") > self._now() and challenge not in self._used

    def use(self, challenge: bytes) -> bool:
        """Use a good challenge up, after its signature has been found right; False where somebody was quicker."""
        now = self._now()
        with self._lock:
            self._used = {each: until for each, until in self._used.items() if until > now}
            if challenge in self._used:
                return False
            self._used[challenge] = int.from_bytes(challenge[:8], "big")
        return True

    def _seal(self, front: bytes, purpose: str) -> bytes:
        return hmac.digest(self._key, front + purpose.encode(), "sha256")
