"""One HTTP POST to another system: certificates checked, redirects not followed, the answer's body bounded."""

import http.client
import socket
import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

TIMEOUT_S = 10.0
_MOST = 16_384


class PostError(Exception):
    """The message did not arrive; the text says why, without its content."""


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send; the status, 200 to 299. Raises `PostError`. Blocks for as long as `TIMEOUT_S` a step."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, body, {"user-agent": "kuraban", **headers})
        answer = connection.getresponse()
        answer.read(_MOST)
    except (OSError, http.client.HTTPException, socket.gaierror) as error:
        raise PostError(f"{type(error).__name__}: {error}"[:200]) from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise PostError(f"the receiver answered {answer.status}")
    return answer.status
