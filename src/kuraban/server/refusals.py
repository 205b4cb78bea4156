"""What was refused, counted: tries to sign in to the console, and requests with a bad API key.

Somebody who wants in leaves a trace, and cannot drown it: the same refusals of an hour (by kind, address, problem, and
whose link, passkey or key it was) are one line with a count, and of an hour only so many lines are told apart. Beyond
that addresses are left out; what names somebody we know is never mixed with what does not. What was tried (a link, a
key) is never kept, only what was wrong with it.

Whoever keeps the counts fetches them with `taken`; the server's log is told of each line at the first refusal, the
tenth, the hundredth and so on, with pseudonyms in the place of addresses and people.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from kuraban.server.logs import Log

SIGN_IN, REQUEST = "sign-in", "request"
MOST = 200  # lines of an hour that are told apart by address
_HOUR = 3_600_000_000

PROBLEMS: Mapping[str, tuple[str, str]] = {
    "link-unknown": ("存在しないリンク", "no such link"),
    "link-used": ("使用済みのリンク", "a link used before"),
    "link-expired": ("期限切れのリンク", "a link that has expired"),
    "passkey-unreadable": ("パスキーとして読めない", "not a passkey's answer"),
    "passkey-unknown": ("登録のないパスキー", "no such passkey"),
    "passkey-late": ("応答の期限切れ・再送", "an answer too late, or sent again"),
    "passkey-wrong": ("パスキーの検証失敗", "a passkey whose answer is wrong"),
    "too-often": ("試行回数の超過", "too many tries"),
    "other-site": ("他のサイトからの要求", "from another site"),
    "key-missing": ("APIキーなし", "no API key"),
    "key-unknown": ("存在しないAPIキー", "no such API key"),
    "key-wrong": ("APIキーの秘密部分が不一致", "an API key with a wrong secret"),
    "key-revoked": ("失効させたAPIキー", "an API key that was revoked"),
    "key-expired": ("期限切れのAPIキー", "an API key that has expired"),
    "scope": ("APIキーの権限外", "an API key without the scope"),
}
_OF_REQUESTS = frozenset(name for name in PROBLEMS if name.startswith("key-") or name in ("scope", "other-site"))
POSSIBLE = (
    *((SIGN_IN, name) for name in PROBLEMS if name not in _OF_REQUESTS or name == "other-site"),
    *((REQUEST, name) for name in PROBLEMS if name in _OF_REQUESTS),
)


class Attempt(NamedTuple):
    """What makes refusals the same. hour: since 1970. what: `SIGN_IN` or `REQUEST`. address: of the caller, empty where
    it is not told apart. problem: one of `PROBLEMS`. whose: the person or key (`key:…`) it named, empty for nobody we
    know."""

    hour: int
    what: str
    address: str
    problem: str
    whose: str


class Tally(NamedTuple):
    """How many times. first, last: microseconds since 1970."""

    times: int
    first: int
    last: int

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(self.times + other.times, min(self.first, other.first), max(self.last, other.last))


class Refusals:
    """Counts refusals. Safe to use from several threads. now: microseconds since 1970. counted: called with each."""

    def __init__(self, now: Callable[[], int], log: Log, counted: Callable[[str, str], object] = lambda *_: None):
        self._now = now
        self._log = log
        self._counted = counted
        self._lock = threading.Lock()
        self._hour = 0
        self._seen: dict[Attempt, int] = {}  # of this hour, for the bound and the log
        self._waiting: dict[Attempt, Tally] = {}

    def note(self, what: str, address: str, problem: str, whose: str = "") -> None:
        """Something was refused."""
        self._counted(what, problem)
        now = self._now()
        with self._lock:
            if now // _HOUR > self._hour:
                self._hour = now // _HOUR
                self._seen.clear()
            attempt = Attempt(self._hour, what, address, problem, whose)
            if attempt not in self._seen and len(self._seen) >= MOST:
                attempt = attempt._replace(address="")
            count = self._seen[attempt] = self._seen.get(attempt, 0) + 1
            self._add(attempt, Tally(1, now, now))
        if count == 10 ** (len(str(count)) - 1):
            self._tell(attempt, count)

    def taken(self) -> tuple[int, dict[Attempt, Tally]]:
        """The present hour, and what was counted since this was asked last."""
        with self._lock:
            found, self._waiting = self._waiting, {}
            return max(self._hour, self._now() // _HOUR), found

    def put_back(self, tallies: Mapping[Attempt, Tally]) -> None:
        """These could not be kept: they are given out again."""
        with self._lock:
            for attempt, tally in tallies.items():
                self._add(attempt, tally)

    def _add(self, attempt: Attempt, tally: Tally) -> None:
        before = self._waiting.get(attempt)
        self._waiting[attempt] = tally if before is None else before.plus(tally)

    def _tell(self, attempt: Attempt, count: int) -> None:
        whose = attempt.whose if attempt.what == REQUEST else self._known_as(attempt.whose)
        caller = self._known_as(attempt.address)
        self._log.write(f"{attempt.what}-refused", problem=attempt.problem, whose=whose, caller=caller, this_hour=count)

    def _known_as(self, name: str) -> str:
        return self._log.pseudonym(name) if name else ""


def summed(found: Iterable[tuple[Attempt, Tally]], most: int) -> list[tuple[Attempt, Tally]]:
    """At most so many lines and a few more: those that name somebody first, then the most frequent; the rest without
    their addresses."""
    ranked = sorted(found, key=lambda each: (not each[0].whose, -each[1].times, each[0]))
    lines = dict(ranked[:most])
    for attempt, tally in ranked[most:]:
        rest = attempt._replace(address="")
        lines[rest] = lines[rest].plus(tally) if rest in lines else tally
    return list(lines.items())
