"""Countries have names in both languages, and letters that survive packing."""

import unicodedata

import pytest

from kuraban.reference import country_code, country_letters, country_name
from kuraban.reference.countries import COUNTRIES
from kuraban.reference.shipped import read_table


def test_a_country_is_named_in_japanese_and_english() -> None:
    assert country_name(country_code("SG"), "ja") == "シンガポール"
    assert country_name(country_code("SG"), "en") == "Singapore"
    assert country_name(country_code("hk"), "ja") == "香港"


def test_an_unknown_country_says_so_and_unlisted_letters_stand_for_themselves() -> None:
    assert country_name(0, "ja") == "不明な国"
    assert country_name(0, "en") == "unknown country"
    assert country_name(country_code("QX"), "en") == "QX"


def test_every_country_of_the_shipped_table_has_a_name() -> None:
    table = read_table()
    codes = {*table.v4.country.tolist(), *table.v6.country.tolist()} - {0}
    assert {country_letters(code) for code in codes} <= {letters for letters, _, _ in COUNTRIES}


def test_the_table_of_names_has_all_of_iso_3166_once() -> None:
    letters = [row[0] for row in COUNTRIES]
    assert len(letters) == len(set(letters)) == 249 + len(("EU", "XK"))
    assert letters == sorted(letters)
    for _, ja, en in COUNTRIES:
        assert any(unicodedata.name(c).startswith(("CJK", "KATAKANA", "HIRAGANA")) for c in ja)
        assert en[0].isupper()


@pytest.mark.parametrize("letters", ["", "J", "JPN", "日本", "J1", "--"])
def test_what_is_no_pair_of_letters_is_no_country(letters: str) -> None:
    assert country_code(letters) == 0


def test_packing_is_high_letter_first() -> None:
    assert country_code("jp") == ord("J") << 8 | ord("P")
    assert country_letters(country_code("JP")) == "JP"
