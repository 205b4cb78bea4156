"""The three inputs, read as a stream: only the fields that the metrics need, one record in memory at a time."""

import errno
import gzip
import io
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, TypeVar

import msgspec
import pyarrow.parquet
import zstandard

Time = Annotated[datetime, msgspec.Meta(tz=True)]
DAY = 86_400_000_000
JST = 9 * 3_600_000_000
T = TypeVar("T")


def micros(time: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z."""
    return round(time.timestamp() * 1e6)


def day(time: int) -> int:
    """The calendar day in Japan (UTC+9) of a time in microseconds, as days since 1970-01-01."""
    return (time + JST) // DAY


class Client(msgspec.Struct, gc=False):
    """`client` of an event, as far as segments need it."""

    ip: str | None = None
    device: str | None = None
    channel: str | None = None


class Auth(msgspec.Struct, gc=False):
    """`auth` of an event."""

    method: str | None = None


class Order(msgspec.Struct, gc=False):
    """`order` of an event; money in account currency."""

    instrument: str | None = None
    side: str | None = None
    quantity: float | None = None
    price: float | None = None
    notional: float | None = None
    margin: bool | None = None
    recurring: bool | None = None


class Cash(msgspec.Struct, gc=False):
    """`cash` of an event; money in account currency."""

    amount: float | None = None


class Event(msgspec.Struct, gc=False):
    """An event, as far as the metrics need it."""

    id: str
    time: Time
    account: str
    type: str
    session: str | None = None
    client: Client | None = None
    auth: Auth | None = None
    order: Order | None = None
    cash: Cash | None = None


class Decision(msgspec.Struct, gc=False):
    """A decision, as far as the metrics need it; `event` is None for evidence from elsewhere."""

    account: str
    time: Time
    probability: float
    event: str | None = None
    action: str = "allow"
    group: str | None = None


class Truth(msgspec.Struct):
    """One takeover: `events` are the ids of the attacker's own events."""

    account: str
    family: str
    campaign: str | None = None
    events: list[str] = []


class Unreadable:
    """Counts the records that could not be read, so that none is dropped silently."""

    def __init__(self) -> None:
        self.records = 0
        self.first: str | None = None

    def note(self, where: str, why: Exception) -> None:
        """Count one, and remember the first with its reason."""
        self.records += 1
        if self.first is None:
            self.first = f"{where}: {why}"


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    if str(path) == "-":
        yield sys.stdin.buffer
    elif path.suffix == ".gz":
        with gzip.open(path, "rb") as stream:
            yield io.BufferedReader(stream, 1 << 20)
    elif path.suffix in (".zst", ".zstd"):
        with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True) as stream:
            yield io.BufferedReader(stream, 1 << 20)
    else:
        with path.open("rb", buffering=1 << 20) as stream:
            yield stream


def _parquet(path: Path, kind: type[T], unreadable: Unreadable) -> Iterator[T]:
    with pyarrow.parquet.ParquetFile(path) as file:
        wanted = [name for name in file.schema_arrow.names if name in kind.__annotations__]
        for batch in file.iter_batches(batch_size=8192, columns=wanted):
            for number, row in enumerate(batch.to_pylist()):
                try:
                    yield msgspec.convert({k: v for k, v in row.items() if v is not None}, kind)
                except msgspec.ValidationError as error:
                    unreadable.note(f"{path}, row {number} of a batch", error)


def read(paths: Iterable[Path], kind: type[T], unreadable: Unreadable) -> Iterator[T]:
    """Records of type `kind` from .jsonl, .jsonl.gz, .jsonl.zst and .parquet files in turn; `-` is standard input.

    Fields unknown to `kind` are skipped; records without its required fields are counted in `unreadable`.
    Raises OSError where a file cannot be opened, or is compressed and damaged.
    """
    decode = msgspec.json.Decoder(kind).decode
    for path in paths:
        if path.suffix == ".parquet":
            yield from _parquet(path, kind, unreadable)
            continue
        try:
            with _open(path) as stream:
                for number, line in enumerate(stream, 1):
                    try:
                        yield decode(line)
                    except (msgspec.DecodeError, UnicodeDecodeError) as error:
                        if line.strip():
                            unreadable.note(f"{path}, line {number}", error)
        except (EOFError, zlib.error, zstandard.ZstdError) as error:
            raise OSError(errno.EIO, f"breaks off or is damaged ({error})", str(path)) from error
