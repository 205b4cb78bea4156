"""Notices whose wording is not known: what their subject alone tells, and what it must not be taken for."""

import pytest

from kuraban.home.mail.reading import read_letter
from kuraban.home.model import Certainty, Letter
from mail_writer import context, mail, passes, trace


def notice(subject: str, body: str = "…", domain: str = "sbisec.co.jp") -> Letter:
    raw = mail(f"<notice@{domain}>", subject, body, on_top=trace(passes(domain), f"bounce@{domain}"))
    return read_letter(raw, "x", context())


@pytest.mark.parametrize(
    ("subject", "setting"),
    [
        ("メールアドレスを登録しました", "email"),
        ("メールアドレスを削除しました", "email"),
        ("パスワード変更完了のお知らせ", "password"),
        ("取引パスワード変更のお知らせ", "trading_pin"),
        ("出金先金融機関の変更を受付しました", "payout_account"),
        ("出金先口座の変更を受け付けました", "payout_account"),
        ("電話番号の変更が完了しました", "phone"),
        ("パスキーの登録が完了しました", "mfa"),
        ("新しいデバイスの登録のお知らせ", "device"),
        ("Your password was changed", "password"),
        ("Your bank account was added", "payout_account"),
    ],
)
def test_a_change_of_settings_is_told_by_what_was_changed(subject: str, setting: str) -> None:
    letter = notice(subject)
    assert letter.kind == "setting"
    (fact,) = letter.facts
    assert fact.event.setting is not None
    assert (fact.event.type, fact.event.setting.name) == ("setting.changed", setting)
    assert fact.certainty is Certainty.UNCERTAIN


@pytest.mark.parametrize(
    ("subject", "type_"),
    [
        ("ログイン通知", "login.succeeded"),
        ("お客様の口座にログインがありました", "login.succeeded"),
        ("ログイン失敗のお知らせ", "login.failed"),
        ("ログインロックのお知らせ", "login.failed"),
        ("Sign-in alert", "login.succeeded"),
    ],
)
def test_logins_and_failed_ones_are_told_apart(subject: str, type_: str) -> None:
    (fact,) = notice(subject).facts
    assert fact.event.type == type_


@pytest.mark.parametrize(
    ("subject", "body", "type_", "amount"),
    [
        ("出金受付のお知らせ", "出金金額：1,500,000円\n出金日：2026/7/8", "withdrawal.requested", 1_500_000.0),
        ("出金完了のお知らせ", "出金額　20,000 円", "withdrawal.paid", 20_000.0),
        ("入金完了のお知らせ", "入金額：300,000円", "cash.deposited", 300_000.0),
        ("振替入金通知", "詳細はログイン後の画面で", "cash.deposited", None),
    ],
)
def test_movements_of_money_are_read_with_their_amount_where_it_stands(
    subject: str, body: str, type_: str, amount: float | None
) -> None:
    (fact,) = notice(subject, body).facts
    assert fact.event.cash is not None
    assert (fact.event.type, fact.event.cash.amount) == (type_, amount)


@pytest.mark.parametrize(
    "subject",
    ["新規ご入金キャンペーンのお知らせ", "出金手数料無料セミナー", "夏のプレゼント", "Weekly newsletter: log-in tips"],
)
def test_advertising_states_nothing(subject: str) -> None:
    letter = notice(subject)
    assert (letter.kind, letter.facts) == ("advertising", ())


@pytest.mark.parametrize(
    "subject", ["", "重要なお知らせ", "取引報告書の電子交付のお知らせ", "システムメンテナンスについて"]
)
def test_anything_else_stays_unrecognised(subject: str) -> None:
    letter = notice(subject)
    assert (letter.kind, letter.facts) == (None, ())


@pytest.mark.parametrize(("subject", "kind"), [("追証発生のお知らせ", "margin_call"), ("約定通知メール", "execution")])
def test_a_notice_that_cannot_be_read_is_still_known_to_have_come(subject: str, kind: str) -> None:
    letter = notice(subject, domain="nomura.co.jp")
    (fact,) = letter.facts
    assert fact.event.notice is not None
    assert (letter.kind, fact.event.type, fact.event.notice.kind) == (kind, "notice.received", kind)


def test_facts_are_of_the_account_as_the_owner_calls_it() -> None:
    raw = mail("<notice@sbisec.co.jp>", "ログイン通知", "…")
    (fact,) = read_letter(raw, "x", context(accounts={"sbi": "SBI（NISA）"})).facts
    assert (fact.event.account, fact.broker) == ("SBI（NISA）", "sbi")
