"""Who may ask for what: API keys, and on loopback without one the caller's own computer and nobody's web page."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from kuraban.server.callers import address_of
from kuraban.server.keys import Keys
from kuraban.server.problems import ProblemError
from kuraban.server.refusals import REQUEST, Refusals

_LOCAL_NAMES = (b"localhost", b"127.0.0.1", b"[::1]")


def is_loopback(host: str) -> bool:
    """Whether a listening address can be reached from this computer only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class _NotLetInError(Exception):
    """A request that does not pass. told: what its caller is answered. problem: for us, one of `refusals.PROBLEMS`.
    key: the one it named."""

    def __init__(self, told: ProblemError, problem: str, key: str = ""):
        super().__init__(problem)
        self.told = told
        self.problem = problem
        self.key = key


class Guard:
    """Checks requests. refusals: where those that do not pass are counted. open: loopback without keys asked for: then
    nobody has to show one. behind_proxy: callers' addresses stand in X-Forwarded-For."""

    def __init__(self, keys: Keys, refusals: Refusals, *, open: bool, behind_proxy: bool = False):
        self._keys = keys
        self._refusals = refusals
        self._open = open
        self._behind_proxy = behind_proxy

    def check(self, asked: Mapping[str, Any], scope: str) -> str:
        """Let a request (of ASGI) pass, or raise `ProblemError`; who it is, for the audit log."""
        try:
            return self._check(asked, scope)
        except _NotLetInError as error:
            caller = address_of(asked, behind_proxy=self._behind_proxy)
            self._refusals.note(REQUEST, caller, error.problem, error.key)
            raise error.told from None

    def _check(self, asked: Mapping[str, Any], scope: str) -> str:
        shown = origin = host = site = b""
        for name, value in asked["headers"]:
            if name == b"authorization":
                shown = value
            elif name == b"origin":
                origin = value
            elif name == b"host":
                host = value
            elif name == b"sec-fetch-site":
                site = value
        if shown:
            return self._known(shown, scope)
        if not self._open:
            told = ProblemError(401, "unauthorized", "send the header `Authorization: Bearer <API key>`")
            raise _NotLetInError(told, "key-missing")
        # A page from elsewhere, opened in a browser here, can reach loopback too: by its own name for it (DNS
        # rebinding) or across origins.
        name = host.rpartition(b":")[0] if host.rpartition(b":")[2].isdigit() else host
        if name.lower() not in _LOCAL_NAMES or site not in (b"", b"same-origin", b"none"):
            raise _NotLetInError(ProblemError(403, "foreign-origin"), "other-site")
        if origin and origin.partition(b"://")[2] != host:
            raise _NotLetInError(ProblemError(403, "foreign-origin"), "other-site")
        return "local"

    def _known(self, shown: bytes, scope: str) -> str:
        kind, _, text = shown.partition(b" ")
        if kind.lower() != b"bearer":
            raise _NotLetInError(ProblemError(401, "unauthorized"), "key-unknown")
        key, problem = self._keys.examine(text.decode("ascii", "replace"))
        name = f"key:{key.id}" if key is not None else ""
        if key is None or problem is not None:  # the caller is not told which
            raise _NotLetInError(ProblemError(401, "unauthorized"), problem or "key-unknown", name)
        if not key.may(scope):
            told = ProblemError(403, "forbidden", f"the key `{key.name}` lacks the scope `{scope}`")
            raise _NotLetInError(told, "scope", name)
        return name
