"""Bytes of a mail as text: the encodings Japanese mail really uses, and never an error.

Mailers label as ISO-2022-JP or Shift_JIS what holds NEC and IBM extensions (①, ㈱, 髙), which the strict codecs refuse:
those bytes are read as CP932, as every mail client does.
"""

import codecs
import re
from functools import lru_cache

# An allow-list: codecs such as utf-7 or unicode_escape make text out of bytes that no other reader sees as text.
_ALLOWED = {
    "ascii": "cp1252",
    "us-ascii": "cp1252",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "ms_kanji": "cp932",
    "windows-31j": "cp932",
    "cp932": "cp932",
    "euc-jp": "euc_jp",
    "x-euc-jp": "euc_jp",
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "big5": "big5",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_FAMILIES = re.compile(r"(?:iso-8859-\d{1,2}|windows-125\d|cp125\d|koi8-[ru])\Z")
_ESCAPE = re.compile(rb"\x1b(\$\(?[@B]|\([BJIH])")


def decode(data: bytes, charset: str | None) -> str:
    """The text of `data`. An unknown, missing or wrong charset is guessed; what fits nothing becomes U+FFFD."""
    name = (charset or "").strip().strip("\"'").lower()
    if name.startswith("iso-2022-jp"):
        return _iso_2022_jp(data)
    codec = _codec(name)
    if codec is None or codec == "cp1252":
        return _guess(data)
    try:
        return data.decode(codec)
    except (UnicodeDecodeError, ValueError):
        return _guess(data) if codec != "cp932" else data.decode("cp932", "replace")


@lru_cache(maxsize=256)
def _codec(name: str) -> str | None:
    if name in _ALLOWED:
        return _ALLOWED[name]
    return codecs.lookup(name).name if _FAMILIES.match(name) and _exists(name) else None


def _exists(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _guess(data: bytes) -> str:
    if b"\x1b$" in data:
        return _iso_2022_jp(data)
    for codec in ("utf-8", "cp932", "euc_jp"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", "replace")


def _iso_2022_jp(data: bytes) -> str:
    if b"\x1b" not in data:
        return data.decode("ascii") if data.isascii() else _guess(data)
    try:
        return data.decode("iso2022_jp")
    except UnicodeDecodeError:
        return _segments(data)


def _segments(data: bytes) -> str:
    """ISO-2022-JP, each escaped run by itself, kanji runs by way of CP932 so that vendor extensions survive."""
    text, at, mode = [], 0, b"(B"
    for match in _ESCAPE.finditer(data):
        text.append(_run(data[at : match.start()], mode))
        at, mode = match.end(), match.group(1)
    text.append(_run(data[at:], mode))
    return "".join(text)


def _run(run: bytes, mode: bytes) -> str:
    if mode == b"(I":
        return bytes(byte | 0x80 for byte in run).decode("cp932", "replace")
    if not mode.startswith(b"$"):
        return run.decode("ascii", "replace")
    return b"".join(_shifted(run[i], run[i + 1]) for i in range(0, len(run) - 1, 2)).decode("cp932", "replace")


def _shifted(row: int, cell: int) -> bytes:
    """One JIS X 0208 position as Shift_JIS bytes (JIS X 0208:1997, annex 1); a line end inside a run ends it."""
    if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
        return bytes(byte for byte in (row, cell) if byte in b"\r\n\t ")
    lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
    trail = cell + (0x1F if cell < 0x60 else 0x20) if row % 2 else cell + 0x7E
    return bytes((lead, trail))
