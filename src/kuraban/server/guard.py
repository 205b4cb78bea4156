"""Who may ask for what: API keys, and on loopback without one the caller's own computer and nobody's web page."""

from collections.abc import Iterable
from ipaddress import ip_address

from kuraban.server.keys import Keys
from kuraban.server.problems import ProblemError

Headers = Iterable[tuple[bytes, bytes]]
_LOCAL_NAMES = (b"localhost", b"127.0.0.1", b"[::1]")


def is_loopback(host: str) -> bool:
    """Whether a listening address can be reached from this computer only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """Checks requests. open: loopback without keys asked for: then nobody has to show one."""

    def __init__(self, keys: Keys, *, open: bool):
        self._keys = keys
        self._open = open

    def check(self, headers: Headers, scope: str) -> str:
        """Let a request pass, or raise `ProblemError`; who it is, for the audit log."""
        shown = origin = host = site = b""
        for name, value in headers:
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
            raise ProblemError(401, "unauthorized", "send the header `Authorization: Bearer <API key>`")
        # A page from elsewhere, opened in a browser here, can reach loopback too: by its own name for it (DNS
        # rebinding) or across origins.
        name = host.rpartition(b":")[0] if host.rpartition(b":")[2].isdigit() else host
        if name.lower() not in _LOCAL_NAMES or site not in (b"", b"same-origin", b"none"):
            raise ProblemError(403, "foreign-origin")
        if origin and origin.partition(b"://")[2] != host:
            raise ProblemError(403, "foreign-origin")
        return "local"

    def _known(self, shown: bytes, scope: str) -> str:
        kind, _, text = shown.partition(b" ")
        key = self._keys.find(text.decode("ascii", "replace")) if kind.lower() == b"bearer" else None
        if key is None:
            raise ProblemError(401, "unauthorized")
        if scope not in key.scopes:
            raise ProblemError(403, "forbidden", f"the key `{key.name}` lacks the scope `{scope}`")
        return f"key:{key.id}"
