"""The incident: the first hour in order, and an evidence package that is private, complete and unchanged."""

import csv
import hashlib
import io
import os
import stat
import zipfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics

from kuraban.events import Cash, Event, Order, Setting
from kuraban.home.eventwords import told_words
from kuraban.home.hardening import Done
from kuraban.home.incident import (
    Account,
    Action,
    Entry,
    Evidence,
    Original,
    PackageError,
    as_data,
    as_text,
    false_mails,
    first_hour,
    in_order,
    note,
    notes,
    original,
    timeline,
    write_package,
)
from kuraban.home.incident.font import embedded
from kuraban.home.incident.pdf import pdf_bytes
from kuraban.home.incident.tables import csv_bytes, safe
from kuraban.home.model import Authenticity, Certainty, Fact, Letter, Verdict, Why, Words

JAPAN = timezone(timedelta(hours=9))
NOON = datetime(2026, 4, 30, 12, 0, tzinfo=JAPAN)
MAIL = (
    "From: service@rakuten-sec.co.jp\r\nSubject: test\r\n\r\n本文\x00\r\n".encode("iso-2022-jp", "replace")
    + b"\xff\n\r"
)


def fact(identity: str, when: datetime, seen: datetime, **more: object) -> Fact:
    event = Event(id=identity, time=when.isoformat(), account="楽天", type="order.executed", order=Order(side="sell"))
    return Fact(
        event=event,
        broker="rakuten",
        certainty=Certainty.CERTAIN,
        origin=str(more.get("origin", "mail:" + "0" * 64)),
        seen=seen,
        dated_only=bool(more.get("dated_only", False)),
        summary=Words("売付", "sold"),
    )


def entry(**changes: object) -> Entry:
    values: dict[str, object] = {
        "happened": NOON,
        "arrived": NOON + timedelta(minutes=1),
        "account": "楽天",
        "what": Words("売付 100株", "sold 100"),
        "event": "e1",
        "kind": "order.executed",
        "sources": ("mail:" + "0" * 64,),
    }
    return Entry(**{**values, **changes})  # type: ignore[arg-type]


def evidence(**changes: object) -> Evidence:
    values: dict[str, object] = {"made": NOON + timedelta(hours=3), "accounts": ("楽天",), "entries": (entry(),)}
    return Evidence(**{**values, **changes})  # type: ignore[arg-type]


def test_locking_and_calling_come_before_changing_passwords_and_both_secrets_are_named() -> None:
    steps = list(dict.fromkeys(line.step for line in first_hour([Account("楽天", "rakuten")])))
    assert steps.index("clean") < steps.index("lock") < steps.index("call") < steps.index("passwords")
    words = next(line.what for line in first_hour([]) if line.step == "passwords")
    assert "取引暗証番号" in words.ja
    assert "PIN" in words.en


def test_each_broker_gets_its_own_way_to_lock_or_is_told_that_none_is_known() -> None:
    lines = {
        line.account: line for line in first_hour([Account("S", "sbi"), Account("D", "daiwa")]) if line.step == "lock"
    }
    assert "ログイン一時利用停止設定" in lines["S"].notes[0].ja
    assert any("取り消されません" in words.ja for words in lines["S"].notes)
    assert "分かっていません" in lines["D"].notes[0].ja


def test_the_owners_own_note_of_a_number_is_shown_and_the_official_windows_are_listed() -> None:
    lines = first_hour([Account("S", "sbi", "0120-000-000")])
    for language in ("ja", "en"):
        text = as_text(lines, "ja" if language == "ja" else "en")
        assert "0120-000-000" in text
        assert "#9110" in text
        assert "0570-016811" in text
        assert "FINMAC" in text
        assert "IPA" in text
    assert len(as_data(lines)["steps"]) == len(lines)


def test_a_step_that_the_log_has_is_ticked_with_its_time() -> None:
    lines = first_hour([Account("楽天", "rakuten"), Account("S", "sbi")])
    log = [
        Action(at=NOON, noted=NOON, what="locked", account="楽天", step="lock"),
        Action(at=NOON, noted=NOON, what="told the police", step="police"),
    ]
    text = as_text(lines, "ja", log)
    assert text.count("[x 04-30 12:00]") == 2
    assert "[x 04-30 12:00] 楽天" in text
    assert "[ ] S" in text


def test_a_linked_bank_is_named_where_banks_are_to_be_called() -> None:
    lines = first_hour([Account("楽天", "rakuten", banks=("楽天銀行",))])
    (note_,) = next(line.notes for line in lines if line.step == "bank")
    assert "楽天銀行" in note_.ja
    assert "楽天銀行" in note_.en


def letter(verdict: Verdict, received: datetime | None = NOON) -> Letter:
    why = (Why("spf_fail", Words("送信元が違います", "it comes from elsewhere")),)
    return Letter(
        origin="mail:" + "a" * 64,
        place="x",
        received=received,
        sent=None,
        sender="service@rakuten-sec.co.jp",
        sender_name="",
        subject="【重要】\n確認",
        authenticity=Authenticity(verdict, "rakuten", why),
    )


def test_false_mails_stand_in_the_timeline_with_their_reasons_and_true_ones_do_not() -> None:
    letters = [letter(Verdict.FORGED), letter(Verdict.VERIFIED), letter(Verdict.LOOKALIKE, None)]
    (found,) = false_mails(letters, accounts={"rakuten": "楽天"})
    assert (found.account, found.mine) == ("楽天", "no_act")
    assert found.verdict == "forged"
    assert found.why[0].en == "it comes from elsewhere"
    assert "\n" not in found.what.ja
    assert false_mails(letters, since=NOON + timedelta(hours=1)) == ()
    whole = in_order([found], timeline([fact("a", NOON - timedelta(hours=1), NOON)]))
    assert [one.kind for one in whole] == ["order.executed", "mail"]


def test_a_mail_becomes_an_original_with_what_was_found_out_about_it() -> None:
    kept = original(letter(Verdict.FORGED), MAIL)
    assert (kept.verdict, kept.sender, kept.source) == ("forged", "service@rakuten-sec.co.jp", MAIL)


def test_the_log_keeps_what_was_done_in_order(tmp_path: Path) -> None:
    path = tmp_path / "incident.jsonl"
    for number in range(3):
        note(path, Action(at=NOON, noted=NOON, what=f"call {number}", account="楽天", step="call"))
    actions, unreadable = notes(path)
    assert [action.what for action in actions] == ["call 0", "call 1", "call 2"]
    assert unreadable == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_timeline_is_in_order_and_tells_one_event_of_two_sources_once() -> None:
    later, early = fact("b", NOON + timedelta(hours=1), NOON), fact("a", NOON, NOON)
    again = fact("a", NOON, NOON + timedelta(days=1), origin="csv:x.csv:2")
    entries = timeline([later, again, early], told={"a": NOON}, mine={"b": "not_mine"})
    assert [one.event for one in entries] == ["a", "b"]
    assert entries[0].sources == ("mail:" + "0" * 64, "csv:x.csv:2")
    assert entries[0].arrived == NOON
    assert entries[1].mine == "not_mine"


def test_something_of_the_day_counts_in_a_window_that_begins_at_noon() -> None:
    midnight = NOON.replace(hour=0)
    facts = [fact("day", midnight, NOON, dated_only=True), fact("morning", midnight, NOON)]
    assert [one.event for one in timeline(facts, since=NOON)] == ["day"]


def test_an_event_without_words_is_told_by_its_kind_and_amount_in_both_languages() -> None:
    event = Event(id="w", time=NOON.isoformat(), account="a", type="withdrawal.paid", cash=Cash(amount=5000.0))
    plain = Fact(event=event, broker="sbi", certainty=Certainty.CERTAIN, origin="csv:a:1", seen=NOON)
    assert timeline([plain])[0].what == Words("出金完了 5,000円", "withdrawal paid ¥5,000")
    changed = Event(
        id="s", time=NOON.isoformat(), account="a", type="setting.changed", setting=Setting("password", "changed")
    )
    assert told_words(changed) == Words("パスワードの変更", "the password changed")
    sold = Event(id="o", time=NOON.isoformat(), account="a", type="order.executed",
                 order=Order(side="sell", quantity=100, instrument="7203.T"))  # fmt: skip
    assert told_words(sold).ja == "約定 売り 100 7203.T"


def test_originals_are_copied_byte_for_byte_and_every_file_is_in_the_sums(tmp_path: Path) -> None:
    export = tmp_path / "trades.csv"
    export.write_bytes(b"\x8d\x93,1\r\n")
    digest = hashlib.sha256(MAIL).hexdigest()
    originals = (
        Original(origin=f"mail:{digest}", source=MAIL, subject="=cmd()", sender="+x"),
        Original(origin=str(export), source=export, kind="export"),
    )
    package = write_package(evidence(originals=originals), tmp_path / "out")
    assert (package.folder / "mails" / "00001.eml").read_bytes() == MAIL
    assert (package.folder / "exports" / "00002.csv").read_bytes() == export.read_bytes()
    sums = (package.folder / "SHA256SUMS").read_bytes()
    assert hashlib.sha256(sums).hexdigest() == package.sums
    listed = {line[66:]: line[:64] for line in sums.decode().splitlines()}
    files = {p.relative_to(package.folder).as_posix() for p in package.folder.rglob("*") if p.is_file()}
    assert set(listed) == files - {"SHA256SUMS"}
    for name, value in listed.items():
        assert hashlib.sha256((package.folder / name).read_bytes()).hexdigest() == value
    assert package.problems == ()


def test_nobody_else_can_read_the_package(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        package = write_package(evidence(originals=(Original(origin="x", source=MAIL),)), tmp_path / "out")
    finally:
        os.umask(mask)
    for path in (package.archive, package.folder, *package.folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


def test_the_zip_holds_the_same_files(tmp_path: Path) -> None:
    package = write_package(evidence(originals=(Original(origin="x", source=MAIL),)), tmp_path / "out")
    with zipfile.ZipFile(package.archive) as archive:
        assert archive.testzip() is None
        for entry_ in archive.infolist():
            path = package.folder.parent / entry_.filename
            assert archive.read(entry_) == path.read_bytes()
    assert len(archive.namelist()) == sum(1 for path in package.folder.rglob("*") if path.is_file())


def test_a_mail_that_is_gone_or_changed_is_said_in_the_package_and_does_not_stop_it(tmp_path: Path) -> None:
    originals = (
        Original(origin="mail:" + "1" * 64, source=tmp_path / "gone.eml"),
        Original(origin="mail:" + "2" * 64, source=MAIL),
    )
    package = write_package(evidence(originals=originals), tmp_path / "out")
    assert [problem.code for problem in package.problems] == ["not_copied", "changed"]
    readme = (package.folder / "README.txt").read_text(encoding="utf-8")
    assert "1" * 64 in readme
    assert "differs from what was first read" in readme


def test_an_existing_package_is_never_written_over_and_a_failed_one_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package(evidence(), tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(PackageError):
        write_package(evidence(), tmp_path)
    assert sorted(tmp_path.iterdir()) == before

    def full(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kuraban.home.incident.package.pdf_bytes", full)
    with pytest.raises(PackageError, match="No space"):
        write_package(evidence(made=NOON), tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_the_same_evidence_gives_the_same_package(tmp_path: Path) -> None:
    one, two = (write_package(evidence(), tmp_path / name) for name in ("a", "b"))
    assert one.sums == two.sums
    assert one.archive.read_bytes() == two.archive.read_bytes()


def test_the_tables_say_what_was_known_when_in_japan_time(tmp_path: Path) -> None:
    told = datetime(2026, 4, 30, 3, 5, tzinfo=UTC)
    day = entry(happened=NOON.replace(hour=0), dated_only=True, event="e2", told=told, mine="not_mine")
    actions = (Action(at=NOON, noted=NOON, what="電話", account="楽天"),)
    hardening = (Done(step="scan", thing="PC", on=date(2026, 1, 1), noted=NOON),)
    package = write_package(evidence(entries=(entry(), day), actions=actions, hardening=hardening), tmp_path)
    text = (package.folder / "timeline.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[1][:2] == ["2026-04-30 12:00:00", "2026-04-30 12:01:00"]
    assert rows[2][0] == "2026-04-30"
    assert rows[2][2] == "2026-04-30 12:05:00"
    assert "本人の操作ではない" in rows[2][6]
    assert "検査" in (package.folder / "hardening.csv").read_text(encoding="utf-8-sig")
    assert "電話" in (package.folder / "actions.csv").read_text(encoding="utf-8-sig")


@given(st.text(max_size=60))
def test_no_cell_of_a_table_can_begin_a_formula_or_a_new_row(text: str) -> None:
    assert not safe(text).startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    raw = csv_bytes(["a"], [[text], ["next"]])
    assert list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))[-1] == ["next"]
    assert raw.count(b"\r\n") == 3


@settings(max_examples=12)
@given(st.text(max_size=300), st.sampled_from(["ja", "en"]))
def test_any_text_of_others_can_stand_in_the_pdf(text: str, language: str) -> None:
    hostile = entry(what=Words(text, text), account=text[:100], why=(Words("<para><b>", "</font>&amp;"),))
    pdf = pdf_bytes(evidence(entries=(hostile,)), [("mails/1", "0" * 64, text)], "ja" if language == "ja" else "en")
    assert pdf.startswith(b"%PDF")


def test_a_second_document_has_the_signs_that_the_first_had_not() -> None:
    for signs in ("あ", "い¥"):
        name, held = embedded(signs)
        assert set(signs) <= held
        assert {ord(sign) for sign in signs} <= set(pdfmetrics.getFont(name).face.charToGlyph)  # type: ignore[no-untyped-call]


def test_the_font_is_inside_the_pdf() -> None:
    pdf = pdf_bytes(evidence(), [], "ja")
    assert b"/FontFile2" in pdf
    assert b"NotoSansJP" in pdf
    assert b"Heisei" not in pdf


def test_a_row_never_outgrows_a_page_and_long_lists_are_cut_with_a_word_about_it() -> None:
    long = entry(what=Words("長" * 5000, "long " * 1000), account="口" * 500)
    assert pdf_bytes(evidence(entries=(long,) * 3), [], "ja").startswith(b"%PDF")
