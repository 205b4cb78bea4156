"""Hardening: the right order, the record of what was done, and reminders."""

import os
import stat
from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kuraban.home.config import Account, Config
from kuraban.home.hardening import (
    HOME,
    Done,
    State,
    Thing,
    append,
    as_data,
    as_text,
    next_tasks,
    plan,
    read,
    record_text,
    reminder_words,
    reminders,
    steps,
    things_in,
    things_of,
)
from kuraban.home.reach.model import Bank, Belongings, Broker, Device, Mailbox

TODAY = date(2026, 11, 24)
NOTED = datetime(2026, 11, 24, 9, tzinfo=UTC)
THINGS = [
    Thing("device", "PC"),
    Thing("mailbox", "メール"),
    Thing("broker", "楽天", "rakuten"),
    Thing("broker", "大和", "daiwa"),
    HOME,
]


def done(step: str, thing: str, on: date = TODAY, **more: str) -> Done:
    state = more.get("state", "done")
    assert state in ("done", "not_needed", "undone")
    return Done(step=step, thing=thing, on=on, noted=NOTED, state=state, note=more.get("note", ""))  # type: ignore[arg-type]


def test_every_step_names_only_steps_before_it() -> None:
    seen: set[str] = set()
    for step in steps().step:
        assert set(step.after) <= seen
        assert step.id not in seen
        seen.add(step.id)


def test_nothing_is_changed_before_the_device_is_clean() -> None:
    first = next_tasks(plan(THINGS, [], TODAY), most=1)[0]
    assert (first.step.id, first.thing.name) == ("update", "PC")
    tasks = {(task.step.id, task.thing.name): task for task in plan(THINGS, [], TODAY)}
    assert all(
        ("scan", "PC") in task.first
        for task in tasks.values()
        if task.thing.scope in ("mailbox", "broker") and task.step.after == ["scan"]
    )
    assert not any(task.first == () for task in tasks.values() if task.thing.scope in ("mailbox", "broker"))
    for step in ("mail_password", "mail_passkey"):
        assert ("scan", "PC") in tasks[step, "メール"].first
    assert ("mail_password", "メール") in tasks["password", "楽天"].first
    assert ("password", "楽天") in tasks["pin", "楽天"].first
    assert ("password", "大和") not in tasks["pin", "楽天"].first


def test_what_came_before_being_done_frees_what_follows() -> None:
    record = [done("update", "PC"), done("scan", "PC"), done("mail_password", "メール")]
    tasks = {(task.step.id, task.thing.name): task for task in plan(THINGS, record, TODAY)}
    assert tasks["password", "楽天"].first == ()
    assert tasks["scan", "PC"].state is State.DONE


def test_a_step_is_due_again_after_its_days_and_is_reminded_of_a_week_before() -> None:
    record = [done("notices", "楽天", date(2026, 8, 30))]
    (task,) = reminders(plan(THINGS, record, TODAY), TODAY)
    assert task.again == date(2026, 11, 28)
    assert task.state is State.DONE
    (task,) = reminders(plan(THINGS, record, date(2026, 11, 28)), date(2026, 11, 28))
    assert task.state is State.AGAIN


def test_what_is_not_needed_is_not_asked_for_until_it_is_taken_back() -> None:
    record = [done("link", "大和", state="not_needed", note="リンクなし")]
    assert _state(record) is State.NOT_NEEDED
    assert _state([*record, done("link", "大和", state="undone")]) is State.DUE


def _state(record: list[Done]) -> State:
    return next(t.state for t in plan(THINGS, record, TODAY) if (t.step.id, t.thing.name) == ("link", "大和"))


def test_a_menu_is_named_where_it_is_known_and_said_to_be_unknown_where_not() -> None:
    tasks = {(task.step.id, task.thing.name): task for task in plan(THINGS, [], TODAY)}
    known, unknown = tasks["link", "楽天"].menu_words(), tasks["link", "大和"].menu_words()
    assert known is not None
    assert unknown is not None
    assert "マネーブリッジ" in known.ja
    assert "分かっていません" in unknown.ja
    assert "not known" in unknown.en


def test_brokers_come_by_money_and_home_last() -> None:
    mine = Belongings(
        device=[Device(name="PC")],
        mailbox=[Mailbox(name="m")],
        broker=[Broker(name="small", yen=1.0), Broker(name="large", yen=9.0, broker="sbi")],
        bank=[Bank(name="bank")],
    )
    assert [thing.name for thing in things_of(mine)] == ["PC", "m", "large", "small", "bank", "home"]


def test_the_record_is_kept_in_order_privately_and_survives_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "hardening.jsonl"
    assert read(path) == ([], [])
    append(path, done("scan", "PC"))
    with path.open("ab") as file:
        file.write(b'{"step": "upd')  # the machine stopped here
    append(path, done("password", "楽天"))
    records, unreadable = read(path)
    assert [one.step for one in records] == ["scan", "password"]
    assert [place.code for place in unreadable] == ["bad_line"]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert "楽天" in record_text(records, "ja").splitlines()[2]


def test_the_record_is_shown_in_the_time_of_the_clock_on_the_wall() -> None:
    assert "2026-11-24 18:00 JST" in record_text([done("scan", "PC")], "ja")
    assert f"{NOTED.astimezone():%Y-%m-%d %H:%M %Z}" in record_text([done("scan", "PC")], "en")


def test_a_tab_or_line_end_in_a_note_does_not_break_the_record_shown() -> None:
    text = record_text([done("scan", "PC", note="a\tb\nc")], "en")
    assert text.splitlines()[1].endswith("a b c")
    assert len(text.splitlines()) == 2


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([step.id for step in steps().step]),
            st.sampled_from([thing.name for thing in THINGS]),
            st.dates(date(2025, 1, 1), TODAY),
        ),
        max_size=20,
    )
)
def test_there_is_always_a_next_step_while_any_is_open(record: list[tuple[str, str, date]]) -> None:
    tasks = plan(THINGS, [done(step, thing, on) for step, thing, on in record], TODAY)
    assert bool(next_tasks(tasks)) == any(task.open for task in tasks)
    assert len(as_data(tasks)) == len(tasks)
    for language in ("ja", "en"):
        assert as_text(tasks, "ja" if language == "ja" else "en").count("\n[") == len(tasks)


def test_without_a_reach_file_the_accounts_of_the_configuration_are_hardened(tmp_path: Path) -> None:
    config = Config(account=[Account(label="楽天証券", broker="rakuten")])
    things = things_in(tmp_path, config)
    assert [(thing.scope, thing.broker) for thing in things] == [
        ("device", None),
        ("broker", "rakuten"),
        ("home", None),
    ]
    (tmp_path / "reach.toml").write_text('[[device]]\nname = "PC"\n', encoding="utf-8")
    assert [thing.name for thing in things_in(tmp_path, config)] == ["PC", "home"]


def test_the_digest_reminds_of_what_is_due_again_and_of_nothing_that_was_never_done(tmp_path: Path) -> None:
    config = Config(account=[Account(label="楽天証券", broker="rakuten")])
    assert reminder_words(tmp_path, config, TODAY) == []
    append(tmp_path / "hardening.jsonl", done("notices", "楽天証券", date(2026, 8, 1)))
    (words,) = reminder_words(tmp_path, config, TODAY)
    assert "楽天証券" in words.ja
    assert "2026-08-01" in words.en
