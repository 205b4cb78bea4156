"""The header of a mail, field by field and byte for byte, with everything noted that two readers could see differently.

Mail systems disagree about malformed headers, and forgeries live on the disagreement (Chen, Paxson, Jiang: "Composition
Kills: A Case Study of Email Sender Authentication", USENIX Security 2020). Nothing is repaired here: a field that only
some readers would see is kept, under the name they would see it by, and its oddity is reported.
"""

import base64
import binascii
import quopri
import re
from typing import NamedTuple

from kuraban.home.mail import charsets

MAX_HEADER = 256 * 1024  # bytes of the whole header
MAX_FIELDS = 2000
MAX_VALUE = 64 * 1024  # bytes of one field

# The fields that a sound message has at most once (RFC 5322, section 3.6).
SINGLE = frozenset(
    (
        *("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "mime-version"),
        *("content-type", "content-transfer-encoding", "in-reply-to", "references"),
    )
)
# Fields about which readers must not disagree; other malformed lines are written by honest software too.
_WEIGHTY = frozenset(name.encode() for name in (*SINGLE, "authentication-results", "dkim-signature", "arc-seal"))
_BLANK = re.compile(rb"\r?\n\r?\n")
_LINE = re.compile(rb"\r\n|\n|\r")
# A folded line that would be a sender or a subject to a reader that overlooks the blank before it.
# Signatures list the names of fields in just that form, so theirs do not count.
_HIDDEN = re.compile(rb"[ \t]+(?:from|sender|subject|authentication-results)[ \t]*:", re.IGNORECASE)


class Field(NamedTuple):
    """One header field: its name in lower case, and its value as it stands, folding included."""

    name: str
    value: bytes


class Headers(NamedTuple):
    """The fields in order. oddities: codes of what is malformed; see `kuraban.home.mail.authenticity.words`."""

    fields: tuple[Field, ...]
    oddities: frozenset[str]

    def all(self, name: str) -> list[bytes]:
        """The values of every field of this name (lower case), topmost first."""
        return [field.value for field in self.fields if field.name == name]

    def first(self, name: str) -> bytes:
        """The value of the topmost field of this name, empty where there is none."""
        return next((field.value for field in self.fields if field.name == name), b"")

    def text(self, name: str) -> str:
        """The topmost field of this name, decoded."""
        return decode_words(self.first(name))


def split(raw: bytes) -> tuple[bytes, bytes]:
    """Header and body of a message or of a part of one."""
    if raw[:2] == b"\r\n":
        return b"", raw[2:]
    if raw[:1] == b"\n":
        return b"", raw[1:]
    end = _BLANK.search(raw)
    return (raw, b"") if end is None else (raw[: end.start()], raw[end.end() :])


def parse(block: bytes) -> Headers:
    """The fields of a header block. A first line `From …` of mbox is left out."""
    fields: list[tuple[str, list[bytes]]] = []
    oddities: set[str] = set()
    if len(block) > MAX_HEADER:
        block, oddities = block[:MAX_HEADER], {"header_too_long"}
    if b"\0" in block:
        oddities.add("null_byte")
    if re.search(rb"\r(?!\n)", block):
        oddities.add("bare_cr")
    for number, line in enumerate(_LINE.split(block)):
        if not line or (number == 0 and line.startswith((b"From ", b">From "))):
            continue
        if line[:1] in b" \t" and fields:
            _continue(fields, line, oddities)
        else:
            _start(fields, line, oddities)
        if len(fields) >= MAX_FIELDS:
            oddities.add("header_too_long")
            break
    parsed = tuple(Field(name, b"\r\n".join(lines)[:MAX_VALUE]) for name, lines in fields)
    names = [field.name for field in parsed]
    oddities.update(f"repeated_{name}" for name in SINGLE if names.count(name) > 1)
    return Headers(parsed, frozenset(oddities))


def _start(fields: list[tuple[str, list[bytes]]], line: bytes, oddities: set[str]) -> None:
    name, colon, value = line.partition(b":")
    bare = name.strip().strip(b"\0")
    if not colon:
        if bare.lower() in _WEIGHTY:
            oddities.add("malformed_name")
        # `From` CR LF ` : x` is a field to readers that unfold first; it is kept as the field it would become.
        fields.append((bare.decode("ascii", "replace").lower()[:80], [b""]))
        return
    if bare != name and bare.lower() in _WEIGHTY:
        oddities.add("malformed_name")
    fields.append((bare.decode("ascii", "replace").lower()[:80], [value]))


def _continue(fields: list[tuple[str, list[bytes]]], line: bytes, oddities: set[str]) -> None:
    lines = fields[-1][1]
    if lines == [b""] and line.lstrip().startswith(b":"):
        oddities.add("malformed_name")
        line = line.lstrip()[1:]
    elif _HIDDEN.match(line) and "dkim" not in fields[-1][0] and not fields[-1][0].startswith("arc-"):
        oddities.add("hidden_field")
    lines.append(line)


_WORD = re.compile(rb"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]{0,4000})\?=")
_BETWEEN = re.compile(rb"(\?=)[ \t\r\n]+(?==\?)")
_FOLD = re.compile(rb"\r?\n(?=[ \t])")


def unfold(value: bytes) -> bytes:
    """A value on one line."""
    return _FOLD.sub(b"", value).strip()


def decode_words(value: bytes) -> str:
    """A value as people see it: encoded words (RFC 2047) decoded, malformed ones left as they stand.

    Neighbouring words of one charset are joined before decoding, as mailers cut within a character.
    """
    flat = _BETWEEN.sub(rb"\1", unfold(value))
    text: list[str] = []
    held, charset, at = b"", "", 0
    for match in _WORD.finditer(flat):
        name = match.group(1).split(b"*")[0].decode("ascii", "replace").lower()
        if held and (match.start() > at or name != charset):
            text.append(charsets.decode(held, charset))
            held = b""
        if match.start() > at:
            text.append(_raw(flat[at : match.start()]))
        held, charset, at = held + _content(match.group(2), match.group(3)), name, match.end()
    if held:
        text.append(charsets.decode(held, charset))
    text.append(_raw(flat[at:]))
    return "".join(text)


def _content(encoding: bytes, content: bytes) -> bytes:
    if encoding in b"qQ":
        return quopri.decodestring(content.replace(b"_", b" "), header=True)
    cleaned = re.sub(rb"[^A-Za-z0-9+/]", b"", content)
    try:
        return base64.b64decode(cleaned[: len(cleaned) - (len(cleaned) % 4 == 1)] + b"==")
    except binascii.Error:
        return content


def _raw(value: bytes) -> str:
    return value.decode("ascii") if value.isascii() and b"\x1b" not in value else charsets.decode(value, None)
