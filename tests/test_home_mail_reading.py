"""One raw mail becomes one letter with its facts."""

import pytest

from kuraban.home.mail.reading import read_letter
from kuraban.home.model import Certainty, Verdict
from mail_writer import context, mail, passes, trace

EXECUTION = """銘柄名：日本航空(92010)<br>
市場：東証<br>
取引：現物<br>
売買：買付<br>
約定単価：3,139円<br>
約定数量：100株（口）<br>
約定日時：2026/7/7 9:07<br>
口座区分：特定<br>
注文番号：0871<br>
"""


def execution(results: str | None) -> bytes:
    return mail(
        "<tradesys@rakuten-sec.co.jp>",
        "国内株式の注文が約定しました",
        EXECUTION,
        on_top=trace(results, "bounce@bounce2.rakuten-sec.co.jp"),
        kind="text/html",
    )


def test_a_genuine_execution_notice_states_its_order() -> None:
    letter = read_letter(execution(passes("rakuten-sec.co.jp", "bounce@bounce2.rakuten-sec.co.jp")), "x.eml", context())
    assert letter.authenticity.verdict is Verdict.VERIFIED
    assert (letter.kind, letter.format, letter.problems) == ("execution", "rakuten.jp_execution", ())
    (fact,) = letter.facts
    order = fact.event.order
    assert order is not None
    assert (order.instrument, order.side, order.quantity, order.price) == ("9201.T", "buy", 100.0, 3139.0)
    assert (order.notional, order.margin, order.id) == (313_900.0, False, "0871")
    assert fact.event.time == "2026-07-07T09:07:00+09:00"
    assert fact.certainty is Certainty.CERTAIN


def test_a_forged_execution_notice_states_nothing() -> None:
    letter = read_letter(execution("dmarc=fail header.from=rakuten-sec.co.jp"), "x.eml", context())
    assert letter.authenticity.verdict is Verdict.FORGED
    assert letter.kind == "execution"
    assert letter.facts == ()


def test_two_copies_of_a_mail_state_the_same_event_whatever_servers_added() -> None:
    raw = execution(None)
    copy = b"X-Moved: yes\r\n" + raw.replace(b"\r\n", b"\n")
    first, second = (read_letter(given, "x", context()).facts[0].event.id for given in (raw, copy))
    assert first == second


@pytest.mark.parametrize(
    ("subject", "kind", "type_"),
    [
        ("ログイン通知メール", "login", "login.succeeded"),
        ("出金受付のお知らせ", "withdrawal", "withdrawal.requested"),
        ("入金完了のお知らせ", "cash", "cash.deposited"),
        ("メールアドレス変更完了のお知らせ", "setting", "setting.changed"),
        ("取引暗証番号の変更を受付しました", "setting", "setting.changed"),
        ("ワンタイムパスワードのお知らせ", "code", "notice.received"),
    ],
)
def test_a_notice_of_unknown_wording_is_told_by_its_subject_and_marked_uncertain(
    subject: str, kind: str, type_: str
) -> None:
    raw = mail("<info@sbisec.co.jp>", subject, "…", on_top=trace(passes("sbisec.co.jp")))
    letter = read_letter(raw, "x", context())
    assert letter.kind == kind
    (fact,) = letter.facts
    assert fact.event.type == type_
    assert fact.certainty is Certainty.UNCERTAIN


def test_the_same_subject_from_anybody_else_is_no_notice() -> None:
    letter = read_letter(mail("<info@example.com>", "ログイン通知メール", "…"), "x", context())
    assert (letter.kind, letter.facts) == (None, ())


def test_a_mail_that_breaks_the_reader_becomes_a_letter_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(raw: bytes) -> None:
        raise RecursionError

    monkeypatch.setattr("kuraban.home.mail.parsing.parse", break_down)
    letter = read_letter(b"From: <a@b.example>\r\n\r\n", "x", context())
    assert (letter.authenticity.verdict, letter.facts) == (Verdict.UNVERIFIED, ())
    assert [words.en for words in letter.problems] == ["this mail could not be read"]


def test_a_one_time_code_in_a_subject_is_blotted_out() -> None:
    letter = read_letter(mail("<info@sbisec.co.jp>", "認証コード：482913 のお知らせ", ""), "x", context())
    assert "482913" not in letter.subject
