"""A piece of a source: some thousand lines as cells, and what `events` makes of those that the fast path left."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from kuraban import events
from kuraban.columns.bytewise import PAD, Bytes
from kuraban.columns.scanning import Cells, Lists, Numbers
from kuraban.columns.vocabulary import CELL_LINE, CELL_STATUS, STATUS_DOUBT, STATUS_DROPPED, STATUS_READ
from kuraban.columns.writing import Words, Writer


@dataclass(frozen=True, eq=False)
class Piece:
    """Lines as cells.

    text: what the cells' words lie in, with `PAD` spare bytes. decode: the event in some row of the cells, None where
    the line is blank; raises `EventError`. excerpt: the beginning of a row's line, for people. last: how many lines
    of the source are read with this piece.
    """

    text: Bytes
    cells: Cells
    numbers: Numbers
    lists: Lists
    decode: Callable[[int], events.Event | None] = lambda row: None
    excerpt: Callable[[int], str] = lambda row: ""
    last: int = 0


def settled(piece: Piece, refuse: Callable[[int, str, str, str], object]) -> Piece:
    """The piece with every doubted row decoded, or refused: called with line, code, reason, excerpt.

    The cells are changed in place; text and lists are new ones where something was added to them.
    """
    doubtful = np.flatnonzero(piece.cells[:, CELL_STATUS] == STATUS_DOUBT)
    if not len(doubtful):
        return piece
    writer = Writer(Words(len(piece.text)), piece.lists)
    for i in doubtful.tolist():
        cells = piece.cells[i]
        cells[CELL_STATUS] = STATUS_DROPPED
        try:
            event = piece.decode(i)
        except events.EventError as error:
            refuse(int(cells[CELL_LINE]), error.code, error.message, piece.excerpt(i))
            continue
        if event is not None:
            writer.write(event, cells, piece.numbers[i])
            cells[CELL_STATUS] = STATUS_READ
    if not writer.words.raw:
        return replace(piece, lists=writer.lists)
    added = np.frombuffer(bytes(writer.words.raw) + bytes(PAD), dtype=np.uint8)
    return replace(piece, text=np.concatenate((piece.text, added)), lists=writer.lists)
