"""JSON Lines as pieces: blocks of text scanned where they lie."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from kuraban import events
from kuraban.columns.bytewise import PAD, Bytes
from kuraban.columns.pieces import Piece
from kuraban.columns.scanning import Cells, Lists, Numbers, scan
from kuraban.columns.sources import TAIL, blocks
from kuraban.columns.vocabulary import CELL_LINE_AT, CELL_LINE_END
from kuraban.columns.writing import empty_cells, empty_lists

ROWS = 8192  # lines that are read before they are filled: their cells stay in the processor's cache
EXCERPT = 200  # characters

_LIST = events.MAX_LINE // 3 + 1  # no line says more positions than this


def read_lines(source: str | Path) -> Iterator[Piece]:
    """The lines of a source; a piece's arrays are used again for the next one. Raises `SourceError`."""
    yield from _pieces(blocks(source), ROWS, _LIST, TAIL)


def lines_in_hand(raw: bytes) -> Iterator[Piece]:
    """The lines of a text; a piece's arrays are used again for the next one."""
    text = np.zeros(2 * len(raw) + 1 + PAD, dtype=np.uint8)
    text[: len(raw)] = np.frombuffer(raw, dtype=np.uint8)
    text[len(raw)] = ord("\n")
    rows, longest = min(ROWS, raw.count(b"\n") + 1), min(_LIST, len(raw) // 3 + 1)
    yield from _pieces([(text, len(raw) + 1)], rows, longest, len(raw))


def _pieces(texts: Iterable[tuple[Bytes, int]], rows: int, longest: int, tail: int) -> Iterator[Piece]:
    """tail: how many bytes at the end of each text, before its `PAD`, are spare."""
    cells, numbers = empty_cells(rows)
    lists = empty_lists(longest)
    line = 0
    for text, end in texts:
        at = 0
        while at < end:
            lists[3][:] = 0, 0, len(text) - PAD - tail, len(text) - PAD
            at, line, n = scan(text, at, end, line, cells, numbers, lists)
            yield _piece(text, cells[:n], numbers[:n], lists, int(line))


def _piece(text: Bytes, cells: Cells, numbers: Numbers, lists: Lists, line: int) -> Piece:
    def raw(i: int) -> bytes:
        return text[cells[i, CELL_LINE_AT] : cells[i, CELL_LINE_END]].tobytes()

    def decode(i: int) -> events.Event | None:
        words = raw(i)
        blank = len(words) <= events.MAX_LINE and not words.strip(b" \t\r")
        return None if blank else events.decode(words)

    def excerpt(i: int) -> str:
        return raw(i)[: 4 * EXCERPT].decode("utf-8", "replace")[:EXCERPT]

    return Piece(text, cells, numbers, lists, decode, excerpt, line)
