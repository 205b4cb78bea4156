"""Araña's rule against password spraying and stuffing: an address is bad for the day once most of its logins fail.

Islam, Bohuk, Chung, Ristenpart, Chatterjee: «Araña: Discovering and Characterizing Password Guessing Attacks in
Practice» (USENIX Security 2023): an address is suspicious on a day with more than 7 requests of which more than 80 %
fail. Here it is applied as the stream runs: a login is judged by what its address has done so far that day.
"""

import math

from kuraban.baselines.stream import Event
from kuraban.evaluate.files import day

REQUESTS = 7
FAILING = 0.8


class Arana:
    """Score: the share of failures among the address's requests so far today, once the rule's count is passed, else 0.

    The login itself is one of the requests. The rule fires above `FAILING`.
    """

    alarm: float | None = math.nextafter(FAILING, 1.0)

    def __init__(self) -> None:
        self._day = -1
        self._requests: dict[str, int] = {}
        self._failures: dict[str, int] = {}

    def observe(self, event: Event, time: int) -> float | None:
        """Scores successful logins, learns from failed ones too."""
        failed = event.type == "login.failed"
        if not failed and event.type != "login.succeeded":
            return None
        today = day(time)
        if today > self._day:
            self._day = today
            self._requests.clear()
            self._failures.clear()
        address = event.client.ip or ""
        requests = self._requests[address] = self._requests.get(address, 0) + 1
        failures = self._failures[address] = self._failures.get(address, 0) + failed
        if failed:
            return None
        return failures / requests if requests > REQUESTS and address else 0.0
