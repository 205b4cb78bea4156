"""Instruments: liquidity and price from the broker's CSV, and the clocks of the markets they trade on.

`instrument,name_ja,name_en,market,currency,price,adv_jpy`; only `instrument` must be there, other columns are
ignored, and what is missing is unknown (NaN or 0), never zero.
"""

import csv
import io
import math
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from kuraban.core.layout import INSTRUMENT
from kuraban.reference.errors import InstrumentTableError
from kuraban.reference.zones import offset_steps


class Market(NamedTuple):
    """One market: its MIC, its clock, its regular sessions as (open, close) minutes of its own day."""

    mic: str
    zone: str
    sessions: tuple[tuple[int, int], ...]
    suffixes: tuple[str, ...] = ()


def _hm(text: str) -> tuple[int, int]:
    start, end = text.split("-")
    return int(start[:2]) * 60 + int(start[3:]), int(end[:2]) * 60 + int(end[3:])


_JAPAN = (_hm("09:00-11:30"), _hm("12:30-15:30"))
_NEW_YORK = (_hm("09:30-16:00"),)
_CHINA = (_hm("09:30-11:30"), _hm("13:00-15:00"))

# Position + 1 is the code. Append only: codes are kept in snapshots. The engine's profiles tell the first six apart
# and take the rest together, so those that customers of Japanese brokers trade most come first. Hours are each
# exchange's published regular sessions, opening auction to close; Tokyo closes at 15:30 since 2024-11-05.
MARKETS = (
    Market("XTKS", "Asia/Tokyo", _JAPAN, (".T", ".TYO")),
    Market("XNYS", "America/New_York", _NEW_YORK),
    Market("XNAS", "America/New_York", _NEW_YORK),
    Market("XHKG", "Asia/Hong_Kong", (_hm("09:30-12:00"), _hm("13:00-16:00")), (".HK",)),
    Market("XSHG", "Asia/Shanghai", _CHINA, (".SS",)),
    Market("XLON", "Europe/London", (_hm("08:00-16:30"),), (".L",)),
    Market("XASE", "America/New_York", _NEW_YORK),
    Market("ARCX", "America/New_York", _NEW_YORK),
    Market("BATS", "America/New_York", _NEW_YORK),
    Market("XNGO", "Asia/Tokyo", _JAPAN, (".N",)),
    Market("XFKA", "Asia/Tokyo", _JAPAN, (".F",)),
    Market("XSAP", "Asia/Tokyo", _JAPAN, (".S",)),
    Market("XSHE", "Asia/Shanghai", _CHINA, (".SZ",)),
    Market("XKRX", "Asia/Seoul", (_hm("09:00-15:30"),), (".KS",)),
    Market("XKOS", "Asia/Seoul", (_hm("09:00-15:30"),), (".KQ",)),
    Market("XTAI", "Asia/Taipei", (_hm("09:00-13:30"),), (".TW",)),
    Market("XSES", "Asia/Singapore", (_hm("09:00-12:00"), _hm("13:00-17:00")), (".SI",)),
    Market("XASX", "Australia/Sydney", (_hm("10:00-16:00"),), (".AX",)),
    Market("XIDX", "Asia/Jakarta", (_hm("09:00-12:00"), _hm("13:30-15:50")), (".JK",)),
    Market("XBKK", "Asia/Bangkok", (_hm("10:00-12:30"), _hm("14:00-16:30")), (".BK",)),
    Market("XKLS", "Asia/Kuala_Lumpur", (_hm("09:00-12:30"), _hm("14:30-17:00")), (".KL",)),
    Market("XSTC", "Asia/Ho_Chi_Minh", (_hm("09:00-11:30"), _hm("13:00-15:00")), (".VN",)),
    Market("XETR", "Europe/Berlin", (_hm("09:00-17:30"),), (".DE",)),
    Market("XPAR", "Europe/Paris", (_hm("09:00-17:30"),), (".PA",)),
)
# Other identifiers of the same markets (ISO 10383: operating MICs and plain names in use).
_ALIASES = {"XJPX": "XTKS", "TSE": "XTKS", "NYSE": "XNYS", "NASDAQ": "XNAS", "HKEX": "XHKG"}
# Position + 1 is the code. Append only.
CURRENCIES = (
    *("JPY", "USD", "HKD", "EUR", "GBP", "CNY", "KRW", "TWD", "SGD", "AUD"),
    *("IDR", "THB", "MYR", "VND", "CAD", "CHF", "NZD", "INR", "ZAR", "MXN", "TRY", "CNH"),
)
_MARKET_CODES = {market.mic: i + 1 for i, market in enumerate(MARKETS)}
_CURRENCY_CODES = {currency: i + 1 for i, currency in enumerate(CURRENCIES)}
_SUFFIXES = {suffix: i + 1 for i, market in enumerate(MARKETS) for suffix in market.suffixes}

_MAX_WARNINGS = 100


class Interning(Protocol):
    """Dense codes for words, in order of first sight."""

    def intern(self, word: str, /) -> int:
        """The word's code, a new one on first sight."""
        ...

    def name(self, code: int, /) -> str:
        """The word of a code."""
        ...

    def __len__(self) -> int: ...


Words = TypeVar("Words", bound=Interning)


def market_code(mic: str) -> int:
    """Code of a market by its MIC or alias, 0 where it is not in `MARKETS`."""
    mic = mic.strip().upper()
    return _MARKET_CODES.get(_ALIASES.get(mic, mic), 0)


def market_name(code: int) -> str | None:
    """MIC of a market code, None for 0 and codes not in use."""
    return MARKETS[code - 1].mic if 0 < code <= len(MARKETS) else None


def currency_code(currency: str) -> int:
    """Code of a currency by its ISO 4217 letters, 0 where it is not in `CURRENCIES`."""
    return _CURRENCY_CODES.get(currency.strip().upper(), 0)


def market_of(instrument: str) -> int:
    """Market code that an instrument's suffix implies (`7992.T` is Tokyo), 0 for none."""
    dot = instrument.rfind(".")
    return _SUFFIXES.get(instrument[dot:].upper(), 0) if dot > 0 else 0


def _sessions_table() -> NDArray[np.int16]:
    table = np.full((len(MARKETS) + 1, 2, 2), -1, dtype=np.int16)
    for code, market in enumerate(MARKETS, start=1):
        table[code, : len(market.sessions)] = market.sessions
    return table


class _Facts(NamedTuple):
    """What the CSV says of one instrument, unknown until said."""

    name_ja: str = ""
    name_en: str = ""
    adv: float = math.nan
    price: float = math.nan
    market: int = 0
    currency: int = 0


class Instruments(Generic[Words]):
    """The instruments known so far: facts by name, and the table by the interner's codes, which grows with it."""

    def __init__(self, interner: Words):
        self.interner = interner
        self.warnings: list[str] = []  # the first 100 things wrong with the CSV, with their line numbers
        self.warned = 0  # how many there were
        self._facts: dict[str, _Facts] = {}
        self._rows = np.zeros(0, dtype=INSTRUMENT)
        self._filled = 0
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: str | Path | None, interner: Words) -> "Instruments[Words]":
        """Instruments of a CSV file (UTF-8, with or without BOM), or none at all.

        interner: gives the codes; those it has given already stay.
        Bad numbers become unknown and a repeated instrument replaces the earlier row, each with a warning.
        Raises `InstrumentTableError` where the file cannot be read, is empty or has no `instrument` column.
        """
        instruments = cls(interner)
        if path is not None:
            instruments._read(Path(path))
        for word in instruments._facts:
            instruments.interner.intern(word)
        instruments.ensure(len(instruments.interner))
        return instruments

    @property
    def table(self) -> NDArray[np.void]:
        """`INSTRUMENT` rows by code: a view, to be fetched again after `ensure`."""
        return self._rows[: self._filled]

    def ensure(self, n: int) -> NDArray[np.void]:
        """Make the table hold codes 0..n-1 and return it.

        An instrument the CSV does not know has no price and no traded value; its market is what its suffix implies.
        """
        if n <= self._filled:
            return self.table
        with self._lock:  # the reader of events asks ahead of the engine, in a thread of its own
            self._grow(n)
        return self.table

    def _grow(self, n: int) -> None:
        if n > len(self._rows):
            grown = np.zeros(max(n, 2 * len(self._rows), 64), dtype=INSTRUMENT)
            grown["adv"] = grown["price"] = np.nan
            grown[: self._filled] = self._rows[: self._filled]
            self._rows = grown
        for code in range(self._filled, n):
            word = self.interner.name(code)
            facts = self._facts.get(word) or _Facts(market=market_of(word))
            self._rows[code] = (facts.adv, facts.price, facts.market, facts.currency)
        self._filled = max(self._filled, n)

    def refill(self) -> NDArray[np.void]:
        """Make the table anew for the interner's present codes: for after the interner was restored from a snapshot."""
        self._filled = 0
        return self.ensure(len(self.interner))

    def names(self, code: int) -> tuple[str, str]:
        """Japanese and English names; where one is unknown the other, where both are, the instrument's own code."""
        word = self.interner.name(code)
        ja, en = self._facts.get(word, _Facts())[:2]
        return ja or en or word, en or ja or word

    market_code = staticmethod(market_code)
    market_name = staticmethod(market_name)
    sessions_table = _sessions_table()  # (markets + 1, 2, 2) int16: by market code, up to two (open, close); -1 none

    def market_minutes(self, codes: NDArray[np.int32], times_us: NDArray[np.int64]) -> NDArray[np.int16]:
        """Minute of the day on the clock of each instrument's market.

        codes: dense codes, -1 for none. times_us: µs since 1970-01-01T00:00:00Z, as many. Returns int16, 0..1439,
        -1 where the instrument or its market is unknown.
        """
        minutes = np.full(len(codes), -1, dtype=np.int16)
        known = (codes >= 0) & (codes < self._filled)
        markets = np.zeros(len(codes), dtype=np.int64)
        markets[known] = self._rows["market"][codes[known]]
        for code in np.unique(markets[markets > 0]).tolist():
            here = markets == code
            since, offsets = offset_steps(MARKETS[code - 1].zone)
            times = times_us[here]
            step = np.maximum(np.searchsorted(since, times, "right") - 1, 0)
            minutes[here] = (times // 60_000_000 + offsets[step]) % 1440
        return minutes

    market_offsets = market_minutes  # the name under which the reader of events asks

    def _warn(self, path: Path, line: int, what: str) -> None:
        self.warned += 1
        if len(self.warnings) < _MAX_WARNINGS:
            self.warnings.append(f"{path}:{line}: {what}")

    def _read(self, path: Path) -> None:
        seen: dict[str, int] = {}
        for line, row in _rows(path):
            word = row.get("instrument", "").strip()
            if not word:
                self._warn(path, line, "no instrument; the row is ignored")
                continue
            if word in seen:
                self._warn(path, line, f"{word} was given on line {seen[word]} already; the later row holds")
            seen[word] = line
            mic, currency = row.get("market", "").strip(), row.get("currency", "").strip()
            if mic and not market_code(mic):
                self._warn(path, line, f"market {mic!r} is not known; the suffix decides")
            self._facts[word] = _Facts(
                name_ja=row.get("name_ja", "").strip(),
                name_en=row.get("name_en", "").strip(),
                adv=self._number(path, line, "adv_jpy", row),
                price=self._number(path, line, "price", row),
                market=market_code(mic) or market_of(word),
                currency=currency_code(currency),
            )

    def _number(self, path: Path, line: int, column: str, row: dict[str, str]) -> float:
        text = row.get(column, "").strip()
        if not text:
            return math.nan
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and value >= 0):
            self._warn(path, line, f"{column} {text!r} is not an amount; taken as unknown")
            return math.nan
        return value


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of the CSV by column name, with the line each ends on."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InstrumentTableError(f"{path}: cannot be read as UTF-8 text: {error}") from error
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if not header:
            raise InstrumentTableError(f"{path}: is empty")
        if "instrument" not in header:
            raise InstrumentTableError(f"{path}: has no column «instrument» (found: {', '.join(header)})")
        for row in reader:
            if row:
                yield reader.line_num, dict(zip(header, row, strict=False))
    except csv.Error as error:
        raise InstrumentTableError(f"{path}:{reader.line_num}: not CSV: {error}") from error
