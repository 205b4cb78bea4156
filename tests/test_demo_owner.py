"""The mails of the demo's owner are mails as brokers send them: the owner's side reads and proves them by itself."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kuraban.cli.demo import owner
from kuraban.cli.demo.mailbox import OWNER, PROVIDER, Maildir, Signer
from kuraban.cli.demo.owner import Names, Notice
from kuraban.cli.demo.world import JST, Moment, Takeover, World
from kuraban.home import intake
from kuraban.home.checking import mails_of
from kuraban.home.mail.authenticity.keys import Keys, offline
from kuraban.home.mail.authenticity.results import Receiver
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.reading import read_letter
from kuraban.home.mail.sources.model import RawMail
from kuraban.home.model import Letter, Verdict

START = datetime(2025, 4, 24, 13, 50, tzinfo=JST)
KNOWN = {"7992.T": Names("見本万年筆", "XTKS"), "0700.HK": Names("見本控股", "XHKG")}


def event(minute: int, kind: str, account: str = "robbed", **groups: Any) -> dict[str, Any]:
    time = (START + timedelta(minutes=minute)).isoformat()
    return {"id": f"{account}-{minute}", "time": time, "account": account, "type": kind, **groups}


def traded(minute: int, code: str, side: str = "buy", account: str = "robbed") -> dict[str, Any]:
    order = {"id": "00ab12cd34", "instrument": code, "side": side, "kind": "stock", "quantity": 1200, "price": 105.5}
    return event(minute, "order.executed", account, order={**order, "notional": 126_600})


def world(*acts: dict[str, Any], families: tuple[str, ...] = ("relay_ring",)) -> World:
    """A world in which every act is a thief's; the account says whose."""
    takeovers = [Takeover(f"robbed{n or ''}", family, family, passes=True) for n, family in enumerate(families)]
    of = {takeover.account: number for number, takeover in enumerate(takeovers)}
    played = [
        Moment(datetime.fromisoformat(act["time"]), act["account"], act["type"], json.dumps(act).encode(),
               of[act["account"]])
        for act in acts
    ]  # fmt: skip
    return World(10, [], played, takeovers, Path("none"))


def read(notices: list[Notice], folder: Path) -> list[Letter]:
    """What the owner's side makes of them, with the demo's key in its cache and nobody to ask."""
    signer = Signer()
    signer.publish(folder, START)
    maildir = Maildir(folder / "mail", signer)
    for notice in notices:
        maildir.deliver(notice)
    context = MailContext(
        receivers=(Receiver(PROVIDER, 1),), keys=Keys(offline, folder / intake.KEY_CACHE), addresses=frozenset({OWNER})
    )
    found = [item for item in mails_of(maildir.path) if isinstance(item, RawMail)]
    return sorted((read_letter(item.raw, item.place, context) for item in found), key=lambda one: str(one.sent))


def test_the_brokers_notices_are_proved_and_the_lure_is_told(tmp_path: Path) -> None:
    told = world(event(0, "login.succeeded"), traded(3, "7992.T"), event(9, "withdrawal.requested", cash={"amount": 5}))
    letters = read(owner.notices(told, 0, KNOWN), tmp_path)
    verdicts = {letter.subject: letter.authenticity.verdict for letter in letters}
    [lure] = [subject for subject in verdicts if "本人確認" in subject or "異常" in subject]
    assert verdicts.pop(lure) is Verdict.LOOKALIKE
    assert set(verdicts.values()) == {Verdict.VERIFIED}
    assert len(verdicts) == 4


def test_an_execution_is_read_in_full(tmp_path: Path) -> None:
    notices = [notice for notice in owner.notices(world(traded(3, "7992.T", "sell")), 0, KNOWN) if notice.time > START]
    [letter] = read(notices, tmp_path)
    [fact] = letter.facts
    order = fact.event.order
    assert letter.format == "rakuten.jp_execution"
    assert order is not None
    assert (order.instrument, order.side, order.quantity, order.price) == ("7992.T", "sell", 1200, 105.5)
    assert datetime.fromisoformat(fact.event.time) == START + timedelta(minutes=3)


def test_what_the_thief_switches_off_does_not_come() -> None:
    muted = event(1, "setting.changed", setting={"name": "notice.execution", "to": "off"})
    notices = owner.notices(world(event(0, "login.succeeded"), muted, traded(2, "7992.T")), 0, KNOWN)
    assert [notice.subject for notice in notices if notice.time > START] == ["ログイン通知のお知らせ"]


def test_the_owner_shown_is_one_whose_login_was_relayed_and_who_got_most_notices() -> None:
    acts = (
        traded(0, "7992.T", account="robbed"),
        traded(1, "0700.HK", account="robbed"),
        traded(2, "7992.T", account="robbed1"),
        traded(3, "0700.HK", "sell", account="robbed2"),
    )
    assert owner.choose(world(*acts, families=("stuffing_ring", "relay_ring", "relay_ring"))) == 1


def test_where_no_thief_trades_the_first_one_robbed_is_shown() -> None:
    quiet = world(event(0, "login.succeeded"))
    assert owner.choose(quiet) == 0
    assert owner.trades_told(quiet) == {}
