"""From the cells of a piece to rows: names interned, addresses placed, user agents described."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from kuraban.columns import filling
from kuraban.columns.addresses import place_cache
from kuraban.columns.batch import Pool
from kuraban.columns.bytewise import Bytes
from kuraban.columns.interning import Interner
from kuraban.columns.pieces import Piece
from kuraban.columns.scanning import Cells
from kuraban.columns.vocabulary import CELL_STATUS, STATUS_READ
from kuraban.reference.zones import offset_steps

Kept = NDArray[np.int64]
Hashes = NDArray[np.uint64]

_MOST_AGENTS = 1 << 16


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


def read_ids(piece: Piece) -> tuple[Kept, Hashes]:
    """Which rows of a piece were read, and both hashes of their ids."""
    kept = np.flatnonzero(piece.cells[:, CELL_STATUS] == STATUS_READ)
    ids = np.empty((len(kept), 2), dtype=np.uint64)
    filling.hash_ids(piece.text, piece.cells, kept, ids)
    return kept, ids


class RowMaker:
    """Adds rows to pools. seq: how many it has added, which is the number of the next one. timezone: the broker's."""

    def __init__(self, networks: Networks, clients: Clients, instruments: Instruments, timezone: str):
        self.accounts = Interner()
        self.instruments = instruments
        self.seq = 0
        self._networks = networks
        self._clients = clients
        self._zone = offset_steps(timezone)
        self._places = place_cache()
        self._agents = Interner()
        self._known_agents = np.zeros((0, 5), dtype=np.int64)
        self._needs = np.zeros(6, dtype=np.int64)

    def add(self, piece: Piece, kept: Kept, ids: Hashes, pool: Pool) -> None:
        """Add rows of a piece to a pool. kept: which, ascending. ids: two hashes of the id of each."""
        text, cells, numbers, lists = piece.text, piece.cells, piece.numbers, piece.lists
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
        pool.n_text = int(filling.fill_words(text, cells, kept, ids, self.seq, pool.text, pool.n_text, spans, rows))
        self._fill_markets(rows)
        pool.n += len(kept)
        pool.n_positions += int(needs[filling.NEED_POSITIONS])
        pool.n_about += int(needs[filling.NEED_ABOUT])
        self.seq += len(kept)

    def _fill_agents(self, text: Bytes, cells: Cells, kept: Kept, rows: NDArray[Any]) -> None:
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
