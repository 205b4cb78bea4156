"""A Parquet file says the same as the JSON Lines it was made from; what it says wrongly is named, row by row."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from columns_cases import CASH, EVENTS, LOGIN, NOTICE, ORDER, SNAPSHOT, everything, make_reader, same, written
from kuraban.columns import SourceError
from kuraban.columns.arrow_types import event_schema
from kuraban.events import Client, Event, EventError, Holdings, Notice, Order, from_mapping

TEXT = pa.string()


def table(rows: list[dict[str, Any]], **types: Any) -> pa.Table:
    """A table of events; types: other types than those of `event_schema`, None for no such column."""
    usual = {field.name: field.type for field in event_schema()}
    fields = [(name, kind) for name, kind in (usual | types).items() if kind is not None]
    return pa.Table.from_pylist(rows, pa.schema(fields))


def saved(folder: Path, content: pa.Table, **options: Any) -> Path:
    path = folder / "events.parquet"
    pq.write_table(content, path, **options)
    return path


def test_the_schema_has_the_fields_of_an_event() -> None:
    groups = {field.name: field.type for field in event_schema()}
    assert set(groups) == set(Event.__struct_fields__)
    for name, group in (("client", Client), ("order", Order), ("holdings", Holdings), ("notice", Notice)):
        assert tuple(groups[name].field(i).name for i in range(groups[name].num_fields)) == group.__struct_fields__


def test_parquet_gives_the_rows_that_json_gives(tmp_path: Path) -> None:
    path = saved(tmp_path, table(list(EVENTS)))
    reader = make_reader(lateness_s=0)
    same(everything(reader, path), everything(make_reader(lateness_s=0), written(tmp_path, EVENTS)))
    assert (reader.counts.lines, reader.counts.accepted) == (6, 6)


def test_rows_are_counted_across_row_groups_and_pieces(tmp_path: Path) -> None:
    rows = [LOGIN | {"id": f"e{i}"} for i in range(40_000)]
    rows[39_998]["type"] = "party"
    reader = make_reader()
    assert len(everything(reader, saved(tmp_path, table(rows), row_group_size=3000))) == 39_999
    assert [(reject.line, reject.code) for reject in reader.rejected] == [(39_999, "unknown_type")]


BAD_ROWS: list[tuple[dict[str, Any], str]] = [
    ({"id": None}, "missing_field"),
    ({"type": None}, "missing_field"),
    ({"time": None}, "missing_field"),
    ({"id": ""}, "empty_text"),
    ({"account": "a" * 129}, "too_long_text"),
    ({"session": "s" * 1025}, "too_long_text"),
    ({"notice": {"channel": "s" * 1025}}, "too_long_text"),
    ({"setting": {"to": "s" * 1025}}, "too_long_text"),
    ({"type": "party"}, "unknown_type"),
    ({"type": ""}, "unknown_type"),
    ({"client": {"channel": "fax"}}, "unknown_value"),
    ({"client": {"channel": ""}}, "unknown_value"),
    ({"time": "yesterday"}, "bad_time"),
    ({"time": "0001-01-01T00:00:00Z"}, "bad_time"),
    ({"time": "9999-01-01T00:00:00Z"}, "bad_time"),
    ({"time": "2025-02-29T00:00:00Z"}, "bad_time"),
    ({"time": "2025-01-01T00:00:00"}, "no_offset"),
    ({"cash": {"amount": -1.0}}, "bad_number"),
    ({"cash": {"amount": float("nan")}}, "bad_number"),
    ({"holdings": {"cash": float("inf")}}, "bad_number"),
    ({"holdings": {"positions": [{"value": float("nan")}]}}, "bad_number"),
    ({"holdings": {"positions": [{}, None]}}, "wrong_type"),
    ({"holdings": {"positions": [{"instrument": "s" * 1025}]}}, "too_long_text"),
    ({"about": ["e1", None]}, "wrong_type"),
    ({"about": ["e1", ""]}, "empty_text"),
]


@pytest.mark.parametrize(("change", "code"), BAD_ROWS)
def test_a_row_that_is_no_event_is_rejected_under_the_code_it_has_in_json(
    tmp_path: Path, change: dict[str, Any], code: str
) -> None:
    bad = {name: value for name, value in (LOGIN | change).items() if value is not None}
    with pytest.raises(EventError, match=code):
        from_mapping(bad)
    reader = make_reader()
    path = saved(tmp_path, table([LOGIN, LOGIN | {"id": "bad"} | change, LOGIN | {"id": "e9"}]))
    batch = everything(reader, path)
    assert [batch.id(i) for i in range(len(batch))] == ["e1", "e9"]
    assert [(reject.line, reject.code) for reject in reader.rejected] == [(2, code)]
    assert reader.counts.lines == 3


def test_text_that_is_not_utf_8_is_rejected(tmp_path: Path) -> None:
    rows = [LOGIN | {"id": b"e1", "session": b"\xff\xfe"}, LOGIN | {"id": "蔵".encode(), "session": "番".encode()}]
    reader = make_reader()
    batch = everything(reader, saved(tmp_path, table(rows, id=pa.binary(), session=pa.large_binary())))
    assert batch.id(0) == "蔵"
    assert [(reject.line, reject.code) for reject in reader.rejected] == [(1, "not_utf8")]


def test_text_longer_in_bytes_than_in_characters_is_accepted(tmp_path: Path) -> None:
    reader = make_reader()
    batch = everything(reader, saved(tmp_path, table([LOGIN | {"account": "蔵" * 128}])))
    assert reader.accounts.name(int(batch.rows[0]["account"])) == "蔵" * 128


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize(("zone", "written_as"), [("Asia/Tokyo", "+09:00"), ("UTC", "+00:00"), ("-03:30", "-03:30")])
def test_a_timestamp_is_an_instant_whatever_its_unit_and_zone(
    tmp_path: Path, unit: str, zone: str, written_as: str
) -> None:
    second = 1_736_091_182
    content = table([LOGIN | {"id": name} for name in ("e1", "e2", "e3")], time=None)
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    times = pa.array([second * scale, None, 253 * scale], pa.timestamp(unit, zone))
    reader = make_reader()
    batch = everything(reader, saved(tmp_path, content.append_column("time", times)))
    assert batch.rows["time"].tolist() == [second * 1_000_000]
    assert batch.time(0).endswith(f".000000{written_as}")
    same(batch, make_reader().event_rows([from_mapping(LOGIN | {"time": batch.time(0)})]))
    assert [(reject.line, reject.code) for reject in reader.rejected] == [(2, "missing_field"), (3, "bad_time")]


def test_a_timestamp_keeps_its_fraction_and_its_zones_clock(tmp_path: Path) -> None:
    micros = 1_751_732_345_678_901
    content = table([LOGIN], time=None).append_column(
        "time", pa.array([micros], pa.timestamp("us", "America/New_York"))
    )
    batch = everything(make_reader(), saved(tmp_path, content))
    assert (batch.time(0), int(batch.rows[0]["time"])) == ("2025-07-05T12:19:05.678901-04:00", micros)


def test_missing_columns_are_absent_and_others_are_ignored(tmp_path: Path) -> None:
    content = pa.table(
        {
            **{name: [LOGIN[name]] for name in ("id", "time", "account", "type")},
            "client": [{"ip": "126.159.33.187", "colour": "blue", "size": [1, 2]}],
            "auth": pa.nulls(1),
            "order": pa.nulls(1),
            "holdings": pa.array([{"positions": []}], pa.struct([("positions", pa.list_(pa.null()))])),
            "weather": [{"sunny": True}],
        }
    )
    row = everything(make_reader(), saved(tmp_path, content)).rows[0]
    assert row["ip"] != 0
    assert (row["ua"], row["session"], row["positions_n"]) == (0, 0, 0)


def test_numbers_and_text_of_any_width_are_accepted(tmp_path: Path) -> None:
    order = pa.struct([("quantity", pa.int32()), ("price", pa.float32()), ("notional", pa.decimal128(18, 2))])
    cash = pa.struct([("amount", pa.uint64()), ("destination", pa.large_string())])
    rows = [
        ORDER | {"order": {"quantity": 100, "price": 1.5, "notional": Decimal("123450.25")}},
        ORDER | {"id": "e3", "order": {"notional": Decimal("-1.00")}},
        CASH | {"cash": {"amount": 2**52, "destination": "x"}},
    ]
    content = table(rows, order=order, cash=cash).set_column(
        3, "type", pa.array([row["type"] for row in rows]).dictionary_encode()
    )
    reader = make_reader(lateness_s=0)
    batch = everything(reader, saved(tmp_path, content))
    assert (batch.rows["quantity"][0], batch.rows["price"][0], batch.rows["notional"][0]) == (100, 1.5, 123450.25)
    assert batch.rows["amount"][1] == 2**52
    assert [(reject.line, reject.code) for reject in reader.rejected] == [(2, "bad_number")]


def test_dictionaries_within_structs_and_lists_are_text(tmp_path: Path) -> None:
    word = pa.dictionary(pa.int32(), TEXT)
    client = pa.struct([("channel", word), ("ip", word)])
    rows = [LOGIN | {"id": f"r{i}", "client": {"channel": ("web", "app")[i % 2]}} for i in range(3000)] + [NOTICE]
    rows[-1] = rows[-1] | {"client": {"ip": "10.0.0.1"}}
    path = saved(tmp_path, table(rows, client=client, about=pa.list_(word)), row_group_size=700)
    batch = everything(make_reader(lateness_s=0), path)
    assert batch.rows["channel"].tolist() == [1, 2] * 1500 + [0]
    assert batch.rows["about_n"].tolist() == [0] * 3000 + [2]


def test_lists_of_one_size_and_large_lists_are_lists(tmp_path: Path) -> None:
    about = pa.list_(TEXT, 2)
    holdings = pa.struct([("positions", pa.large_list(pa.struct([("instrument", TEXT), ("value", pa.int64())])))])
    rows = [NOTICE, SNAPSHOT | {"about": None}, NOTICE | {"id": "e5", "about": ["a", "b"]}]
    batch = everything(make_reader(lateness_s=0), saved(tmp_path, table(rows, about=about, holdings=holdings)))
    expected = make_reader().event_rows([from_mapping({k: v for k, v in row.items() if v is not None}) for row in rows])
    assert batch.rows["about_n"].tolist() == [2, 0, 2]
    assert batch.about.tolist() == expected.about.tolist()
    assert batch.positions["value"].tolist()[:2] == [1169910, -1]


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("time", pa.array([1, 2]), "`time` has the type int64"),
        ("time", pa.array([1, 2], pa.timestamp("us")), "time zone"),
        ("time", pa.array([1, 2], pa.timestamp("us", "Mars/Olympus")), "Mars/Olympus"),
        ("account", pa.array([102436, 1]), "`account` has the type int64"),
        ("client", pa.array(["a", "b"]), "`client` has the type string"),
        ("auth", pa.array([{"method": 1}, None]), "`auth.method` has the type int64"),
        ("order", pa.array([{"margin": "yes"}, None]), "`order.margin` has the type string"),
        ("order", pa.array([{"price": "12"}, None]), "`order.price` has the type string"),
        ("holdings", pa.array([{"positions": ["7992.T"]}, None]), "`holdings.positions` has the type list"),
        ("holdings", pa.array([{"positions": [{"value": "1"}]}, None]), "`holdings.positions.value` has the type"),
        ("about", pa.array(["e1", "e2"]), "`about` has the type string"),
    ],
)
def test_a_column_of_a_wrong_type_is_named(tmp_path: Path, name: str, values: Any, words: str) -> None:
    rows = {key: [LOGIN[key]] * 2 for key in ("id", "time", "account", "type")}
    path = saved(tmp_path, pa.table(rows | {name: values}))
    with pytest.raises(SourceError, match=words) as caught:
        everything(make_reader(), path)
    assert caught.value.code == "wrong_columns"


def test_a_column_that_every_event_has_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="there is no column `account`"):
        everything(make_reader(), saved(tmp_path, pa.table({"id": ["a"], "time": ["b"], "type": ["c"]})))


def test_a_column_that_comes_twice_is_named(tmp_path: Path) -> None:
    content = table([LOGIN])
    path = saved(tmp_path, content.append_column("session", pa.array(["x"])))
    with pytest.raises(SourceError, match="2 columns `session`"):
        everything(make_reader(), path)


def test_a_file_that_is_no_parquet_cannot_be_used(tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    path.write_bytes(b"PAR1 is how such files begin")
    with pytest.raises(SourceError, match="unreadable: not a Parquet file"):
        everything(make_reader(), path)


@pytest.mark.parametrize("name", ["none.parquet", "s3://bucket/events.parquet", "https://example.com/events.parquet"])
def test_a_file_that_is_not_there_is_looked_for_nowhere_else(name: str) -> None:
    with pytest.raises(SourceError, match="unreadable"):
        list(make_reader().read([name]))


def test_a_damaged_page_ends_the_file_with_a_reason(tmp_path: Path) -> None:
    rows = [LOGIN | {"id": f"e{i}"} for i in range(30_000)]
    path = saved(tmp_path, table(rows), row_group_size=20_000, compression="zstd", use_dictionary=False)
    start = pq.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    raw = bytearray(path.read_bytes())
    raw[start + 40 : start + 4000] = bytes(3960)
    path.write_bytes(raw)
    reader = make_reader()
    assert len(everything(reader, path)) == reader.counts.accepted
    (reject,) = reader.rejected
    assert (reject.code, reject.line) == ("corrupt_source", reader.counts.accepted + 1)
    assert reader.counts.lines == reader.counts.accepted + 1
