"""Reach: what follows from one failure, the cheapest cuts, and the picture of it."""

import time
import tomllib
from itertools import chain, combinations
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kuraban.home.reach import (
    EXAMPLE,
    Belongings,
    Graph,
    as_data,
    as_text,
    fall,
    falls,
    graph,
    png,
    problems,
    ranked,
    separation,
    svg,
)
from kuraban.home.reach.model import Aggregator, Bank, Broker, Device, Mailbox, Phone

MINE = Belongings(
    device=[Device(name="スマホ"), Device(name="PC")],
    phone=[Phone(name="番号", device="スマホ")],
    mailbox=[Mailbox(name="メール", login="sms", code_to="番号", password_group="A", reset_by=["番号"])],
    aggregator=[Aggregator(name="家計簿", password_group="B", keeps=["松井"])],
    broker=[
        Broker(name="楽天", yen=10e6, sweep=["楽天銀行"], reset_by=["メール"], login="email", code_to="メール"),
        Broker(name="SBI", yen=20e6, sweep=["ネット銀行"], sweep_limit=1e6, login="passkey"),
        Broker(name="松井", yen=3e6, password_group="B", saved_in=["PC"]),
    ],
    bank=[
        Bank(name="楽天銀行", yen=5e6, login="passkey"),
        Bank(name="ネット銀行", yen=8e6, login="passkey"),
    ],
)


def reached(start: str, mine: Belongings = MINE, cuts: tuple[str, ...] = ()) -> float:
    return fall(graph(mine), start, cuts).yen


def test_a_mailbox_that_receives_resets_takes_the_broker_and_the_linked_bank_with_it() -> None:
    found = fall(graph(MINE), "thing:メール")
    assert found.things() == ["楽天"]
    assert found.yen == 15e6


def test_a_swapped_number_reaches_as_far_as_the_mailbox_it_resets() -> None:
    assert reached("thing:番号") == 15e6
    assert reached("thing:スマホ") == 15e6


def test_a_sweep_with_a_limit_gives_up_no_more_than_its_limit() -> None:
    assert reached("thing:SBI") == 21e6
    assert reached("thing:SBI", cuts=("unlink:SBI:ネット銀行",)) == 20e6


def test_a_second_factor_is_needed_with_the_password_and_not_alone() -> None:
    mine = Belongings(
        phone=[Phone(name="番号")],
        broker=[Broker(name="B", yen=1.0, login="sms", code_to="番号", password_group="A")],
    )
    assert reached("thing:番号", mine) == 0
    assert reached("group:A", mine) == 0


def test_an_account_book_that_keeps_the_password_is_a_way_in_and_one_that_only_reads_is_none() -> None:
    assert reached("thing:家計簿") == 3e6
    assert reached("thing:家計簿", msgspec.structs.replace(MINE, aggregator=[Aggregator(name="家計簿")])) == 0


def test_a_passkey_takes_the_false_page_off_the_list_of_accidents() -> None:
    starts = {one.start for one in falls(graph(MINE))}
    assert "thing:楽天" in starts
    assert "thing:SBI" not in starts
    assert "thing:楽天" not in {one.start for one in falls(graph(MINE), ["passkey:楽天:"])}


def test_the_first_advice_is_what_saves_most_per_minute() -> None:
    whole = graph(MINE)
    first = ranked(whole)[0]

    def worth(cut: str) -> float:
        return (sum(f.yen for f in falls(whole)) - sum(f.yen for f in falls(whole, [cut]))) / whole.cuts[cut].minutes

    assert first.saved / first.minutes == max(worth(cut) for cut in whole.cuts)


def test_two_ways_that_only_help_when_both_are_closed_are_advised_together() -> None:
    mine = Belongings(
        device=[Device(name="PC")],
        broker=[Broker(name="B", yen=1e6, saved_in=["PC"], signed_in=["PC"], cannot=["passkey"])],
    )
    advice = ranked(graph(mine))
    assert [{cut.kind for cut in item.cuts} for item in advice] == [{"unsave", "signout"}]


def test_what_is_not_offered_is_not_advised() -> None:
    mine = Belongings(broker=[Broker(name="B", yen=1.0, cannot=["passkey"])])
    assert ranked(graph(mine)) == []


names = st.sampled_from(["A", "B", "C"])
mailboxes = st.lists(
    st.builds(Mailbox, name=names, password_group=st.sampled_from(["g", None]), signed_in=st.sampled_from([[], ["D"]])),
    max_size=2,
    unique_by=lambda one: one.name,
)


@st.composite
def belongings(draw: st.DrawFn) -> Belongings:
    boxes = draw(mailboxes)
    resets = st.lists(st.sampled_from([box.name for box in boxes]), unique=True) if boxes else st.just([])
    brokers = st.builds(
        Broker,
        name=st.sampled_from(["X", "Y"]),
        yen=st.sampled_from([0.0, 1e6, 5e6]),
        login=st.sampled_from(["password", "passkey"]),
        password_group=st.sampled_from(["g", None]),
        reset_by=resets,
        sweep=st.sampled_from([[], ["K"]]),
    )
    listed = draw(st.lists(brokers, max_size=2, unique_by=lambda one: one.name))
    return Belongings(
        device=[Device(name="D")], mailbox=boxes, broker=listed, bank=[Bank(name="K", yen=2e6, login="passkey")]
    )


def beyond_their_own(whole: Graph, cuts: tuple[str, ...]) -> set[tuple[str, str]]:
    return {
        (one.start, rule.head)
        for one in falls(whole, cuts)
        for rule in one.steps
        if whole.money.get(rule.head) and rule.head.removeprefix("money:") != one.start.removeprefix("thing:")
    }


@settings(max_examples=60)
@given(belongings())
def test_the_separation_separates_and_no_cheaper_set_does(mine: Belongings) -> None:
    assert problems(mine) == []
    whole = graph(mine)
    best = separation(whole)
    minutes = sum(cut.minutes for cut in best.cuts)
    left = beyond_their_own(whole, tuple(whole.cuts))
    assert beyond_their_own(whole, tuple(cut.id for cut in best.cuts)) == left
    assert best.exact
    if len(whole.cuts) <= 9:
        sets = chain.from_iterable(combinations(whole.cuts, size) for size in range(len(whole.cuts) + 1))
        cheapest = min(
            sum(whole.cuts[cut].minutes for cut in some) for some in sets if beyond_their_own(whole, some) == left
        )
        assert minutes == cheapest


@settings(max_examples=60)
@given(belongings(), st.data())
def test_a_further_cut_never_puts_more_money_in_reach(mine: Belongings, data: st.DataObject) -> None:
    whole = graph(mine)
    some = data.draw(st.lists(st.sampled_from(sorted(whole.cuts)), unique=True)) if whole.cuts else []
    for start in whole.starts:
        assert fall(whole, start, some).yen <= fall(whole, start, some[:-1]).yen


def test_mistakes_in_the_file_are_named_in_both_languages() -> None:
    wrong = Belongings(
        device=[Device(name="PC"), Device(name="PC")],
        broker=[Broker(name="B", sweep=["無い銀行"], login="sms")],
    )
    found = problems(wrong)
    assert len(found) == 3
    assert any("無い銀行" in words.ja and "無い銀行" in words.en for words in found)


def test_a_password_has_no_place_in_the_file() -> None:
    with pytest.raises(msgspec.ValidationError, match="password"):
        msgspec.convert({"broker": [{"name": "B", "password": "hunter2"}]}, Belongings)


@settings(max_examples=40)
@given(st.text(min_size=1, max_size=64), st.sampled_from(["ja", "en"]))
def test_any_name_gives_a_sound_picture_with_no_markup_of_its_own(name: str, language: str) -> None:
    mine = Belongings(broker=[Broker(name=name, yen=1.0)])
    document = svg(mine, graph(mine), [], "ja" if language == "ja" else "en")
    tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(document).iter()}
    assert tags <= {"svg", "title", "defs", "marker", "path", "rect", "g", "text", "circle"}


def test_the_picture_can_be_had_as_png_in_japanese_and_english() -> None:
    whole = graph(MINE)
    advice = ranked(whole)
    pictures = {png(svg(MINE, whole, advice, language), 1.0) for language in ("ja", "en")}
    assert len(pictures) == 2
    assert all(picture.startswith(b"\x89PNG") and len(picture) > 10_000 for picture in pictures)


def test_table_and_data_name_the_same_accidents_and_cuts() -> None:
    whole = graph(MINE)
    advice, best = ranked(whole), separation(whole)
    data = as_data(whole, advice, best)
    assert msgspec.json.decode(msgspec.json.encode(data)) == data
    for language in ("ja", "en"):
        text = as_text(whole, advice, best, "ja" if language == "ja" else "en")
        assert all(item["cuts"][0][language].casefold() in text.casefold() for item in data["advice"])
        assert len([one for one in data["falls"] if one["yen"]]) <= text.count("\n")


def test_a_hundred_accounts_are_answered_in_seconds() -> None:
    banks = [Bank(name=f"bank{n}", yen=1e6, login="passkey") for n in range(30)]
    brokers = [
        Broker(name=f"b{n}", yen=1e6, sweep=[f"bank{n % 30}"], password_group="g", reset_by=["m"]) for n in range(60)
    ]
    mine = Belongings(mailbox=[Mailbox(name="m", password_group="g")], bank=banks, broker=brokers)
    start = time.perf_counter()
    whole = graph(mine)
    assert ranked(whole)
    separation(whole)
    assert time.perf_counter() - start < 20


def test_the_picture_in_the_documentation_is_that_of_the_example() -> None:
    mine = msgspec.convert(tomllib.loads(EXAMPLE), Belongings)
    assert problems(mine) == []
    whole = graph(mine)
    shown = Path(__file__).parents[1] / "docs" / "images" / "reach-example.svg"
    assert shown.read_text(encoding="utf-8") == svg(mine, whole, ranked(whole), "ja")
