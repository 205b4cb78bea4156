"""Letters and facts as the readers of mail yield them, made straight from what happened."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from home_owner import Done
from kuraban.events import Cash, Event, Order, Setting
from kuraban.home.model import Authenticity, Certainty, Fact, Letter, Verdict, Words

VERIFIED, UNVERIFIED = Verdict.VERIFIED, Verdict.UNVERIFIED
KINDS = {"login": "login", "trade": "execution", "fund": "execution", "withdrawal": "withdrawal", "setting": "setting"}


def event_of(done: Done, key: str) -> Event:
    """The event that a notice of it states."""
    when = done.time.isoformat()
    if done.what == "login":
        return Event(key, when, done.broker, "login.succeeded")
    if done.what == "withdrawal":
        return Event(key, when, done.broker, "withdrawal.requested", cash=Cash(amount=done.quantity))
    if done.what == "setting":
        changed = Setting(name=done.setting or None, to=done.to or None)  # type: ignore[arg-type]
        return Event(key, when, done.broker, "setting.changed", setting=changed)
    fund = done.what == "fund"
    yen = done.instrument.endswith(".T") or fund
    order = Order(
        id=f"{done.number:04d}" if not fund else None,
        instrument=done.instrument,
        side=done.side,  # type: ignore[arg-type]
        kind="fund" if fund else "stock",
        quantity=None if fund else done.quantity,
        price=None if fund else done.price,
        notional=float(done.quantity) if fund else done.price * done.quantity if yen else None,
        recurring=True if fund else None,
    )
    return Event(key, when, done.broker, "order.executed", order=order)


def letter_of(done: Done, number: int, verdict: Verdict = VERIFIED) -> Letter:
    """The notice mail of it."""
    origin = f"mail:{number:064x}"
    seen = done.time + timedelta(minutes=2)
    authenticity = Authenticity(verdict, done.broker, ())
    uncertain = done.what in {"login", "withdrawal", "setting"}
    fact = Fact(
        event=event_of(done, f"m{number}"),
        broker=done.broker,
        certainty=Certainty.UNCERTAIN if uncertain else Certainty.CERTAIN,
        origin=origin,
        seen=seen,
        authenticity=authenticity,
        summary=Words(f"{done.what} {done.name}", f"{done.what} {done.name}"),
    )
    return Letter(
        origin=origin,
        place=f"test:{number}",
        received=seen,
        sent=done.time,
        sender=f"info@{done.broker}.example",
        sender_name=done.broker,
        subject=done.what,
        authenticity=authenticity,
        kind=KINDS[done.what],
        format=f"{done.broker}_{done.what}",
        facts=(fact,),
    )


def letters_of(life: Iterable[Done], verdict: Verdict = VERIFIED) -> list[Letter]:
    """The notices of a whole life."""
    return [letter_of(done, number, verdict) for number, done in enumerate(life)]


def export_facts(life: Iterable[Done], seen: datetime) -> list[Fact]:
    """The trade history of it: executions, by date."""
    found = []
    for number, done in enumerate(life):
        if done.what in {"trade", "fund"}:
            event = event_of(done, f"c{number}")
            found.append(
                Fact(
                    event=event,
                    broker=done.broker,
                    certainty=Certainty.CERTAIN,
                    origin=f"csv:history.csv:{number}",
                    seen=seen,
                    dated_only=True,
                )
            )
    return found
