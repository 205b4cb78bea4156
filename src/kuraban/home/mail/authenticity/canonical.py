"""A message made ready for dkimpy: its body in canonical form (RFC 6376, section 3.4) already, in linear time.

dkimpy's own expressions take quadratic time on long runs of blanks, so that one hostile mail would stop the watch for
hours. Canonical form is the same when it is taken twice, so handing it over leaves every result as it is.
"""

import re

from kuraban.home.mail.headers import split

MAX_HEADER = 64 * 1024  # bytes; dkimpy copies a field anew for each of its lines
_LINE_END = re.compile(rb"\r?\n")
# Only the start of a run is tried: without the look-behind every byte of it would be.
_TRAILING = re.compile(rb"(?<![\t ])[\t ]++\r\n")
_BLANKS = re.compile(rb"[\t ]++")


def prepared(raw: bytes, relaxed: bool) -> bytes | None:
    """The message with its body in canonical form; None where its header is larger than any honest one.

    relaxed: the body's algorithm, as in the second half of `c=`.
    """
    head, content = split(raw)
    if len(head) > MAX_HEADER:
        return None
    return head + b"\r\n\r\n" + body(content, relaxed)


def body(content: bytes, relaxed: bool) -> bytes:
    """A body in canonical form, line ends as CRLF."""
    text = _LINE_END.sub(b"\r\n", content)
    if text and not text.endswith(b"\r\n"):
        text += b"\r\n"
    if relaxed:
        text = _BLANKS.sub(b" ", _TRAILING.sub(b"\r\n", text))
    kept = _without_last_blank_lines(text)
    return kept + b"\r\n" if kept or not relaxed else b""


def _without_last_blank_lines(text: bytes) -> bytes:
    """The text without the CRLFs at its end. A carriage return by itself is no line end and stays."""
    solid = text.rstrip(b"\r\n")
    tail = text[len(solid) :]
    lone = tail.rfind(b"\r\r")
    return solid + tail[: lone + 1]
