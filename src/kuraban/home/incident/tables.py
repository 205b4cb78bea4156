"""CSV tables that a spreadsheet opens as text: Japanese shows, and no cell is run as a formula."""

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins so is taken for a formula by one spreadsheet program or another (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
MAX_CELL = 2000


def csv_bytes(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """The table in UTF-8 with a byte-order mark (for Excel), every cell quoted, lines ended by CR LF."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([safe(cell) for cell in header])
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def safe(cell: str) -> str:
    """The cell on one line, without control characters, with an apostrophe before what would begin a formula."""
    text = " ".join(cell.split())
    text = "".join(sign if sign.isprintable() else "�" for sign in text)[:MAX_CELL]
    return f"'{text}" if text.startswith(_FORMULA) else text
