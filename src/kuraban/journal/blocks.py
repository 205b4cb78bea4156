"""A block: a run of events as they arrived, with what was decided about them, as one row of the journal."""

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import zstandard
from numpy.typing import NDArray

from kuraban.core.profile import DECISION
from kuraban.core.signals import ids as ids_of_signals
from kuraban.core.signals.catalogue import SIGNALS
from kuraban.journal.schema import JournalError

_NO_CODE = 65_535
RING = 1  # `group_kind` of a decision whose `group_key` is an instrument
MOST = 256  # events of a block: reading one event means unpacking no more than this
_MOST_BYTES = 1 << 30
_names = msgspec.json.Decoder(tuple[dict[int, str], dict[int, str]])

Row = tuple[int, int, int, bytes, bytes, bytes, bytes, int, int]
Namer = Callable[[int], str]


@dataclass(frozen=True, eq=False)
class Block:
    """Events `first`, `first` + 1, … with their decisions.

    received: when they came, microseconds since 1970. lines: the events, each a line of JSON as it came. ids:
    uint64[n, 2], two hashes of each id. previous: int64[n], the event before of the same account, -1 for none.
    decisions: DECISION[m]; their `row` and `cause` count from this block's first event. accounts, instruments: the
    names of the codes in them, which another run may number otherwise.
    """

    first: int
    received: int
    lines: tuple[bytes, ...]
    ids: NDArray[np.uint64]
    previous: NDArray[np.int64]
    decisions: NDArray[Any]
    accounts: dict[int, str]
    instruments: dict[int, str]

    def __len__(self) -> int:
        return len(self.lines)

    def decided(self, index: int) -> NDArray[Any]:
        """The decisions that event `index` of this block led to, its own and others'."""
        found: NDArray[Any] = self.decisions[self.decisions["cause"] == index]
        return found


@dataclass(frozen=True, slots=True)
class Content:
    """Of a block, what deciding on its events again takes. text: the lines. decisions: bytes of DECISION[m]."""

    first: int
    count: int
    text: bytes
    decisions: bytes


def described() -> str:
    """How decision rows are laid out by this version, as JSON."""
    fields = []
    for name, (kind, offset, *_) in sorted((DECISION.fields or {}).items(), key=lambda field: field[1][1]):
        fields.append([name, kind.base.str, list(kind.shape), offset])
    signals = [signal.id for signal in SIGNALS]
    return json.dumps({"fields": fields, "size": DECISION.itemsize, "signals": signals})


HERE = described()


def says_code(fact: int) -> bool:
    """Whether the fact of the signal about a new instrument is that instrument's code, plus one."""
    return 0 < fact < _NO_CODE


def split(
    first: int,
    received: int,
    lines: Sequence[bytes],
    ids: NDArray[np.uint64],
    previous: NDArray[np.int64],
    decisions: NDArray[Any],
    account: Namer,
    instrument: Namer,
) -> Iterator[Block]:
    """A batch as blocks. `row` and `cause` of the decisions count from the batch's first event."""
    causes = decisions["cause"]
    for at in range(0, len(lines), MOST):
        end = min(at + MOST, len(lines))
        chosen = decisions[np.searchsorted(causes, at) : np.searchsorted(causes, end)].copy()
        chosen["cause"] -= at
        chosen["row"][chosen["row"] >= 0] -= at
        accounts = {code: account(code) for code in set(chosen["account"].tolist())}
        traded = {*chosen["instrument"].tolist(), *chosen["group_key"][chosen["group_kind"] == RING].tolist()}
        traded.update(
            fact - 1 for fact in chosen["fact"][:, ids_of_signals.NOVEL_INSTRUMENT].tolist() if says_code(fact)
        )
        instruments = {code: instrument(code) for code in traded if code >= 0}
        part = tuple(lines[at:end]), ids[at:end], previous[at:end]
        yield Block(first + at, received, *part, chosen, accounts, instruments)


def pack(block: Block, layout: int) -> Row:
    """The row of the table."""
    compressor = zstandard.ZstdCompressor(level=1)
    events = compressor.compress(b"\n".join(block.lines))
    marks = block.ids.tobytes() + block.previous.tobytes()
    decisions = compressor.compress(_unpadded(block.decisions).tobytes())
    names = compressor.compress(msgspec.json.encode((block.accounts, block.instruments)))
    crc = _crc(block.first, len(block), block.received, events, marks, decisions, names)
    return block.first, len(block), block.received, events, marks, decisions, names, layout, crc


def unpack(row: Row, layouts: dict[int, str]) -> Block:
    """The block of a row. Raises `JournalError` `damaged` where the checksum or the content does not fit."""
    first, count, received, events, marks, decisions, names, layout, crc = row
    if _crc(first, count, received, events, marks, decisions, names) != crc:
        raise _damaged(first, count)
    try:
        unpacker = zstandard.ZstdDecompressor()
        lines = tuple(unpacker.decompress(events, max_output_size=_MOST_BYTES).split(b"\n"))
        ids = np.frombuffer(marks, dtype=np.uint64, count=2 * count).reshape(count, 2)
        previous = np.frombuffer(marks, dtype=np.int64, offset=16 * count, count=count)
        accounts, instruments = _names.decode(unpacker.decompress(names, max_output_size=_MOST_BYTES))
        found = _decisions(unpacker.decompress(decisions, max_output_size=_MOST_BYTES), layouts[layout])
    except (zstandard.ZstdError, msgspec.DecodeError, ValueError, KeyError) as error:
        raise _damaged(first, count) from error
    if len(lines) != count:
        raise _damaged(first, count)
    return Block(first, received, lines, ids, previous, found, accounts, instruments)


def content(row: Row, layouts: dict[int, str], unpacker: zstandard.ZstdDecompressor) -> Content:
    """The content of a row, at a fraction of what `unpack` takes. Raises `JournalError` as that does."""
    first, count, received, events, marks, decisions, names, layout, crc = row
    if _crc(first, count, received, events, marks, decisions, names) != crc:
        raise _damaged(first, count)
    try:
        text = unpacker.decompress(events, max_output_size=_MOST_BYTES)
        raw = unpacker.decompress(decisions, max_output_size=_MOST_BYTES)
        if layouts[layout] != HERE:
            raw = _decisions(raw, layouts[layout]).tobytes()
    except (zstandard.ZstdError, ValueError, KeyError) as error:
        raise _damaged(first, count) from error
    if text.count(b"\n") + 1 != count or len(raw) % DECISION.itemsize:
        raise _damaged(first, count)
    return Content(first, count, text, raw)


def _unpadded(rows: NDArray[Any]) -> NDArray[Any]:
    """Rows whose bytes between the fields are zero: NumPy leaves there what lay in memory before."""
    clean = np.zeros(rows.size, rows.dtype)
    for name in rows.dtype.names or ():
        clean[name] = rows[name]
    return clean


def _decisions(raw: bytes, layout: str) -> NDArray[Any]:
    """Decision rows in this version's layout, whatever they were written in: by names of fields and signals."""
    if layout == HERE:
        return np.frombuffer(raw, dtype=DECISION)
    then = json.loads(layout)
    names, kinds, shapes, offsets = zip(*then["fields"], strict=True)
    formats = [(kind, tuple(shape)) for kind, shape in zip(kinds, shapes, strict=True)]
    dtype = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": then["size"]})
    old = np.frombuffer(raw, dtype=dtype)
    new = np.zeros(old.size, DECISION)
    for name in set(old.dtype.names or ()) & set(DECISION.names or ()) - {"weight", "fact"}:
        if old[name].shape == new[name].shape:
            new[name] = old[name]
    codes = {signal.id: code for code, signal in enumerate(SIGNALS)}
    for at, signal in enumerate(then["signals"]):
        if signal in codes:
            new["weight"][:, codes[signal]] = old["weight"][:, at]
            new["fact"][:, codes[signal]] = old["fact"][:, at]
    return new


def _crc(first: int, count: int, received: int, *parts: bytes) -> int:
    value = zlib.crc32(b"%d %d %d" % (first, count, received))
    for part in parts:
        value = zlib.crc32(part, value)
    return value


def _damaged(first: int, count: int) -> JournalError:
    return JournalError(
        "damaged",
        f"the journal is damaged at events {first} to {first + count - 1}; restore the data folder from a backup",
    )
