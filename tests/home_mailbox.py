"""One owner's mailbox: notices of what happened in the layouts brokers use, signed, among newsletters and phishing."""

import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import NamedTuple

import dkim_signer
from home_owner import START, TOKYO, Done, at
from kuraban.home.mail.authenticity.keys import Resolver

PROVIDER = "mx.provider.example"
OWNER = "taro@provider.example"
DOMAINS = {"rakuten": "rakuten-sec.co.jp", "sbi": "sbisec.co.jp", "monex": "monex.co.jp"}
SHOPS = (
    *("本日のおすすめ", "ご注文ありがとうございます", "発送のお知らせ", "ポイント失効のお知らせ", "週末セール開催中"),
    *(
        "メンバー限定クーポン",
        "新着記事のお知らせ",
        "請求書発行のお知らせ",
        "アンケートのお願い",
        "Your weekly newsletter",
    ),
)
SENDERS = ("shop.example", "books.example", "news.example", "travel.example", "power.example", "card.example")
LURES = (
    "【楽天証券】セキュリティ強化のご案内",
    "【重要】オンラインサービスご利用条件の変更について(要確認)",
    "【SBI証券】口座情報更新のご案内",
    "【緊急】異常なログイン検知に伴う口座セキュリティ確認のお願い",
)
SETTINGS = {
    "password": "パスワード変更完了のお知らせ",
    "mfa": "多要素認証の設定が変更されました",
    "phone": "電話番号変更完了のお知らせ",
    "payout_account": "出金先口座の変更を受け付けました",
    "email": "メールアドレス変更完了のお知らせ",
}


class Mail(NamedTuple):
    """One mail: when it came, its bytes, and whether it tells of what a thief did."""

    time: datetime
    raw: bytes
    thief: bool = False


def resolver() -> Resolver:
    """Keys of the brokers, as DNS would give them."""
    return dkim_signer.published({domain: dkim_signer.record(bits=1024) for domain in DOMAINS.values()})


def notice(done: Done, number: int) -> Mail:
    """The signed notice of what happened, in its broker's layout."""
    sender, subject, text, html, charset = LAYOUTS[done.what](done)
    domain = DOMAINS[done.broker]
    when = done.time + timedelta(minutes=2)
    raw = _message(f"{sender}@{domain}", subject, text, when, number, html=html, charset=charset)
    signed = dkim_signer.sign(raw, domain, bits=1024, at=int(when.timestamp()))
    return Mail(when, _delivered(signed, domain, when, passed=True), done.thief)


def _jp_execution(done: Done) -> tuple[str, str, str, bool, str]:
    if not done.instrument.endswith(".T"):
        return _foreign_execution(done)
    code = done.instrument.partition(".")[0]
    side = "買付" if done.side == "buy" else "売付"
    when = f"{done.time.year}/{done.time.month}/{done.time.day} {done.time.hour}:{done.time.minute:02d}"
    if done.broker == "sbi":
        sold = "現物買" if done.side == "buy" else "現物売"
        rows = (
            ("約定日時", f"{done.time:%Y/%m/%d %H:%M:%S}"),
            ("注文番号", f"{done.number}"),
            ("取引種別", sold),
            ("銘柄名（銘柄コード）", f"{done.name}（{code}）"),
            ("取引所", "東証"),
            ("株数", f"{done.quantity:,}株"),
            ("約定価格", f"{done.price:,}円"),
        )
        text = "\n".join(f"{label}　{value}" for label, value in rows)
        return "alert_master", f"[SBI証券]約定通知／注文番号{done.number}", text, False, "utf-8"
    lines = (
        *(f"銘柄名：{done.name}({code}0)", "市場：東証", "取引：現物", f"売買：{side}", f"約定単価：{done.price:,}円"),
        *(
            f"約定数量：{done.quantity:,}株（口）",
            f"約定日時：{when}",
            "口座区分：特定",
            f"注文番号：{done.number:04d}",
        ),
    )
    body = "国内株式の注文が約定しました。<br>" + "<br>".join(lines)
    return "tradesys", "国内株式の注文が約定しました", body, True, "utf-8"


def _foreign_execution(done: Done) -> tuple[str, str, str, bool, str]:
    when = f"{done.time.year}/{done.time.month}/{done.time.day} {done.time.hour}:{done.time.minute:02d}"
    side = "買付" if done.side == "buy" else "売却"
    product, unit = ("米国株式", "米ドル") if "." not in done.instrument else ("中国株式", "香港ドル")
    lines = (
        *("山田　太郎 様", f"{product}の注文が約定しました。", f"注文番号：{done.number:04d}"),
        f"銘柄名（銘柄コード）：{done.name}（{done.instrument.partition('.')[0]}）",
        *(f"口座・売買：特定・{side}", "決済方法：円貨", f"約定単価：{done.price}{unit}"),
        *(f"約定数量：{done.quantity:,}株（口）", f"約定日時：{when}"),
    )
    return "tradesys", f"{product}の注文が約定しました", "\n".join(lines), False, "utf-8"


def _fund(done: Done) -> tuple[str, str, str, bool, str]:
    rows = (("口座区分", "NISAつみたて投資枠"), ("分配金コース", "再投資型"), ("購入金額", f"{done.quantity:,}円"),
            ("注文日", f"{done.time.year}年{done.time.month}月{done.time.day}日"))  # fmt: skip
    table = "".join(f"<tr><td>{name}</td><td>{value}</td></tr>" for name, value in rows)
    head = f"<p>{done.time.month}月{done.time.day}日に完了（約定）した注文</p>"
    body = f"{head}<p>{done.name}</p><table>{table}</table>"
    return "service", "【投資信託】積立購入が完了しました（約定）", body, True, "utf-8"


def _login(done: Done) -> tuple[str, str, str, bool, str]:
    text = (
        f"お客様の口座にログインがありました。\n日時 {done.time:%Y/%m/%d %H:%M}\nお心当たりがない場合はご連絡ください。"
    )
    return "service", "ログイン通知のお知らせ", text, False, "iso-2022-jp"


def _withdrawal(done: Done) -> tuple[str, str, str, bool, str]:
    return (
        "service",
        "出金受付のお知らせ",
        f"出金を受け付けました。\n出金金額 {done.quantity:,}円",
        False,
        "iso-2022-jp",
    )


def _setting(done: Done) -> tuple[str, str, str, bool, str]:
    return "service", SETTINGS[done.setting], "お手続きが完了しました。", False, "iso-2022-jp"


LAYOUTS = {"trade": _jp_execution, "fund": _fund, "login": _login, "withdrawal": _withdrawal, "setting": _setting}


def _message(
    sender: str, subject: str, text: str, when: datetime, number: int, *, html: bool = False, charset: str = "utf-8"
) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = sender
    message["To"] = OWNER
    message["Subject"] = Header(subject, charset).encode() if charset != "utf-8" else subject
    message["Date"] = format_datetime(when)
    message["Message-ID"] = f"<{number}.{int(when.timestamp())}@{sender.rpartition('@')[2]}>"
    encoding = "7bit" if charset == "iso-2022-jp" else "base64"
    message.set_content(text, subtype="html" if html else "plain", charset=charset, cte=encoding)
    return message.as_bytes()


def _delivered(raw: bytes, domain: str, when: datetime, *, passed: bool) -> bytes:
    """With what the owner's provider puts on top."""
    result = "pass" if passed else "fail"
    top = (
        f"Authentication-Results: {PROVIDER}; dkim={result} header.d={domain}; spf={result} smtp.mailfrom={domain};"
        f" dmarc={result} header.from={domain}\r\n"
        f"Received: from out.{domain} by {PROVIDER} with ESMTPS; {format_datetime(when)}\r\n"
    )
    return top.encode() + raw


def newsletter(draw: random.Random, when: datetime, number: int) -> Mail:
    """A mail that has nothing to do with brokers."""
    domain = draw.choice(SENDERS)
    raw = _message(f"info@{domain}", draw.choice(SHOPS), "本文です。\n" * 20, when, number)
    return Mail(when, _delivered(raw, domain, when, passed=True))


def advertising(broker: str, when: datetime, number: int) -> Mail:
    """A broker's own weekly advertising, signed."""
    raw = _message(f"mktg_nws@{DOMAINS[broker]}", "今週のマーケット特集とキャンペーン", "特集です。\n", when, number)
    signed = dkim_signer.sign(raw, DOMAINS[broker], bits=1024, at=int(when.timestamp()))
    return Mail(when, _delivered(signed, DOMAINS[broker], when, passed=True))


def phishing(draw: random.Random, when: datetime, number: int) -> Mail:
    """A forged mail with a lure: the broker's address without its signature, or a lookalike that passes."""
    subject = draw.choice(LURES)
    if draw.random() < 0.5:
        html = '<a href="https://rakuten-sec.example-login.top/Login">https://www.rakuten-sec.co.jp/</a>'
        raw = _message(f"service@{DOMAINS['rakuten']}", subject, html, when, number, html=True)
        return Mail(when, _delivered(raw, DOMAINS["rakuten"], when, passed=False))
    html = '<a href="https://www.rakuten-sec.co.jp.secure-login.top/">ログイン</a>'
    raw = _message("楽天証券 <service@secure-login.top>", subject, html, when, number, html=True)
    return Mail(when, _delivered(raw, "secure-login.top", when, passed=True))


def mailbox(life: Iterable[Done], brokers: Iterable[str], seed: int, total: int = 3000) -> list[Mail]:
    """Everything that came in the year, by time: notices, a broker's advertising, phishing, and the rest."""
    draw = random.Random(f"mailbox:{seed}")
    mails = [notice(done, number) for number, done in enumerate(life)]
    number = len(mails)

    def moments(count: int) -> Iterator[datetime]:
        for _ in range(count):
            yield at(START + timedelta(days=draw.randrange(365)), draw.randrange(24), draw.randrange(60))

    for broker in brokers:
        for week in range(52):
            number += 1
            mails.append(advertising(broker, at(START + timedelta(days=7 * week + 2), 18, draw.randrange(60)), number))
    for when in moments(60):
        number += 1
        mails.append(phishing(draw, when, number))
    for when in moments(max(0, total - len(mails))):
        number += 1
        mails.append(newsletter(draw, when, number))
    return sorted(mails, key=lambda mail: mail.time)


def write_maildir(mails: Iterable[Mail], path: Path) -> Path:
    """The mails as a Maildir."""
    for name in ("cur", "new", "tmp"):
        (path / name).mkdir(parents=True)
    for number, mail in enumerate(mails):
        stamp = int(mail.time.astimezone(TOKYO).timestamp())
        (path / "cur" / f"{stamp}.{number:06d}.host:2,S").write_bytes(mail.raw)
    return path


def write_mbox(mails: Iterable[Mail], path: Path) -> Path:
    """The mails as an mbox (mboxrd)."""
    with path.open("wb") as file:
        for mail in mails:
            file.write(b"From sender@example Mon Jan  6 00:00:00 2025\n")
            for line in mail.raw.replace(b"\r\n", b"\n").split(b"\n"):
                quoted = b">" + line if line.lstrip(b">").startswith(b"From ") else line
                file.write(quoted + b"\n")
            file.write(b"\n")
    return path
