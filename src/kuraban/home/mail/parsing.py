"""A raw message as what its reader would see: subject, text and links, within fixed limits of work and memory.

Attached messages and files are never opened. A message that is cut short, nested too deep, has too many parts or grows
too large is read as far as the limit, and says so.
"""

import base64
import binascii
import quopri
import re
from email.message import Message as StandardMessage
from typing import NamedTuple

from kuraban.home.mail import charsets, headers, html
from kuraban.home.mail.headers import Headers
from kuraban.home.mail.html import Link

MAX_PARTS = 100
MAX_DEPTH = 12
MAX_TEXT = 512 * 1024  # bytes of text of one part, and characters of the whole


class Message(NamedTuple):
    """A message taken apart.

    plain: its text/plain parts; rich: its text/html parts as text. limits: codes of limits hit.
    """

    headers: Headers
    body: bytes
    subject: str
    plain: str
    rich: str
    links: tuple[Link, ...]
    limits: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text, from the plain parts where they hold any."""
        return self.plain if self.plain.strip() else self.rich


def parse(raw: bytes) -> Message:
    """Take a message apart. Never raises: what makes no sense is left out."""
    block, body = headers.split(raw)
    top = headers.parse(block)
    walk = _Walk()
    walk.run(top, body)
    rich = [html.read(source) for source in walk.rich]
    plain = "\n".join(walk.plain)[:MAX_TEXT]
    links = [link for reading in rich for link in reading.links]
    seen_text = "\n".join(reading.text for reading in rich)[:MAX_TEXT]
    links.extend(html.links_of_text(plain + "\n" + seen_text))
    subject = " ".join(top.text("subject").split())[:1000]
    return Message(top, body, subject, plain, seen_text, tuple(links[: html.MAX_LINKS]), tuple(sorted(walk.limits)))


class _Walk:
    """The text parts of a message, found without recursion."""

    def __init__(self) -> None:
        self.plain: list[str] = []
        self.rich: list[str] = []
        self.limits: set[str] = set()
        self._parts = 0

    def run(self, top: Headers, body: bytes) -> None:
        todo = [(top, body, 0)]
        while todo:
            head, content, depth = todo.pop()
            self._parts += 1
            kind = _content_type(head)
            main = kind.get_content_maintype()
            if main == "multipart":
                todo.extend(reversed(self._inside(kind, content, depth)))
            elif main == "text" and not _attached(head):
                self._text(head, kind, content)

    def _inside(self, kind: StandardMessage, content: bytes, depth: int) -> list[tuple[Headers, bytes, int]]:
        boundary = _boundary(kind)
        if not boundary:
            return []
        if depth >= MAX_DEPTH:
            self.limits.add("too_deep")
            return []
        pieces, more = _pieces(content, boundary, MAX_PARTS - self._parts)
        if more:
            self.limits.add("too_many_parts")
        inside = []
        for piece in pieces:
            block, body = headers.split(piece)
            inside.append((headers.parse(block), body, depth + 1))
        return inside

    def _text(self, head: Headers, kind: StandardMessage, content: bytes) -> None:
        if len(content) > 2 * MAX_TEXT:
            self.limits.add("text_too_long")
            content = content[: 2 * MAX_TEXT]
        data = _transfer_decoded(head, content)
        if len(data) > MAX_TEXT:
            self.limits.add("text_too_long")
            data = data[:MAX_TEXT]
        text = charsets.decode(data, _parameter(kind, "charset")).replace("\r\n", "\n")
        (self.rich if kind.get_content_subtype() == "html" else self.plain).append(text)


def _content_type(head: Headers) -> StandardMessage:
    """The standard library's reading of Content-Type, which knows its parameters and their continuations."""
    message = StandardMessage()
    value = headers.unfold(head.first("content-type"))[:2000].decode("ascii", "replace")
    if value:
        message["Content-Type"] = re.sub(r"[\r\n]", " ", value)
    return message


def _parameter(kind: StandardMessage, name: str) -> str | None:
    try:
        value = kind.get_param(name)
    except (ValueError, TypeError, UnicodeError, LookupError):
        return None
    return value[2] if isinstance(value, tuple) else value


def _boundary(kind: StandardMessage) -> bytes:
    value = _parameter(kind, "boundary")
    return value.rstrip().encode("ascii", "replace")[:200] if value else b""


def _pieces(content: bytes, boundary: bytes, most: int) -> tuple[list[bytes], bool]:
    """The parts between the boundary's lines, and whether there are more than `most`."""
    pieces: list[bytes] = []
    start: int | None = None
    for match in re.finditer(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*(?:\r?\n|\Z)", content, re.MULTILINE):
        if start is not None:
            pieces.append(_without_end(content[start : match.start()]))
        start = match.end()
        if match.group(1):
            return pieces, False
        if len(pieces) >= most:
            return pieces, True
    if start is not None:
        pieces.append(content[start:])
    return pieces, False


def _without_end(piece: bytes) -> bytes:
    return piece[:-2] if piece.endswith(b"\r\n") else piece.removesuffix(b"\n")


def _attached(head: Headers) -> bool:
    return headers.unfold(head.first("content-disposition")).lower().startswith(b"attachment")


def _transfer_decoded(head: Headers, content: bytes) -> bytes:
    encoding = headers.unfold(head.first("content-transfer-encoding")).lower()
    if encoding == b"quoted-printable":
        return quopri.decodestring(content)
    if encoding == b"base64":
        cleaned = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
        try:
            return base64.b64decode(cleaned[: len(cleaned) - (len(cleaned) % 4 == 1)] + b"==")
        except binascii.Error:
            return b""
    return content
