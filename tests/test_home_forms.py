"""Forms for reach.toml and plan.toml: what is written by hand stays as it is but for what the owner changes."""

import tomllib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kuraban.cli import main
from kuraban.home import plan as plans
from kuraban.home import tomlfile
from kuraban.home.config import Config
from kuraban.home.forms import plan as planned
from kuraban.home.forms.accounts import World
from kuraban.home.forms.fields import amount_of
from kuraban.home.forms.questions import NONE, UNSURE, Question, Sent, Table, ask, line, take, token
from kuraban.home.forms.reach import questions
from kuraban.home.plan import Market, Plan
from kuraban.home.problems import HomeError
from kuraban.home.reach import Belongings, editing, problems
from kuraban.home.reach.reading import EXAMPLE, parsed
from kuraban.home.tomledit import Add, Cut, Edit, Put, Set, edited
from kuraban.home.tomltext import blocks, comments, line_of
from toml_writer import NAMES, written

LOGINS = {"sms": "phone", "email": "mailbox", "app": "device"}
CUTS = ["passkey", "unique", "unsave", "signout", "separate"]


@st.composite
def things(draw: st.DrawFn) -> dict[str, Any]:
    """What an owner may have written, sound, as plain data."""
    names = draw(st.lists(NAMES, unique=True, max_size=9))
    kinds = [draw(st.sampled_from(editing.KINDS)) for _ in names]
    by = {kind: [n for n, k in zip(names, kinds, strict=True) if k == kind] for kind in editing.KINDS}
    found: dict[str, Any] = {}
    for name, kind in zip(names, kinds, strict=True):
        found.setdefault(kind, []).append({"name": name, **draw(keys(kind, by))})
    return found


@st.composite
def keys(draw: st.DrawFn, kind: str, by: dict[str, list[str]]) -> dict[str, Any]:
    """The keys of one thing besides its name; each may be missing."""

    def some(*kinds: str) -> st.SearchStrategy[list[str]]:
        known = [name for one in kinds for name in by[one]]
        return st.lists(st.sampled_from(known), unique=True, max_size=3) if known else st.just([])

    possible: dict[str, st.SearchStrategy[Any]] = {}
    if kind == "phone" and by["device"]:
        possible["device"] = st.sampled_from(by["device"])
    if kind in ("mailbox", "bank", "broker", "aggregator"):
        possible |= {"saved_in": some("device"), "signed_in": some("device"), "reset_by": some("mailbox", "phone")}
        possible |= {"password_group": NAMES, "cannot": st.lists(st.sampled_from(CUTS), max_size=2)}
    if kind in ("bank", "broker"):
        possible["yen"] = st.one_of(st.integers(0, 10**13), st.floats(0, 1e13), st.just(0.1))
    if kind == "broker":
        possible |= {"sweep": some("bank"), "sweep_limit": st.integers(0, 10**9), "broker": NAMES}
    if kind == "aggregator":
        possible["keeps"] = some("mailbox", "bank", "broker")
    found = draw(st.fixed_dictionaries({}, optional=possible))
    if kind in ("mailbox", "bank", "broker", "aggregator") and draw(st.booleans()):
        choices = ["password", "passkey", *(login for login, source in LOGINS.items() if by[source])]
        found["login"] = draw(st.sampled_from(choices))
        if found["login"] in LOGINS:
            found["code_to"] = draw(st.sampled_from(by[LOGINS[found["login"]]]))
    return found


reach_files = things().flatmap(written)
_DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
_ACCOUNT: dict[str, st.SearchStrategy[Any]] = {"account": NAMES}
plan_files = st.fixed_dictionaries(
    {},
    optional={
        "quiet": st.lists(NAMES, max_size=3),
        "never": st.lists(st.sampled_from(get_args(Market)), max_size=3),
        "trading": st.lists(_DAYS, max_size=3),
        "settings": st.lists(_DAYS, max_size=2),
        "recurring": st.lists(
            st.fixed_dictionaries(
                _ACCOUNT,
                optional={
                    "day": st.integers(1, 31),
                    "amount": st.one_of(st.integers(1, 10**9), st.floats(0.01, 1e9)),
                    "instrument": st.text(max_size=12),
                    "kind": st.just("fund"),
                    "until": _DAYS,
                },
            ),
            min_size=1,
            max_size=3,
        ),
        "withdrawal": st.lists(
            st.fixed_dictionaries(_ACCOUNT, optional={"most": st.integers(1, 10**9), "day": st.integers(1, 31)}),
            min_size=1,
            max_size=2,
        ),
        "trip": st.lists(
            st.fixed_dictionaries(
                {"from": _DAYS, "to": st.just(date(2100, 1, 2))}, optional={"trading": st.booleans()}
            ),
            min_size=1,
            max_size=2,
        ),
    },
).flatmap(written)


def pairs(asked: list[Question], table: Table) -> list[tuple[str, str]]:
    """What a browser sends back of a page that nobody touched."""
    found = []
    for one in ask(asked, table):
        if one.question.form == "text":
            found.append((one.question.id, line(one.answer.value)))
        found += [(one.question.id, option.token) for option in one.options if option.token in one.answer.chosen]
        found += [(one.question.id, "yes")] if one.question.form == "tick" and one.answer.chosen else []
        found += [(f"{one.question.id}+", one.answer.added)] if one.question.more else []
    return found


def data_of(text: str) -> dict[str, Any]:
    return tomllib.loads(text.removeprefix("\ufeff"))


@settings(deadline=None, max_examples=70)
@given(reach_files)
def test_a_hand_written_file_is_cut_into_pieces_that_join_to_it_and_hold_what_it_says(text: str) -> None:
    parsed(text, "reach.toml")
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    found = blocks(plain)
    assert "".join(block.text for block in found) == plain
    data = data_of(text)
    for kind, tables in data.items():
        own = [tomllib.loads(block.text)[kind][0] for block in found if block.kind == kind]
        assert own in (tables, [])
        lines = plain.split("\n")
        for at in range(len(own)):
            place = line_of(plain, kind, at)
            assert place is not None
            assert lines[place - 1].startswith(f"[[{kind}]]")


@settings(deadline=None, max_examples=70)
@given(reach_files)
def test_a_form_of_reach_that_is_saved_without_a_change_leaves_the_file_to_the_byte(text: str) -> None:
    data = data_of(text)
    for kind, at, table in editing.every(data):
        asked = questions(kind, World(data), table)
        taken = take(asked, Sent(pairs(asked, table)), table)
        assert not taken.wrong
        assert taken.new == []
        assert taken.table == table
        assert edited(text, editing.put(data, kind, at, taken.table)) == text


@settings(deadline=None, max_examples=70)
@given(plan_files)
def test_a_form_of_the_plan_that_is_saved_without_a_change_leaves_the_file_to_the_byte(text: str) -> None:
    data = data_of(text)
    plans.checked(tomlfile.parse(text, Plan, "plan.toml"), "plan.toml")
    known = tuple(planned.accounts(data, Config(), []))
    for kind in planned.TABLES:
        for at, table in enumerate(data.get(kind, ())):
            asked = planned.questions(kind, known)
            taken = take(asked, Sent(pairs(asked, table)), table)
            assert not taken.wrong
            assert taken.table == table
            assert edited(text, [Put(kind, at, taken.table)]) == text
    for key in planned.LISTS:
        asked = [planned.list_question(key, known)]
        assert take(asked, Sent(pairs(asked, data)), data).table == data


def kept(before: str, after: str) -> bool:
    """Whether every comment is still there."""
    return not Counter(comments(before)) - Counter(comments(after))


def tried(text: str, edits: list[Edit]) -> str | None:
    """The edited text; None where the way it is written does not allow it, which must be rare (see below)."""
    try:
        return edited(text, edits)
    except HomeError:
        return None


@settings(deadline=None, max_examples=120)
@given(reach_files, st.data())
def test_a_change_changes_what_was_meant_and_keeps_comments_and_everything_else(text: str, data: st.DataObject) -> None:
    said = data_of(text)
    every = list(editing.every(said))
    assume(every)
    kind, at, table = data.draw(st.sampled_from(every))
    changed = {**table, "name": data.draw(st.sampled_from(["新しい名前", table["name"]]))}
    if kind in ("bank", "broker"):
        changed["yen"] = 123_456
    if kind not in ("device", "phone"):
        changed["saved_in"] = data.draw(st.lists(st.sampled_from(["x", *table.get("saved_in", ())]), unique=True))
        changed.pop("reset_by", None)
    after = tried(text, editing.put(said, kind, at, changed))
    assert after is not None
    assert data_of(after)[kind][at] == {
        key: [changed["name"] if one == table["name"] else one for one in value]
        if isinstance(value, list)
        else changed["name"]
        if key in ("name", "code_to") and value == table["name"]
        else value
        for key, value in changed.items()
    }
    assert kept(text, after)
    assert {k: len(v) for k, v in data_of(after).items()} == {k: len(v) for k, v in said.items()}


@settings(deadline=None, max_examples=70)
@given(reach_files, st.data())
def test_a_thing_that_is_taken_out_leaves_a_sound_file_and_every_comment(text: str, data: st.DataObject) -> None:
    said = data_of(text)
    every = list(editing.every(said))
    assume(every)
    kind, at, table = data.draw(st.sampled_from(every))
    after = edited(text, editing.cut(said, kind, at))
    mine = msgspec.convert(data_of(after), Belongings)
    assert problems(mine) == []
    assert table["name"] not in mine.names()
    assert kept(text, after)


@settings(deadline=None, max_examples=60)
@given(plan_files, NAMES)
def test_entries_and_lists_of_the_plan_are_added_to_without_touching_the_rest(text: str, name: str) -> None:
    said = data_of(text)
    day = date(1999, 1, 1)
    after = edited(
        text,
        [
            Add("withdrawal", {"account": name, "most": 1000}),
            Set("quiet", [*said.get("quiet", ()), name]),
            *planned.with_day(said, "trading", day),
        ],
    )
    now = data_of(after)
    assert now["withdrawal"] == [*said.get("withdrawal", ()), {"account": name, "most": 1000}]
    assert now["quiet"][-1] == name
    assert now["trading"] == [*said.get("trading", ()), day]
    assert kept(text, after)
    assert edited(after, [Cut("withdrawal", len(now["withdrawal"]) - 1)]).count(
        comments(text)[0] if comments(text) else ""
    )


BY_HAND = """\
# わたしの持ち物
[[broker]]
name = "楽天"   # 主な口座
yen = 5_000_000

# 楽天銀行のこと
[[bank]]
name = "楽天銀行"

# SBI のこと
[[broker]]
name = "SBI"
saved_in = [
  "PC", # 居間
]

[[device]]
name = "PC"
"""


def test_a_comment_stays_above_what_it_is_about_where_kinds_take_turns() -> None:
    data = data_of(BY_HAND)
    after = edited(BY_HAND, editing.put(data, "broker", 0, {**data["broker"][0], "yen": 6_000_000, "sweep": []}))
    assert after == BY_HAND.replace("yen = 5_000_000\n", "yen = 6000000\nsweep = []\n")
    after = edited(after, editing.put(data_of(after), "device", 0, {"name": "居間のPC"}))
    assert '# SBI のこと\n[[broker]]\nname = "SBI"\n' in after
    assert data_of(after)["broker"][1]["saved_in"] == ["居間のPC"]
    assert '# 楽天銀行のこと\n[[bank]]\nname = "楽天銀行"' in after


def test_a_key_that_the_forms_do_not_know_stays() -> None:
    text = '[[bank]]\nname = "a"\nnote = "mine"  # keep\n'
    assert edited(text, [Put("bank", 0, {"name": "b", "note": "mine"})]) == text.replace('"a"', '"b"')


def test_a_password_group_gets_a_name_of_its_own_so_that_nobody_types_a_password() -> None:
    data = data_of(EXAMPLE)
    table = data["bank"][0]
    asked = questions("bank", World(data), table)
    group = next(one for one in asked if one.id == "password_group")
    new = group.options(table)[-1].token
    taken = take(asked, Sent([*pairs(asked[:3], table), ("password_group", new)]), table)
    assert taken.table["password_group"] == "使い回し1"
    assert group.more is None


def test_not_knowing_is_an_answer_that_can_be_told_from_no() -> None:
    data = data_of(EXAMPLE)
    asked = questions("bank", World(data), data["bank"][0])
    saved = next(one for one in asked if one.id == "saved_in")
    assert saved.answer({}).chosen == {UNSURE}
    assert saved.answer({"saved_in": []}).chosen == {NONE}
    none, unsure = ("saved_in", NONE), ("saved_in", UNSURE)
    assert take([saved], Sent([none, unsure]), {"name": "x"}).table == {"name": "x", "saved_in": []}
    assert take([saved], Sent([unsure]), {"saved_in": ["スマホ"]}).table == {}
    assert take([saved], Sent([]), {"saved_in": ["スマホ"]}).table == {}
    phone = ("saved_in", token(repr("スマホ")))
    assert take([saved], Sent([none, unsure, phone]), {}).table == {"saved_in": ["スマホ"]}


@pytest.mark.parametrize(
    ("typed", "yen"),
    [
        ("5,000,000", 5_000_000),
        ("500万", 5_000_000),
        ("1億2000万円", 120_000_000),
        ("５００,０００円", 500_000),
        ("¥100", 100),
        ("1.5万", 15_000),
        ("100 yen", 100),
        ("abc", None),
        ("-1", None),
        ("1e9", None),
        ("nan", None),
        ("円", None),
        ("9" * 40, None),
    ],
)
def test_amounts_are_read_as_people_write_them(typed: str, yen: float | None) -> None:
    assert amount_of(typed) == yen


@pytest.mark.parametrize(
    ("text", "line_number"),
    [
        ('[[broker]]\nname = "a"\n\n[[bank]]\nname = "b"\n[[broker]]\nname="c"\nyen = "x"\n', 8),
        ('# x\n[[broker]]\nname = "a"\nsweep = ["nowhere"]\n', 4),
        ('[[device]]\nname = "a"\n[[phone]]\nname = "a"\n', 4),
        ('[[broker]]\nname = "a"\npassword = "x"\n', 3),
        ("[[broker]]\nyen = 1\n", 1),
        ("[[broker]\n", 1),
        ('x = """\n[[broker]]\n"""\n[[broker]]\nname = 1\n', 1),
        ('bank = [\n  {name = "a"},\n  {name = 1},\n]\n', 1),
    ],
)
def test_what_is_wrong_in_a_file_is_said_with_its_line(text: str, line_number: int) -> None:
    with pytest.raises(tomlfile.TomlError) as caught:
        parsed(text, "reach.toml")
    assert caught.value.line == line_number
    assert f"{line_number}行目" in caught.value.words.ja
    assert f"line {line_number}" in caught.value.words.en


def test_the_command_changes_the_plan_in_the_owners_own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KURABAN_HOME", str(tmp_path))
    text = '# 予定\nquiet = ["SBI"] # もう使わない\n\n# 毎月\n[[withdrawal]]\naccount = "楽天"\nmost = 5_0000\n'
    (tmp_path / "plan.toml").write_text(text, "utf-8")
    assert main(["home", "plan", "withdrawal", "楽天", "--most", "10000"]) == 0
    assert main(["home", "plan", "quiet", "古い口座"]) == 0
    after = (tmp_path / "plan.toml").read_text("utf-8")
    assert after.startswith(text.replace('["SBI"]', '["SBI", "古い口座"]'))
    assert main(["home", "plan", "remove", "withdrawal", "2"]) == 0
    assert main(["home", "plan", "remove", "quiet", "2"]) == 0
    assert (tmp_path / "plan.toml").read_text("utf-8") == text


def test_signs_for_names_do_not_say_them() -> None:
    assert token("Gmail") != token("gmail")
    assert len(token("\u202e" * 64)) == 16
