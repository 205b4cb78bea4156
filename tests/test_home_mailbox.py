"""One owner's mailbox of a whole year, 3,000 mails: the takeover in it is found, and nothing else is raised."""

from datetime import datetime
from pathlib import Path

import pytest

import home_mailbox
from home_owner import TOKYO, Done, Habit, Life, with_thief
from kuraban.home.checking import Light, Report, check
from kuraban.home.config import Config
from kuraban.home.findings import Level
from kuraban.home.mail.authenticity.keys import Keys
from kuraban.home.mail.context import MailContext
from kuraban.home.model import Verdict
from kuraban.home.plan import Plan
from kuraban.home.store import Store

NOW = datetime(2026, 1, 20, tzinfo=TOKYO)
OWNER = Habit(
    "owner", brokers=("rakuten", "sbi"), visits=7.0, trades=4.0, us=0.15, settings=0, occasional_withdrawals=0
)


def checked(path: Path) -> tuple[Report, Store]:
    store = Store.in_memory()
    context = MailContext(keys=Keys(home_mailbox.resolver()))
    return check([path], Config(), Plan(), [], context, store, NOW), store


def year(family: str | None, seed: int) -> tuple[list[home_mailbox.Mail], list[Done]]:
    life = Life(OWNER, seed).year()
    if family:
        life = with_thief(life, family, OWNER, seed)
    return home_mailbox.mailbox(life, OWNER.brokers, seed), life


@pytest.mark.slow
@pytest.mark.parametrize(("family", "seed"), [("april", 201), ("china", 202), ("payout", 203)])
def test_the_takeover_hidden_in_three_thousand_mails_is_all_that_is_raised(
    family: str, seed: int, tmp_path: Path
) -> None:
    mails, life = year(family, seed)
    assert len(mails) == 3000
    report, store = checked(home_mailbox.write_maildir(mails, tmp_path / "mail"))
    stolen = [done for done in life if done.thief]
    assert report.findings
    for finding in report.findings:
        assert stolen[0].time.date() <= finding.first.astimezone(TOKYO).date() <= stolen[-1].time.date()
        assert finding.account == stolen[0].broker
    if family == "april":
        assert report.light is Light.RED
    assert report.unreadable == ()
    assert len(report.forged) == 60
    store.close()


@pytest.mark.slow
def test_an_undisturbed_mailbox_is_green_and_every_notice_in_it_is_proved(tmp_path: Path) -> None:
    mails, life = year(None, 204)
    report, store = checked(home_mailbox.write_mbox(mails, tmp_path / "mail.mbox"))
    assert (report.light, report.findings) == (Light.GREEN, ())
    assert report.facts == report.acts == len(life)
    letters = list(store.letters(brokers_only=True))
    assert sum(bool(letter.facts) for letter in letters) == len(life)
    assert all(letter.authenticity.verdict is Verdict.VERIFIED for letter in letters if letter.facts)
    store.close()


def test_no_forged_or_lookalike_mail_is_ever_verified_or_believed(tmp_path: Path) -> None:
    mails, _ = year(None, 205)
    lures = [mail for mail in mails if b"secure-login.top" in mail.raw or b"dkim=fail" in mail.raw]
    assert len(lures) == 60
    report, store = checked(home_mailbox.write_maildir(lures, tmp_path / "mail"))
    assert "verified" not in report.letters
    assert store.facts() == []
    store.close()


def test_a_single_forged_mail_is_what_the_answer_is_about(tmp_path: Path) -> None:
    mails, _ = year(None, 205)
    forged = next(mail for mail in mails if b"dkim=fail" in mail.raw)
    (tmp_path / "mail.eml").write_bytes(forged.raw)
    report, store = checked(tmp_path / "mail.eml")
    assert report.light is Light.RED
    assert "偽のメールです" in report.sentence.ja
    assert report.single[0].authenticity.verdict in {Verdict.FORGED, Verdict.LOOKALIKE}
    assert all(finding.level is Level.INFO for finding in report.forged)
    store.close()
