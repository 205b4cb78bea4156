"""From sources of events to batches of rows: read, deduplicated, in order, and every line accounted for."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban import events
from kuraban.columns.batch import Batch, Pool
from kuraban.columns.duplicates import Duplicates
from kuraban.columns.hashing import padded
from kuraban.columns.interning import Interner
from kuraban.columns.lateness import Lateness
from kuraban.columns.lines import EXCERPT, ROWS, lines_in_hand, read_lines
from kuraban.columns.outcomes import Counts, Reject, Taken
from kuraban.columns.pieces import Piece, settled
from kuraban.columns.rows import Clients, Instruments, Networks, RowMaker, read_ids
from kuraban.columns.scanning import Cells
from kuraban.columns.sources import UNUSABLE, SourceError
from kuraban.columns.vocabulary import CELL_LINE, CELL_LINE_AT, CELL_LINE_END, CELL_TIME
from kuraban.columns.writing import Words, Writer, empty_cells, empty_lists

_MOST_AT_FIRST = 1 << 17
_LATE = "later events of the same account came before, by more than the lateness allows"


def _ahead(piece: Piece, index: int, latest: int) -> Reject:
    at = datetime.fromtimestamp(latest / 1e6, UTC).isoformat(timespec="seconds")
    reason = f"later than {at}: the clock here, or there, is wrong"
    return Reject("", int(piece.cells[index, CELL_LINE]), "bad_time", reason, piece.excerpt(index))


def pieces(source: str | Path) -> Iterator[Piece]:
    """A source's lines or rows, by the ending of its name; raises `SourceError`."""
    if Path(source).suffix.lower() != ".parquet":
        return read_lines(source)
    from kuraban.columns.parquet import read_rows  # only where it is needed: loading PyArrow takes a while

    return read_rows(source)


class Reader:
    """Turns events into rows. One reader is one stream: it remembers names, ids, and what waits for its turn.

    timezone: the broker's, for the minute of the week. lateness_s: how far events of one account may be out of order,
    0 for taking them as they come. batch_rows: about how many rows a batch has. rejects: called with each `Reject`;
    without it they collect in `rejected`. id_window: how many recent ids are at least remembered.
    """

    def __init__(
        self,
        networks: Networks,
        clients: Clients,
        instruments: Instruments,
        *,
        timezone: str = "Asia/Tokyo",
        lateness_s: float = 600.0,
        batch_rows: int = 65_536,
        rejects: Callable[[Reject], object] | None = None,
        id_window: int = 4_000_000,
    ):
        self._maker = RowMaker(networks, clients, instruments, timezone)
        self.accounts = self._maker.accounts
        self.instruments = instruments
        self.counts = Counts()
        self.rejected: list[Reject] = []
        self._reject_to = rejects or self.rejected.append
        self._batch_rows = batch_rows
        self._duplicates = Duplicates(id_window)
        self._lateness = Lateness(round(lateness_s * 1_000_000))
        self._pool = Pool()
        self._origins: list[tuple[str, Cells]] = []  # of the rows in the pool that are new: source and lines

    def read(self, sources: Sequence[str | Path]) -> Iterator[Batch]:
        """Batches of the events of some files (`-` is standard input), in order. What still waits is not flushed.

        Raises `SourceError` only where a source cannot be opened at all.
        """
        for source in sources:
            yield from self._read(source)
        yield from self._release()

    def flush(self) -> Iterator[Batch]:
        """What still waits, at the end of the stream."""
        yield from self._release()
        if self._pool.n:
            order = self._lateness.flush(self._pool.rows[: self._pool.n])
            yield self._pool.take(order).batch()
            self._pool = Pool()

    @property
    def waiting(self) -> int:
        """How many events wait because later ones may still have to go before them."""
        return self._pool.n

    def state(self) -> dict[str, NDArray[Any]]:
        """Everything that is remembered between events, as arrays under dotted names."""
        counts = self.counts
        codes = sorted(counts.rejected)
        parts = {
            "accounts": self.accounts.to_arrays(),
            "instruments": self.instruments.interner.to_arrays(),
            "duplicates": self._duplicates.state(),
            "lateness": self._lateness.state(),
            "held": self._pool.state(),
            "counts": {
                "totals": np.array([self._maker.seq, counts.lines, counts.accepted, counts.duplicates], dtype=np.int64),
                "codes": np.array(codes, dtype="U32"),
                "rejected": np.array([counts.rejected[code] for code in codes], dtype=np.int64),
            },
        }
        return {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}

    def restore(self, state: dict[str, NDArray[Any]]) -> None:
        """Go on where the reader that gave `state` stopped.

        Raises ValueError where the state does not fit this reader: another lateness, or instruments that have other
        codes now.
        """
        parts: dict[str, dict[str, NDArray[Any]]] = {}
        for key, array in state.items():
            part, _, name = key.partition(".")
            parts.setdefault(part, {})[name] = array
        self._restore_instruments(Interner.from_arrays(parts["instruments"]))
        self.accounts.restore(parts["accounts"])
        self._duplicates.restore(parts["duplicates"])
        self._pool = Pool.of(parts["held"])
        self._lateness.restore(parts["lateness"], self._pool.n)
        self._origins.clear()
        counts = parts["counts"]
        self._maker.seq, lines, accepted, duplicates = (int(n) for n in counts["totals"])
        rejected = zip(counts["codes"].tolist(), counts["rejected"].tolist(), strict=True)
        self.counts = Counts(lines, accepted, duplicates, Counter(dict(rejected)))

    def _restore_instruments(self, saved: Interner) -> None:
        """Take over the instruments of a state. Codes are kept in profiles, so each has to mean the same as then."""
        interner = self.instruments.interner
        for code in range(len(saved)):
            if interner.intern(saved.name(code)) != code:
                raise ValueError("the state was saved with other instruments, or in another order")
        self.instruments.ensure(len(interner))

    def event_rows(self, decoded: Sequence[events.Event]) -> Batch:
        """Rows of events in hand, as they are: nothing is reordered, nothing is taken for a duplicate.

        Raises `EventError` where a time is none.
        """
        cells, numbers = empty_cells(len(decoded))
        writer = Writer(Words(0), empty_lists(16))
        for i, event in enumerate(decoded):
            writer.write(event, cells[i], numbers[i])
        pool = Pool()
        piece = Piece(padded(bytes(writer.words.raw)), cells, numbers, writer.lists)
        self._maker.add(piece, *read_ids(piece), pool)
        return pool.batch()

    def line_rows(
        self, lines: bytes, admit: Callable[[NDArray[np.uint64]], NDArray[np.bool_]], latest: int = events.LATEST
    ) -> Taken:
        """Rows of lines in hand, as they come: nothing is reordered, and what `admit` does not take leaves no trace.

        admit: given two hashes of each id (uint64[n, 2]), which of the events to take (bool[n]); called in the order of
        the lines, several times where there are many. latest: events of a later time (µs) are rejected. Neither the
        counts nor the window over ids are touched.
        """
        pool, rejects = Pool(), list[Reject]()
        places, taken_ids = [np.zeros((0, 3), np.int64)], [np.zeros((0, 2), np.uint64)]
        for piece in lines_in_hand(lines):
            whole = settled(piece, lambda *said: rejects.append(Reject("", *said)))
            kept, ids = read_ids(whole)
            early = whole.cells[kept, CELL_TIME] <= latest
            if not early.all():
                rejects.extend(_ahead(whole, i, latest) for i in kept[~early].tolist())
                kept, ids = kept[early], ids[early]
            taken = admit(ids)
            kept, ids = kept[taken], ids[taken]
            self._maker.add(whole, kept, ids, pool)
            places.append(whole.cells[kept][:, [CELL_LINE, CELL_LINE_AT, CELL_LINE_END]])
            taken_ids.append(ids)
        where = np.concatenate(places)
        return Taken(pool.batch(), np.concatenate(taken_ids), where[:, 0], where[:, 1], where[:, 2], rejects)

    def _read(self, source: str | Path) -> Iterator[Batch]:
        line = 0
        self._make_room()
        try:
            for piece in pieces(source):
                line = piece.last
                self._take(str(source), piece)
                if self._pool.n - self._lateness.held >= max(self._batch_rows, self._lateness.held):
                    yield from self._release()
        except SourceError as error:
            if error.code in UNUSABLE and line == 0:
                raise
            self.counts.lines += 1
            self._reject(Reject(str(source), line + 1, error.code, error.message, ""))

    def _make_room(self) -> None:
        """Have a first batch's room from the beginning: growing means copying. Later pools are as large as the last."""
        rows = min(self._batch_rows, _MOST_AT_FIRST) + ROWS
        self._pool.reserve(rows, 64 * rows, 2 * rows, rows)

    def _take(self, source: str, piece: Piece) -> None:
        """Add to the pool what lines have become."""

        def refuse(line: int, code: str, reason: str, excerpt: str) -> None:
            self.counts.lines += 1
            self._reject(Reject(source, line, code, reason, excerpt))

        piece = settled(piece, refuse)
        kept, ids = read_ids(piece)
        fresh = self._duplicates.admit(ids)
        self.counts.lines += len(kept)
        if not fresh.all():
            self.counts.duplicates += len(kept) - int(np.count_nonzero(fresh))
            kept, ids = kept[fresh], ids[fresh]
        self.counts.accepted += len(kept)
        self._maker.add(piece, kept, ids, self._pool)
        self._origins.append((source, piece.cells[kept, CELL_LINE]))

    def _release(self) -> Iterator[Batch]:
        """The batch of what need not wait any longer, if there is any."""
        pool, held = self._pool, self._lateness.held
        if pool.n == held:
            return
        leaves, stays, late = self._lateness.sort(pool.rows[: pool.n], len(self.accounts))
        if len(late):
            self._reject_late(late, held)
        self._origins.clear()
        self._pool = pool.take(stays, room=pool)
        if len(leaves):
            yield pool.batch_of(leaves)

    def _reject_late(self, late: NDArray[np.int64], held: int) -> None:
        """Say which of the pool's rows were late; the first `held` of them came earlier and cannot be."""
        batch, at = self._pool.batch(), held
        for source, lines in self._origins:
            for i in late[(late >= at) & (late < at + len(lines))].tolist():
                self.counts.accepted -= 1
                words = f"id {batch.id(i)}, time {batch.time(i)}"[:EXCERPT]
                self._reject(Reject(source, int(lines[i - at]), "late", _LATE, words))
            at += len(lines)

    def _reject(self, reject: Reject) -> None:
        self.counts.rejected[reject.code] += 1
        self._reject_to(reject)
