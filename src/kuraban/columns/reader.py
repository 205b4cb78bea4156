"""From sources of events to batches of rows: read, deduplicated, in order, and every line accounted for."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from kuraban import events
from kuraban.columns import filling
from kuraban.columns.addresses import place_cache
from kuraban.columns.batch import Batch, Pool
from kuraban.columns.bytewise import PAD, Bytes
from kuraban.columns.duplicates import Duplicates
from kuraban.columns.interning import Interner
from kuraban.columns.lateness import Lateness
from kuraban.columns.lines import EXCERPT, lines_in_hand, read_lines
from kuraban.columns.pieces import Piece, settled
from kuraban.columns.scanning import Cells, Lists, Numbers
from kuraban.columns.sources import UNUSABLE, SourceError
from kuraban.columns.vocabulary import CELL_LINE, CELL_LINE_AT, CELL_LINE_END, CELL_STATUS, STATUS_READ
from kuraban.columns.writing import Words, Writer, empty_cells, empty_lists
from kuraban.reference.zones import offset_steps

_MOST_AGENTS = 1 << 16
_LATE = "later events of the same account came before, by more than the lateness allows"


class Networks(Protocol):
    """What is needed of `reference.networks.Networks`."""

    @property
    def tables(self) -> Any:
        """What `locate` looks addresses up in."""


class Clients(Protocol):
    """What is needed of `reference.clients.Clients`."""

    def describe(self, user_agent: str, /) -> Sequence[int]:
        """Browser, its version, operating system, device class and flags."""


class Instruments(Protocol):
    """What is needed of `reference.instruments.Instruments`."""

    interner: Interner

    def ensure(self, count: int, /) -> Any:
        """Have a row for each of `count` codes."""

    def market_offsets(self, codes: NDArray[Any], times: NDArray[Any], /) -> NDArray[Any]:
        """The minute of the day at each instrument's market, -1 where unknown."""


def pieces(source: str | Path) -> Iterator[Piece]:
    """A source's lines or rows, by the ending of its name; raises `SourceError`."""
    if Path(source).suffix != ".parquet":
        return read_lines(source)
    from kuraban.columns.parquet import read_rows  # only where it is needed: loading PyArrow takes a while

    return read_rows(source)


class Reject(msgspec.Struct, frozen=True):
    """A line that became no event, and why. line: its number from 1. excerpt: its beginning, 200 characters at most."""

    source: str
    line: int
    code: str
    reason: str
    excerpt: str


@dataclass(frozen=True, eq=False)
class Taken:
    """Events out of lines in hand.

    batch: as rows. ids: uint64[n, 2], two hashes of each id. lines: int64[n], the number of each one's line from 1.
    begins, ends: int64[n], where each lies in the text. rejects: the lines that became no event.
    """

    batch: Batch
    ids: NDArray[np.uint64]
    lines: NDArray[np.int64]
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    rejects: list[Reject]


@dataclass
class Counts:
    """Every line that is not empty is counted once: `lines == accepted + duplicates + rejected.total()`.

    A source that breaks off counts as one more line, rejected.
    """

    lines: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


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
        self.accounts = Interner()
        self.instruments = instruments
        self.counts = Counts()
        self.rejected: list[Reject] = []
        self._reject_to = rejects or self.rejected.append
        self._networks = networks
        self._clients = clients
        self._zone = offset_steps(timezone)
        self._batch_rows = batch_rows
        self._duplicates = Duplicates(id_window)
        self._lateness = Lateness(round(lateness_s * 1_000_000))
        self._pool = Pool()
        self._origins: list[tuple[str, Cells]] = []  # of the rows in the pool that are new: source and lines
        self._seq = 0
        self._places = place_cache()
        self._agents = Interner()
        self._known_agents = np.zeros((0, 5), dtype=np.int64)
        self._needs = np.zeros(6, dtype=np.int64)

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
                "totals": np.array([self._seq, counts.lines, counts.accepted, counts.duplicates], dtype=np.int64),
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
        self._seq, lines, accepted, duplicates = (int(n) for n in counts["totals"])
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
        text = np.frombuffer(bytes(writer.words.raw) + bytes(PAD), dtype=np.uint8)
        kept = np.arange(len(decoded), dtype=np.int64)
        ids = np.zeros((len(kept), 2), dtype=np.uint64)
        filling.hash_ids(text, cells, kept, ids)
        pool = Pool()
        self._fill(text, cells, numbers, writer.lists, kept, ids, pool)
        return pool.batch()

    def line_rows(self, lines: bytes, admit: Callable[[NDArray[np.uint64]], NDArray[np.bool_]]) -> Taken:
        """Rows of lines in hand, as they come: nothing is reordered, and what `admit` does not take leaves no trace.

        admit: given two hashes of each id (uint64[n, 2]), which of the events to take (bool[n]); called in the order of
        the lines, several times where there are many. Neither the counts nor the window over ids are touched.
        """
        pool, rejects = Pool(), list[Reject]()
        places, taken_ids = [np.zeros((0, 3), np.int64)], [np.zeros((0, 2), np.uint64)]
        for piece in lines_in_hand(lines):
            whole = settled(piece, lambda *said: rejects.append(Reject("", *said)))
            kept, ids = _read_ids(whole)
            taken = admit(ids)
            kept, ids = kept[taken], ids[taken]
            self._fill(whole.text, whole.cells, whole.numbers, whole.lists, kept, ids, pool)
            places.append(whole.cells[kept][:, [CELL_LINE, CELL_LINE_AT, CELL_LINE_END]])
            taken_ids.append(ids)
        where = np.concatenate(places)
        return Taken(pool.batch(), np.concatenate(taken_ids), where[:, 0], where[:, 1], where[:, 2], rejects)

    def _read(self, source: str | Path) -> Iterator[Batch]:
        line = 0
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

    def _take(self, source: str, piece: Piece) -> None:
        """Add to the pool what lines have become."""

        def refuse(line: int, code: str, reason: str, excerpt: str) -> None:
            self.counts.lines += 1
            self._reject(Reject(source, line, code, reason, excerpt))

        piece = settled(piece, refuse)
        kept, ids = _read_ids(piece)
        fresh = self._duplicates.admit(ids)
        self.counts.lines += len(kept)
        if not fresh.all():
            self.counts.duplicates += len(kept) - int(np.count_nonzero(fresh))
            kept, ids = kept[fresh], ids[fresh]
        self.counts.accepted += len(kept)
        self._fill(piece.text, piece.cells, piece.numbers, piece.lists, kept, ids, self._pool)
        self._origins.append((source, piece.cells[kept, CELL_LINE]))

    def _fill(
        self,
        text: Bytes,
        cells: Cells,
        numbers: Numbers,
        lists: Lists,
        kept: NDArray[np.int64],
        ids: NDArray[np.uint64],
        pool: Pool,
    ) -> None:
        needs, interner = self._needs, self.instruments.interner
        needs[:] = 0
        filling.measure(cells, kept, lists, needs)
        pool.reserve(
            len(kept),
            int(needs[filling.NEED_WORD_BYTES]),
            int(needs[filling.NEED_POSITIONS]),
            int(needs[filling.NEED_ABOUT]),
        )
        self.accounts.reserve(len(kept), int(needs[filling.NEED_ACCOUNT_BYTES]))
        interner.reserve(len(kept) + int(needs[filling.NEED_POSITIONS]), int(needs[filling.NEED_INSTRUMENT_BYTES]))
        rows = pool.rows[pool.n : pool.n + len(kept)]
        spans = pool.spans[pool.n : pool.n + len(kept)]
        filling.fill_codes(cells, numbers, kept, *self._zone, rows)
        filling.fill_names(text, cells, kept, self.accounts.arrays, rows)
        filling.fill_places(text, cells, kept, self._networks.tables, self._places, rows)
        self._fill_agents(text, cells, kept, rows)
        filling.fill_lists(
            text, cells, kept, lists, interner.arrays, pool.positions, pool.n_positions, pool.about, pool.n_about, rows
        )
        pool.n_text = int(filling.fill_words(text, cells, kept, ids, self._seq, pool.text, pool.n_text, spans, rows))
        self._fill_markets(rows)
        pool.n += len(kept)
        pool.n_positions += int(needs[filling.NEED_POSITIONS])
        pool.n_about += int(needs[filling.NEED_ABOUT])
        self._seq += len(kept)

    def _fill_agents(self, text: Bytes, cells: Cells, kept: NDArray[np.int64], rows: NDArray[Any]) -> None:
        if len(self._agents) > _MOST_AGENTS:  # whoever sends may send a new one every time
            self._agents, self._known_agents = Interner(), self._known_agents[:0]
        self._agents.reserve(len(kept), int(self._needs[filling.NEED_AGENT_BYTES]))
        codes = np.empty(len(kept), dtype=np.int64)
        filling.intern_agents(text, cells, kept, self._agents.arrays, codes, rows)
        new = range(len(self._known_agents), len(self._agents))
        if new:
            described = np.array([tuple(self._clients.describe(self._agents.name(code))) for code in new])
            self._known_agents = np.concatenate((self._known_agents, described.astype(np.int64)))
        filling.fill_agents(codes, self._known_agents, rows)

    def _fill_markets(self, rows: NDArray[Any]) -> None:
        self.instruments.ensure(len(self.instruments.interner))
        minutes = np.full(len(rows), -1, dtype=np.int16)
        traded = np.flatnonzero(rows["instrument"] >= 0)
        if len(traded):
            minutes[traded] = self.instruments.market_offsets(rows["instrument"][traded], rows["time"][traded])
        rows["market_minute"] = minutes

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


def _read_ids(piece: Piece) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
    """Which rows of a piece were read, and both hashes of their ids."""
    kept = np.flatnonzero(piece.cells[:, CELL_STATUS] == STATUS_READ)
    ids = np.empty((len(kept), 2), dtype=np.uint64)
    filling.hash_ids(piece.text, piece.cells, kept, ids)
    return kept, ids
