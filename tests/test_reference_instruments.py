"""Instruments come from the broker's CSV, whatever its state; markets have clocks and hours."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kuraban.columns.interning import Interner
from kuraban.reference import MARKETS, Instruments, InstrumentTableError
from kuraban.reference.instruments import CURRENCIES, currency_code, market_code, market_name, market_of

HEADER = "instrument,name_ja,name_en,market,currency,price,adv_jpy\n"


def load(tmp_path: Path, text: str | bytes, interner: Interner | None = None) -> Instruments[Interner]:
    path = tmp_path / "instruments.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Instruments.load(path, Interner() if interner is None else interner)


def facts(instruments: Instruments[Interner], word: str) -> tuple[float, float, str | None, str | None]:
    row = instruments.table[instruments.interner.intern(word)]
    currency = CURRENCIES[row["currency"] - 1] if row["currency"] else None
    return float(row["adv"]), float(row["price"]), market_name(int(row["market"])), currency


def test_a_row_says_what_an_instrument_is(tmp_path: Path) -> None:
    ours = load(tmp_path, HEADER + "7992.T,セーラー,Sailor Pen,XTKS,JPY,123.5,8000000\n")
    assert facts(ours, "7992.T") == (8_000_000, 123.5, "XTKS", "JPY")
    assert ours.names(0) == ("セーラー", "Sailor Pen")
    assert ours.warnings == []


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_byte_order_marks_line_ends_and_further_columns_do_not_matter(tmp_path: Path, ending: str, mark: bytes) -> None:
    lines = ["sector,ADV_JPY , instrument", "x,5,7992.T", "", "y,6,0700.HK", ""]
    ours = load(tmp_path, mark + ending.join(lines).encode())
    assert facts(ours, "7992.T")[0] == 5
    assert facts(ours, "0700.HK")[0] == 6
    assert ours.warnings == []


def test_what_is_missing_is_unknown_and_never_zero(tmp_path: Path) -> None:
    ours = load(tmp_path, "instrument,price,adv_jpy\n7992.T,,\nAAPL\n")
    for word, market in (("7992.T", "XTKS"), ("AAPL", None)):
        adv, price, where, currency = facts(ours, word)
        assert np.isnan([adv, price]).all()
        assert (where, currency) == (market, None)
    assert ours.warned == 0


@pytest.mark.parametrize("bad", ["-1", "nan", "inf", "1e999", "二百", "1,5", "--", "-0.01"])
def test_a_number_that_is_no_amount_is_unknown_and_told_with_its_line(tmp_path: Path, bad: str) -> None:
    ours = load(tmp_path, HEADER + f'1.T,,,,,1,1\n7992.T,,,XTKS,JPY,"{bad}",7\n')
    assert np.isnan(facts(ours, "7992.T")[1])
    assert facts(ours, "7992.T")[0] == 7
    assert ours.warned == 1
    assert ours.warnings[0].endswith(f":3: price {bad!r} is not an amount; taken as unknown")


def test_the_later_of_two_rows_holds_with_a_warning(tmp_path: Path) -> None:
    ours = load(tmp_path, HEADER + "7992.T,,,,,1,1\n7992.T,,,,,2,2\n")
    assert facts(ours, "7992.T")[:2] == (2, 2)
    assert len(ours.table) == 1
    assert "7992.T was given on line 2 already" in ours.warnings[0]


def test_an_unknown_market_and_a_nameless_row_are_told(tmp_path: Path) -> None:
    ours = load(tmp_path, HEADER + "7992.T,,,MARS,JPY,1,1\n,,,XTKS,JPY,1,1\n")
    assert facts(ours, "7992.T")[2] == "XTKS"
    assert ours.warned == 2


def test_a_thousand_bad_lines_are_counted_and_a_hundred_of_them_told(tmp_path: Path) -> None:
    ours = load(tmp_path, HEADER + "".join(f"{i}.T,,,,,x,1\n" for i in range(1000)))
    assert (ours.warned, len(ours.warnings)) == (1000, 100)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "is empty"),
        (b"code,name\n1,a\n", "has no column «instrument»"),
        (b"instrument\n\xff\xfe\n", "cannot be read as UTF-8 text"),
        (b"instrument,name_ja\n" + b'"' + b"x" * 200_000 + b"\n", "not CSV"),
    ],
)
def test_a_file_that_is_no_table_of_instruments_is_refused_in_words(tmp_path: Path, text: bytes, reason: str) -> None:
    with pytest.raises(InstrumentTableError, match=f"instruments.csv.*{reason}"):
        load(tmp_path, text)


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InstrumentTableError, match=r"gone\.csv"):
        Instruments.load(tmp_path / "gone.csv", Interner())


def test_no_file_is_no_instruments() -> None:
    assert len(Instruments.load(None, Interner()).table) == 0


def test_the_table_grows_with_instruments_met_later(tmp_path: Path) -> None:
    ours = load(tmp_path, HEADER + "7992.T,,,,,1,1\n")
    for i in range(300):
        ours.interner.intern(f"{i}.HK" if i % 2 else f"FUND{i}")
    table = ours.ensure(len(ours.interner))
    assert len(table) == len(ours.table) == 301
    assert facts(ours, "7992.T")[:2] == (1, 1)
    assert facts(ours, "1.HK")[2] == "XHKG"
    assert facts(ours, "FUND0")[2] is None
    assert np.isnan(table["adv"][1:]).all()
    assert ours.names(1) == ("FUND0", "FUND0")


def test_codes_already_given_are_kept(tmp_path: Path) -> None:
    interner = Interner()
    for word in ("OLD.HK", "7992.T"):
        interner.intern(word)
    ours = load(tmp_path, HEADER + "1.T,,,,,3,3\n7992.T,,,,,5,5\n", interner)
    assert [interner.name(i) for i in range(3)] == ["OLD.HK", "7992.T", "1.T"]
    assert ours.table["price"][1:].tolist() == [5, 3]
    assert ours.table["market"].tolist() == [market_code("XHKG"), market_code("XTKS"), market_code("XTKS")]


def test_a_restored_interner_gets_its_table_anew(tmp_path: Path) -> None:
    before = Interner()
    for word in ("9.T", "7992.T"):
        before.intern(word)
    interner = Interner()
    ours = load(tmp_path, HEADER + "7992.T,,,,,5,5\n", interner)
    interner.restore(before.to_arrays())
    table = ours.refill()
    assert np.isnan(table["price"][0])
    assert table["price"][1] == 5


@pytest.mark.parametrize(
    ("word", "mic"),
    [
        ("7992.T", "XTKS"),
        ("7992.t", "XTKS"),
        ("0700.HK", "XHKG"),
        ("AAPL", None),
        ("BRK.B", None),
        (".T", None),
        ("", None),
    ],
)
def test_the_suffix_implies_the_market(word: str, mic: str | None) -> None:
    assert market_name(market_of(word)) == mic


def test_codes_of_markets_and_currencies_are_where_snapshots_expect_them() -> None:
    assert [market_code(mic) for mic in ("XTKS", "XJPX", "XNYS", "xnas", "XHKG", "XLON")] == [1, 1, 2, 3, 4, 6]
    assert [currency_code(c) for c in ("JPY", "usd ", "HKD", "???", "")] == [1, 2, 3, 0, 0]
    assert market_name(0) is None
    assert market_name(len(MARKETS) + 1) is None


def test_sessions_are_told_by_market_code() -> None:
    table = Instruments.sessions_table
    assert table[market_code("XTKS")].tolist() == [[540, 690], [750, 930]]
    assert table[market_code("XNYS")].tolist() == [[570, 960], [-1, -1]]
    assert table[0].tolist() == [[-1, -1], [-1, -1]]
    assert ((table[1:, 0, 0] >= 0) & (table[1:, 0, 0] < table[1:, 0, 1])).all()


ONE_OF_EACH = [market.mic for market in MARKETS]


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(MARKETS) - 1),
            st.datetimes(datetime(1990, 1, 2), datetime(2059, 12, 30)),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_the_clock_of_a_market_agrees_with_the_zone_database(pairs: list[tuple[int, datetime]]) -> None:
    ours = _one_of_each()
    times = [when.replace(tzinfo=UTC) for _, when in pairs]
    micros = [(t - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for t in times]
    minutes = ours.market_minutes(np.array([p[0] for p in pairs], dtype=np.int32), np.array(micros, dtype=np.int64))
    for (code, _), t, minute in zip(pairs, times, minutes, strict=True):
        local = t.astimezone(ZoneInfo(MARKETS[code].zone))
        assert minute == local.hour * 60 + local.minute


_CACHE: list[Instruments[Interner]] = []


def _one_of_each() -> Instruments[Interner]:
    if not _CACHE:
        ours = Instruments(Interner())
        for i in range(len(MARKETS)):
            ours.interner.intern(f"I{i}")
        ours.ensure(len(MARKETS))["market"] = np.arange(1, len(MARKETS) + 1)
        _CACHE.append(ours)
    return _CACHE[0]


def test_new_york_changes_its_clock_to_the_second() -> None:
    ours = _one_of_each()
    code = np.array([market_code("XNYS") - 1] * 2, dtype=np.int32)
    change = int(datetime(2025, 3, 9, 7, 0, tzinfo=UTC).timestamp()) * 1_000_000
    assert ours.market_minutes(code, np.array([change - 1, change])).tolist() == [119, 180]


def test_an_unknown_instrument_or_market_has_no_clock() -> None:
    ours = Instruments(Interner())
    ours.interner.intern("FUND")
    ours.ensure(1)
    codes = np.array([-1, 0, 1, 10_000], dtype=np.int32)
    assert ours.market_minutes(codes, np.zeros(4, dtype=np.int64)).tolist() == [-1] * 4
