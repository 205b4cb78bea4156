"""Writes the made-up mailboxes of docs/practice/, on which an owner can try everything before reading real mail.

Nobody in them exists and nothing in them happened. The notices are in the layouts that brokers use, as the tests write
them, with the mark of a made-up mail provider on top.

    python tools/build_practice.py
"""

import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import home_mailbox as mailbox
from home_mailbox import Mail
from home_owner import FUNDS, JP, THIN, Done, at

PRACTICE = Path(__file__).resolve().parent.parent / "docs" / "practice"
HELD = ("8306.T", "7203.T", "6758.T", "8058.T", "2914.T", "9433.T", "4502.T", "6501.T", "8766.T", "5401.T")


def ordinary() -> list[Mail]:
    """Half a year: a fund plan, a share bought a month, newsletters; and two forged mails."""
    draw = random.Random("practice")  # noqa: S311
    lived = [
        Done(at(day, 6, 40), "rakuten", "fund", FUNDS[0], FUNDS[0], price=30_000, quantity=30_000)
        for day in (date(2025, 2, 5), date(2025, 3, 5), date(2025, 4, 3))
    ]
    for place, (day, symbol) in enumerate(
        (
            (date(2024, 10, 9), "8306.T"),
            (date(2024, 11, 13), "7203.T"),
            (date(2024, 12, 11), "8058.T"),
            (date(2025, 1, 15), "8306.T"),
            (date(2025, 2, 19), "6758.T"),
            (date(2025, 3, 26), "7203.T"),
        )
    ):
        name, price = JP[symbol]
        lived.append(Done(at(day, 9, 31 + place), "rakuten", "trade", symbol, name, "buy", float(price), 100,
                          number=2101 + place))  # fmt: skip
    mails = [*notices(lived, 100), *forged()]
    for number in range(24):
        when = at(date(2024, 10, 2), 8) + timedelta(days=8 * number, minutes=draw.randrange(600))
        mails.append(mailbox.newsletter(draw, when, 500 + number))
    return mails


def notices(lived: list[Done], number: int) -> Iterator[Mail]:
    """The notices of what happened, as the provider delivered them."""
    for place, done in enumerate(lived, number):
        sender, subject, text, html, charset = mailbox.LAYOUTS[done.what](done)
        domain = mailbox.DOMAINS[done.broker]
        when = done.time + timedelta(minutes=2)
        raw = mailbox._message(f"{sender}@{domain}", subject, text, when, place, html=html, charset=charset)
        yield Mail(when, mailbox._delivered(raw, domain, when, passed=True))


def forged() -> Iterator[Mail]:
    """One with the broker's own address and no proof, one from an address made to look like it."""
    subject = "【楽天証券】セキュリティ強化のご案内"
    html = '<a href="https://rakuten-sec.login.example/Login">https://www.rakuten-sec.co.jp/</a>'
    when = at(date(2025, 4, 21), 19, 12)
    raw = mailbox._message("service@rakuten-sec.co.jp", subject, html, when, 900, html=True)
    yield Mail(when, mailbox._delivered(raw, "rakuten-sec.co.jp", when, passed=False))
    when = at(date(2025, 4, 22), 7, 48)
    subject = "【重要】お取引の確認"
    raw = mailbox._message("楽天証券 <service@secure-login.example>", subject, html, when, 901, html=True)
    yield Mail(when, mailbox._delivered(raw, "secure-login.example", when, passed=True))


def withdrawal() -> Iterator[Mail]:
    """A withdrawal, of which only the owner can say whether it was his."""
    return notices([Done(at(date(2025, 4, 24), 20, 12), "rakuten", "withdrawal", quantity=300_000)], 200)


def takeover() -> Iterator[Mail]:
    """A lunch hour as victims of 2025 described it: a login, everything sold, cheap shares bought."""
    clock = at(date(2025, 4, 30), 12, 3)
    lived = [Done(clock - timedelta(minutes=3), "rakuten", "login")]
    for place, symbol in enumerate(HELD):
        name, price = JP[symbol]
        clock += timedelta(seconds=70)
        lived.append(Done(clock, "rakuten", "trade", symbol, name, "sell", float(price), 100, number=9301 + place))
    for place, (symbol, quantity) in enumerate(
        (("7647.T", 30_000), ("6731.T", 30_000), ("3350.T", 20_000), ("7992.T", 10_000))
    ):
        name, price = THIN[symbol]
        clock += timedelta(seconds=95)
        lived.append(Done(clock, "rakuten", "trade", symbol, name, "buy", float(price), quantity, number=9321 + place))
    lived.append(Done(clock + timedelta(minutes=4), "rakuten", "setting", setting="payout_account"))
    lived.append(Done(clock + timedelta(minutes=31), "rakuten", "withdrawal", quantity=1_900_000))
    return notices(lived, 300)


def files() -> dict[str, list[Mail]]:
    """The mails of every file, by time."""
    first, asked = ordinary(), list(withdrawal())
    by_name = {
        "1-ordinary.mbox": first,
        "2-withdrawal.mbox": [*first, *asked],
        "3-takeover.mbox": [*first, *asked, *takeover()],
    }
    return {name: sorted(mails, key=lambda mail: mail.time) for name, mails in by_name.items()}


def write(folder: Path) -> None:
    """Write all files into a folder."""
    for name, mails in files().items():
        mailbox.write_mbox(mails, folder / name)
    (folder / "suspicious.eml").write_bytes(list(forged())[1].raw)


if __name__ == "__main__":
    write(PRACTICE)
