"""Cells, lines and records of exports: every line is in one record, and numbers and dates say what is written."""

import io
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kuraban.home.statements.decoding import MAX_LINE, encoding_of, lines
from kuraban.home.statements.records import MAX_WRAPPED, Record, records
from kuraban.home.statements.values import (
    CellError,
    clean,
    column_name,
    day,
    foreign,
    fund,
    moment,
    number,
    tokyo,
    with_aside,
)


def rows(raw: bytes) -> list[Record]:
    return list(records(lines(io.BytesIO(raw))))


@given(
    st.lists(st.sampled_from(["a", '"', ",", "\n", "\r\n", "\r", "x\ny", '"",', "日本", "\x00", "\u2028"])).map("".join)
)
@example('"a\nb",c\nd,"e')
def test_every_line_is_in_exactly_one_record(text: str) -> None:
    raw = text.encode()
    expected = sum(1 for _ in lines(io.BytesIO(raw)))
    at = 0
    for record in rows(raw):
        assert record.first == at + 1
        assert record.last - record.first < MAX_WRAPPED
        at = record.last
    assert at == expected


def test_a_cell_in_quotes_may_span_lines_and_a_stray_quote_may_not() -> None:
    (wrapped, plain) = rows(b'"Advanced\nMicro",1\nb,2\n')
    assert (wrapped.first, wrapped.last, wrapped.cells) == (1, 2, ("Advanced\nMicro", "1"))
    assert plain.cells == ("b", "2")
    assert [record.first for record in rows(b'5" pipe,1\n6" pipe,2\n')] == [1, 2]


def test_a_line_without_end_costs_no_more_than_its_limit() -> None:
    first, second = lines(io.BytesIO(b"x" * (5 * MAX_LINE) + b"\nok\n"))
    assert (first.problem, second.text, second.number) == ("too_long", "ok", 2)
    assert len(first.text) <= 200


@given(
    st.text(alphabet=st.characters(codec="cp932", exclude_categories=["Cc"], exclude_characters="¢£¬‖−〜"), min_size=1)
)
def test_text_in_shift_jis_is_read_as_it_was_written(text: str) -> None:
    raw = f"{'日付,銘柄'}\n{text}".encode("cp932")
    *_, last = lines(io.BytesIO(raw))
    assert encoding_of(raw) == "cp932"
    assert last.text == raw.decode("cp932").split("\n")[-1]


def test_a_line_in_the_other_encoding_is_read_and_one_in_none_is_reported() -> None:
    raw = "日付,銘柄\n".encode("cp932") + "約定日,楽天\n".encode() + b"\x81\n"
    first, second, third = lines(io.BytesIO(raw))
    assert first.text == "日付,銘柄"
    assert second.text == "約定日,楽天"
    assert third.problem == "bad_encoding"


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4, allow_nan=False))
def test_a_number_is_read_with_and_without_separators_in_any_width(value: object) -> None:
    for text in (f"{value}", f"{value:,}"):
        wide = text.translate(str.maketrans("0123456789,.-", "０１２３４５６７８９，．－"))
        assert number(clean(text)) == pytest.approx(float(f"{value}"))
        assert number(clean(wide)) == pytest.approx(float(f"{value}"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("△1,234", -1234),
        ("▲5", -5),
        ("($1,234.56)", -1234.56),
        ("-$2,501.20", -2501.2),
        ("+1", 1),
        ("¥5", 5),
        ("5口", 5),
    ],
)
def test_signs_units_and_brackets_of_accountants(text: str, value: float) -> None:
    assert number(clean(text)) == value


@pytest.mark.parametrize(
    "text", ["1,23", "12,34,567", "1.2.3", "1e9", "0x10", "nan", "inf", "--5", "-$-5", "(-5)", "９" * 20, "１，２"]
)
def test_what_only_looks_like_a_number_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        number(clean(text))


@pytest.mark.parametrize("text", ["-", "--", "---", "－", "―", "ー", "‐", " - ", "***", ""])
def test_a_dash_of_any_kind_is_no_value(text: str) -> None:
    assert clean(text) == ""
    assert number(clean(text)) is None


def test_an_amount_may_have_points_or_a_rate_beside_it() -> None:
    assert with_aside("5,000(493)") == (5000, 493)
    assert with_aside("0.01(160.55)") == (0.01, 160.55)
    assert with_aside("1,000") == (1000, None)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_date_is_read_in_every_form_that_the_brokers_use(when: date) -> None:
    y, m, d = when.year, when.month, when.day
    for text in (
        f"{y}/{m}/{d}",
        f"{y:04}/{m:02}/{d:02}",
        f"{y}年{m:02}月{d:02}日",
        f"{y:04}-{m:02}-{d:02}",
        f"{y}{m:02}{d:02}",
    ):
        assert day(clean(text)) == when
    assert day(f"{y % 100:02}/{m:02}/{d:02}") == when
    for text in (f"{m:02}/{d:02}/{y}", f"{m}/{d}/{y}", f"01/01/2001 as of {m:02}/{d:02}/{y}"):
        assert day(text, "mdy") == when


@pytest.mark.parametrize("text", ["", "2026/13/1", "2026/2/30", "1026/1/1", "yesterday", "2026", "2026/1/1x"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(CellError):
        day(text)


def test_american_clock_times_follow_the_season() -> None:
    assert moment("Jan 15, 2026 09:00:00 ET").isoformat() == "2026-01-15T09:00:00-05:00"
    assert moment("Jul 15, 2026 09:00:00 ET").isoformat() == "2026-07-15T09:00:00-04:00"
    with pytest.raises(CellError):
        moment("Jan 15, 2026 09:00:00 XX")


def test_codes_become_the_instruments_of_the_vocabulary() -> None:
    assert [tokyo(code) for code in ("8410", "54710", "285A", "285A0", "25935")] == [
        *("8410.T", "5471.T", "285A.T", "285A.T", "25935.T")
    ]
    assert [foreign(code) for code in ("JPM", "BRK/B", "brk.b", "700", "00700", "600519", "000001")] == [
        *("JPM", "BRK.B", "BRK.B", "0700.HK", "0700.HK", "600519.SS", "000001.SZ")
    ]
    assert foreign("005930", "韓国") == "005930.KS"
    assert foreign("0700", "香港") == "0700.HK"
    with pytest.raises(CellError):
        foreign("1155", "マレーシア")
    assert fund("みほん　Ｓ＆Ｐ500 ファンド") == "fund:みほんS&P500ファンド"
    assert fund("先進国〜株式−Ａ") == fund("先進国～株式－Ａ")  # as ISO-2022-JP and as CP932 decode the same signs
    for wrong in ("", "12", "銘柄", "=1+1", "A" * 20):
        with pytest.raises(CellError):
            tokyo(wrong)


def test_headers_agree_whatever_their_brackets_width_and_spaces() -> None:
    names = {column_name(text) for text in ("数量［株］", "数量[株]", "数量（株）", "数量〔株〕", " 数量 (株) ")}
    assert len(names) == 1
    assert column_name("入金額[¥]") == column_name("入金額［円］")
