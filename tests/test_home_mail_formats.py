"""Every format reads its samples as their golden files say, and its forged twins are never believed."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kuraban.home.mail.formats import testing, values
from kuraban.home.mail.formats.catalogue import BY_ID, FORMATS
from kuraban.home.mail.formats.model import Surroundings, ValueUnreadError
from kuraban.home.mail.reading import read_letter
from kuraban.home.model import Letter, Verdict
from mail_writer import context, mail, passes, trace

SAMPLES = sorted(testing.SAMPLES.rglob("*.eml"))
AROUND = Surroundings(datetime(2026, 1, 5, tzinfo=UTC), "")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_reads_as_its_golden_file_says(path: Path) -> None:
    assert testing.check(path).differences == ()


def test_every_format_has_a_genuine_sample_that_verifies_and_a_forged_twin_that_does_not() -> None:
    assert [outcome for outcome in testing.check_all() if not outcome.ok] == []
    assert {path.parent.name for path in SAMPLES} == set(BY_ID)


@pytest.mark.parametrize(
    "path", [path for path in SAMPLES if path.stem.startswith("forged")], ids=lambda p: p.parent.name
)
def test_a_forged_twin_states_nothing_that_passes_for_proved(path: Path) -> None:
    letter = testing.check(path).letter
    assert letter is not None
    assert letter.authenticity.verdict is not Verdict.VERIFIED
    assert letter.facts == () or letter.authenticity.verdict is Verdict.UNVERIFIED


def text_of(letter: Letter) -> str:
    return json.dumps(testing.described(letter), ensure_ascii=False) + repr(letter)


@pytest.mark.parametrize(("sample", "secrets"), [("rakuten.code", ("ラクダ", "リンゴ")), ("sbi.code", ("482913",))])
def test_one_time_values_are_in_no_letter(sample: str, secrets: tuple[str, ...]) -> None:
    letter = testing.check(testing.SAMPLES / sample / "genuine.eml").letter
    assert letter is not None
    assert BY_ID[sample].secret
    assert not any(secret in text_of(letter) for secret in secrets)


def test_ids_are_named_after_their_broker_and_unique() -> None:
    assert len(BY_ID) == len(FORMATS)
    assert all(known.id.startswith(known.broker + ".") for known in FORMATS)
    assert all(known.source and known.title.ja and known.title.en for known in FORMATS)


def test_a_value_that_is_not_where_it_should_be_is_a_problem_in_words() -> None:
    raw = mail(
        "<tradesys@rakuten-sec.co.jp>",
        "国内株式の注文が約定しました",
        "銘柄名：日本航空(92010)\n売買：買付\n約定単価：x円\n約定日時：2026/13/7 9:07\n",
        on_top=trace(passes("rakuten-sec.co.jp")),
    )
    letter = read_letter(raw, "x", context())
    assert letter.format == "rakuten.jp_execution"
    assert letter.facts == ()
    assert {words.en for words in letter.problems} >= {"a number cannot be read", "there is no such date"}


def test_a_mail_without_a_golden_file_passes_if_it_is_recognised(tmp_path: Path) -> None:
    genuine = (testing.SAMPLES / "sbi.execution" / "genuine.eml").read_bytes()
    (tmp_path / "known.eml").write_bytes(genuine)
    (tmp_path / "unknown.eml").write_bytes(genuine.replace(b"alert_master@", b"somebody@"))
    known, unknown = testing.check_all(tmp_path)
    assert (known.ok, unknown.ok) == (True, False)


def test_a_changed_golden_file_is_told_of_by_the_place_of_the_difference(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes((testing.SAMPLES / "sbi.execution" / "genuine.eml").read_bytes())
    golden = testing.write_golden(tmp_path / "a.eml")
    golden.write_text(golden.read_text("utf-8").replace('"7203.T"', '"7204.T"'), "utf-8")
    (outcome,) = testing.check_all(tmp_path)
    assert outcome.differences == ("facts[0].event.order.instrument: '7203.T', should be '7204.T'",)


def test_a_notice_without_the_records_it_should_have_says_so() -> None:
    raw = mail(
        "<service@rakuten-sec.co.jp>",
        "【投資信託】積立購入が完了しました（約定）",
        "7月3日に完了（約定）した注文 購入金額",
        on_top=trace(passes("rakuten-sec.co.jp")),
    )
    letter = read_letter(raw, "x", context())
    assert (letter.format, letter.facts) == ("rakuten.fund_execution", ())
    assert letter.problems != ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3,139円", 3139.0), ("888.12米ドル", 888.12), ("100株(口)", 100.0), ("$1,234.56", 1234.56), ("単価 .5", 0.5)],
)
def test_numbers_are_read_with_their_units(text: str, expected: float) -> None:
    assert values.number(text, AROUND) == expected


@pytest.mark.parametrize("text", ["", "円", "-5円", "9" * 400])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueUnreadError):
        values.number(text, AROUND)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("92010", "9201.T"), ("9201", "9201.T"), ("285A0", "285A.T"), ("285A", "285A.T")],
)
def test_japanese_codes_come_with_and_without_their_check_character(text: str, expected: str) -> None:
    assert values.japan_code(text, AROUND) == expected


def test_a_date_without_a_year_is_of_the_last_such_day() -> None:
    assert values.japan_date("12月30日", AROUND).year == 2025
    assert values.japan_date("1月4日", AROUND).year == 2026


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("April 9, 2025 at 3:51 PM", "2025-04-09T15:51:00-04:00"),
        ("Jan 2, 2025 at 12:05 AM", "2025-01-02T00:05:00-05:00"),
        ("07/06/26", "2026-07-06T00:00:00-04:00"),
        ("March 3rd, 2024", "2024-03-03T00:00:00-05:00"),
    ],
)
def test_american_dates_are_in_new_york(text: str, expected: str) -> None:
    assert values.us_date(text, AROUND).isoformat() == expected
