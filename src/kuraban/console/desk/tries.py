"""How often somebody may fail to sign in: a small store of tries for each address, filled again with time.

Links and passkeys cannot be guessed; this keeps those who try from making work for the disk and noise in the audit log.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST = 20  # failures at once
FILL_S = 3.0  # seconds for one more
_ADDRESSES = 4096


class Tries:
    """Counts failures by address. Safe to use from several threads. now: seconds, of a clock that only goes on."""

    def __init__(self, now: Callable[[], float] = time.monotonic):
        self._now = now
        self._spent: OrderedDict[str, tuple[float, float]] = OrderedDict()  # address → (failures, as of)
        self._lock = threading.Lock()

    def wait(self, address: str) -> float:
        """For how many seconds an address has to wait, 0.0 where it may try."""
        with self._lock:
            return max(0.0, (self._left_over(address) - (MOST - 1)) * FILL_S)

    def failed(self, address: str) -> None:
        """An address has failed once more."""
        with self._lock:
            self._spent[address] = (self._left_over(address) + 1.0, self._now())
            self._spent.move_to_end(address)
            # Beyond so many addresses the one that failed longest ago is forgotten.
            while len(self._spent) > _ADDRESSES:
                self._spent.popitem(last=False)

    def _left_over(self, address: str) -> float:
        failures, at = self._spent.get(address, (0.0, 0.0))
        return max(0.0, failures - (self._now() - at) / FILL_S)
