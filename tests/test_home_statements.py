"""CSV exports of brokers: every line is accounted for, and the same trade is the same event wherever it stands."""

import codecs
import csv
import io
import os
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kuraban import events
from kuraban.home.model import Fact, Unreadable
from kuraban.home.statements import Context, Fate, Statement, StatementReader, read_statement
from kuraban.home.statements.decoding import encoding_of
from kuraban.home.statements.formats import FORMATS
from kuraban.home.statements.model import Format
from kuraban.home.statements.testing import SAMPLES, check_formats

CONTEXT = Context(seen=datetime(2026, 11, 1, tzinfo=UTC))
JP = next((SAMPLES / "rakuten-jp").glob("*.csv")).read_bytes()
SBI = (SAMPLES / "sbi-trades" / "SaveFile_000001_000005.csv").read_bytes()
HEADER, *ROWS = JP.decode("cp932").splitlines()


def read(raw: bytes | str | Path, place: str = "export.csv", context: Context = CONTEXT) -> Statement:
    return read_statement(raw.encode("cp932") if isinstance(raw, str) else raw, place, context)


def jp(*rows: str) -> str:
    return "\r\n".join([HEADER, *rows]) + "\r\n"


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.id)
def test_every_format_reads_its_samples_as_the_golden_files_say(form: Format) -> None:
    trials = check_formats(only=form.id)
    assert trials
    assert [problem.en for trial in trials for problem in trial.problems] == []


def test_a_changed_reading_is_shown_by_the_checker(tmp_path: Path) -> None:
    folder = tmp_path / "rakuten-jp"
    folder.mkdir()
    (folder / "a.csv").write_bytes(JP)
    (folder / "a.json").write_text(
        (next((SAMPLES / "rakuten-jp").glob("*.json"))).read_text().replace("8410.T", "9999.T")
    )
    (trial,) = check_formats(tmp_path, only="rakuten-jp")
    assert not trial.passed
    assert "8410.T" in trial.problems[0].en


def test_a_format_without_samples_fails_the_checker(tmp_path: Path) -> None:
    assert not any(trial.passed for trial in check_formats(tmp_path))


def test_the_same_row_in_two_overlapping_exports_is_one_event_and_equal_rows_of_one_export_are_two() -> None:
    whole, part = read(jp(*ROWS[:3])), read(jp(ROWS[2], *ROWS[:2]))
    assert len({fact.event.id for fact in whole.facts}) == 3
    assert {fact.event.id for fact in part.facts} == {fact.event.id for fact in whole.facts}
    assert read(jp(ROWS[0])).facts[0].event.id == whole.facts[0].event.id


def test_a_foreign_trade_keeps_its_id_when_the_broker_shows_another_trade_date_and_rate() -> None:
    raw = next((SAMPLES / "rakuten-us").glob("*.csv")).read_bytes().decode("cp932")
    first, *_ = read(raw).facts
    again, *_ = read(raw.replace("2026/7/9", "2026/7/10", 1).replace("163.540", "163.550")).facts
    assert again.event.id == first.event.id


def test_two_owners_labels_keep_equal_trades_apart() -> None:
    mine, hers = (read(JP, context=Context(CONTEXT.seen, {"rakuten": label})) for label in ("mine", "hers"))
    assert not {fact.event.id for fact in mine.facts} & {fact.event.id for fact in hers.facts}
    assert {fact.event.account for fact in hers.facts} == {"hers"}


def test_encoding_and_file_name_do_not_matter() -> None:
    text = JP.decode("cp932")
    readings = [
        read(raw, place)
        for raw, place in (
            (JP, "a.csv"),
            (text.encode(), "holdings.txt"),
            (codecs.BOM_UTF8 + text.encode(), "x"),
            (text.encode("utf-16"), "C:\\Users\\me\\trades.csv"),
            (text.replace("\r\n", "\n").encode("cp932"), "/tmp/a/b.csv"),
        )
    ]
    assert len({tuple(fact.event.id for fact in reading.facts) for reading in readings}) == 1


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*/*.csv")), ids=lambda path: path.stem)
def test_an_export_saved_again_by_a_spreadsheet_reads_the_same(path: Path) -> None:
    raw = path.read_bytes()
    text = raw.decode(encoding_of(raw)).lstrip("\ufeff")
    cells = list(csv.reader(io.StringIO(text, newline="")))
    saved = io.StringIO()
    csv.writer(saved).writerows(row + [""] * (max(map(len, cells)) - len(row)) for row in cells)
    again, first = read(saved.getvalue().encode("utf-8-sig"), path.name), read(raw, path.name)
    assert [fact.event for fact in again.facts] == [fact.event for fact in first.facts]
    assert again.fates == first.fates


def test_full_width_digits_odd_dashes_and_wrong_separators_are_told_apart() -> None:
    row = ROWS[2]
    order = read(jp(row)).facts[0].event.order
    assert order is not None
    assert order.quantity == 1100
    assert read(jp(row.replace("1,100", "１，１００"))).facts[0].event.order == order
    assert read(jp(row.replace('"1,100"', '"ー"'))).unreadable[0].code == "missing"
    assert read(jp(row.replace('"1,100"', '"1,10"'))).unreadable[0].code == "bad_number"
    assert read(jp(row.replace('"1,100"', '"-1,100"'))).unreadable[0].code == "negative"
    assert read(jp(row.replace("2026/5/8", "2026/2/30"))).unreadable[0].code == "bad_date"


def test_a_negative_price_is_refused_and_not_made_an_invalid_event() -> None:
    statement = read(jp(ROWS[0].replace('"254.0"', '"-254.0"'), ROWS[1]))
    assert [problem.code for problem in statement.unreadable] == ["negative"]
    accounted(statement)


def test_a_row_that_cannot_be_read_names_file_line_and_column_in_both_languages() -> None:
    (problem,) = read(jp(ROWS[0], ROWS[2].replace('"1,100"', '"many"')), "旅/export.csv").unreadable
    assert problem.place == "旅/export.csv:3"
    assert problem.words.ja.startswith("3行目: 「数量")
    assert "many" in problem.words.en


def test_a_quote_that_never_closes_costs_its_row_and_no_other() -> None:
    broken = ROWS[0].replace('"セブン銀行"', '"セブン銀行')
    statement = read(jp(ROWS[0], broken, ROWS[1], ROWS[2]))
    assert [problem.place for problem in statement.unreadable] == ["export.csv:3"]
    assert len(statement.facts) == 3


def test_a_margin_row_with_an_unconfirmed_word_is_read_as_uncertain_and_a_senseless_word_not_at_all() -> None:
    margin = next(row for row in ROWS if "買建" in row)
    (fact,) = read(jp(margin)).facts
    assert fact.certainty == "uncertain"
    assert fact.event.order is not None
    assert fact.event.order.margin
    assert read(jp(margin.replace("買建", "移管"))).unreadable[0].code == "unknown_word"


def test_the_period_stated_by_the_export_wins_over_the_span_of_its_rows() -> None:
    statement = read(SBI)
    assert statement.period == (date(2026, 5, 1), date(2026, 7, 31))
    assert statement.stated


def test_dates_without_a_time_of_day_say_so_and_times_are_kept() -> None:
    assert all(fact.dated_only for fact in read(JP).facts)
    moomoo = read(next((SAMPLES / "moomoo-orders").glob("*.csv")).read_bytes())
    assert not any(fact.dated_only for fact in moomoo.facts)
    assert moomoo.facts[0].event.time == "2026-01-15T09:30:01-05:00"


def test_dollars_stay_unknown_in_yen_unless_the_owner_gave_a_rate() -> None:
    raw = next((SAMPLES / "schwab-transactions").glob("*.csv")).read_bytes()
    assert {fact.event.order.notional for fact in read(raw).facts if fact.event.order} == {None}
    rated = read(raw, context=Context(CONTEXT.seen, rates={"USD": 150.0}))
    order = rated.facts[0].event.order
    assert order is not None
    assert order.notional == pytest.approx(2501.20 * 150)


def test_a_file_of_another_kind_is_reported_once_and_empty_and_missing_ones_too(tmp_path: Path) -> None:
    assert [p.code for p in read("日付,店,金額\n2026/1/1,みほん,100\n").unreadable] == ["unknown_format"]
    assert [p.code for p in read(b"").unreadable] == ["empty"]
    assert [p.code for p in read(tmp_path / "none.csv").unreadable] == ["missing"]
    assert [p.code for p in read(tmp_path).unreadable] == ["not_a_file"]
    os.mkfifo(tmp_path / "pipe")
    assert [p.code for p in read(tmp_path / "pipe").unreadable] == ["not_a_file"]


def test_tabs_in_utf_16_are_read_as_commas_are() -> None:
    text = "\t".join(HEADER.split(",")) + "\r\n" + "\t".join(cell.strip('"') for cell in ROWS[0].split('","')) + "\r\n"
    (fact,) = read(text.replace('"', "").encode("utf-16")).facts
    assert fact.event.id == read(jp(ROWS[0])).facts[0].event.id


def test_a_word_that_no_table_has_is_passed_over_only_where_it_means_the_same_everywhere() -> None:
    statement = read(jp(ROWS[0].replace("買付", "分配金受取"), ROWS[0].replace("買付", "現引")))
    assert dict(statement.passed) == {"dividend": 1, "taken_over": 1}


def test_a_foreign_share_in_the_newer_history_has_its_ticker_and_no_invented_amount() -> None:
    header = "約定日,銘柄,銘柄コード,市場,商品区分,取引,預り,約定数量,約定単価,受渡日,受渡金額/決済損益"
    (fact,) = read(
        f"{header}\r\n2026/07/02,ペプシコ,PEP,NASDAQ,米国株式,現物買,特定,20,142.98,2026/07/06,2859.6\r\n"
    ).facts
    assert fact.event.order is not None
    assert fact.event.order.instrument == "PEP"
    assert fact.event.order.notional is None


def test_holdings_beyond_the_limit_are_reported_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kuraban.home.statements.reading.MAX_POSITIONS", 2)
    statement = read(next((SAMPLES / "rakuten-assets").glob("*.csv")).read_bytes())
    assert [problem.code for problem in statement.unreadable] == ["too_many_holdings"] * 2
    accounted(statement)


def test_an_overlong_line_and_an_absurd_number_of_columns_are_reported_without_being_kept() -> None:
    statement = read(jp(ROWS[0], "x" * 200_000, "," * 50_000, ROWS[2]))
    assert [problem.code for problem in statement.unreadable] == ["too_long", "too_many_cells"]
    assert len(statement.facts) == 2


def test_reading_at_once_stops_at_its_limit_and_says_so() -> None:
    statement = read_statement(jp(*ROWS[:3]).encode("cp932"), "a.csv", CONTEXT, limit=2)
    assert len(statement.facts) == 2
    assert statement.unreadable[-1].code == "too_many_rows"
    assert not statement.complete


cells = st.sampled_from(
    ["買付", "売付", "2026/5/7", "8410", "-", "--", "1,000", "12.5", '"', "現物", "", "合計", "■", "\n", "￥5", "(3)"]
) | st.text(max_size=6)
lines = st.lists(cells, max_size=32).map(lambda row: ",".join(f'"{cell}"' for cell in row)) | st.text(max_size=40)
sample_lines = st.sampled_from(
    [line for path in sorted(SAMPLES.glob("*/*.csv")) for line in path.read_bytes().splitlines(keepends=True)]
)


def accounted(statement: Statement) -> None:
    assert sum(statement.fates.values()) == statement.records
    assert statement.fates.get(Fate.PASSED, 0) <= sum(statement.passed.values())
    for fact in statement.facts:
        events.decode(events.encode(fact.event))
    assert len({fact.event.id for fact in statement.facts}) == len(statement.facts)


@settings(max_examples=150)
@given(st.lists(sample_lines | lines.map(lambda text: text.encode("cp932", "replace") + b"\r\n"), max_size=25))
def test_any_mixture_of_lines_is_read_without_a_crash_and_every_record_accounted_for(mixture: list[bytes]) -> None:
    accounted(read(b"".join(mixture)))


@settings(max_examples=150)
@given(st.binary(max_size=400), st.integers(0, len(JP)))
def test_any_bytes_anywhere_in_an_export_are_read_without_a_crash(junk: bytes, at: int) -> None:
    accounted(read(JP[:at] + junk + JP[at:]))
    accounted(read(junk))


@settings(max_examples=100)
@given(st.lists(st.sampled_from(ROWS[:4]), max_size=12), st.randoms())
def test_the_order_of_rows_does_not_change_which_events_there_are(rows: list[str], random: Random) -> None:
    shuffled = random.sample(rows, len(rows))
    assert {f.event.id for f in read(jp(*rows)).facts} == {f.event.id for f in read(jp(*shuffled)).facts}


def test_a_large_file_streams_in_flat_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.write((HEADER + "\r\n").encode("cp932"))
        for number in range(30_000):
            file.write(ROWS[0].replace('"800"', f'"{number + 1}"').encode("cp932") + b"\r\n")

    def figures(items: Iterator[Fact | Unreadable]) -> int:
        return sum(1 for _ in items)

    tracemalloc.start()
    reader = StatementReader(path, str(path), CONTEXT)
    assert figures(iter(reader)) == 30_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 200 * 30_000  # the record of which rows were seen; a fact would be ten times that


def test_the_template_of_the_documentation_works_as_it_stands(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "adding-a-csv-format.md").read_text()
    template = page.split("```python\n")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(compile(template, "template", "exec"), names)  # the page is the project's own
    form = names["TRADES"]
    assert isinstance(form, Format)
    folder = tmp_path / form.id
    folder.mkdir()
    header = "約定日,銘柄コード,銘柄名,口座区分,取引,数量（株）,単価(円),受渡金額[円]"
    text = f"{header}\r\n2026/1/5,8410,みほん,特定,現物買,100,254.5,-\r\n"
    (folder / "a.csv").write_bytes(text.encode("cp932"))
    assert all(trial.passed for trial in check_formats(tmp_path, (form,), write=True))
    assert '"quantity": 100.0' in (folder / "a.json").read_text()
