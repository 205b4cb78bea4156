"""`plan.toml`: what only the owner knows, and whether an event is inside it.

Recurring purchases and withdrawals, accounts that should stay quiet, markets never used, days on which the owner
trades himself, days on which he changes settings, trips. What is inside the plan is not asked about; what goes against
it is raised at once.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from kuraban.events import Event
from kuraban.home import businessdays, tomlfile
from kuraban.home.problems import HomeError
from kuraban.home.tomledit import Add, Cut, Edit, Set

HEAD = """\
# 自分だけが知っている予定。画面(予定)、`kuraban home plan`、またはここで直せます。
# What only you know. Changed in the pages (Plan), by `kuraban home plan`, or here.
"""
Label = Annotated[str, Meta(min_length=1, max_length=64)]
Day = Annotated[int, Meta(ge=1, le=31)]
Yen = Annotated[float, Meta(gt=0)]
Market = Literal["JP", "US", "HK", "CN", "KR", "fund", "bond", "fx", "option", "future", "margin"]

# Fund orders are executed one to eight business days after the day they are placed for.
EXECUTED_WITHIN = 10
AMOUNT_SLACK = 0.02


class Recurring(Struct, frozen=True, forbid_unknown_fields=True):
    """A standing purchase (積立). day: of the month; on a day off the next business day. day None: every business day.

    instrument: code or name as the notices show it, None any fund. amount: yen, None any.
    """

    account: Label
    day: Day | None = None
    amount: Yen | None = None
    instrument: str | None = None
    kind: Literal["fund", "stock"] = "fund"
    until: date | None = None


class Withdrawal(Struct, frozen=True, forbid_unknown_fields=True):
    """Withdrawals the owner makes himself, up to an amount a time (None any). day None: any day of the month."""

    account: Label
    most: Yen | None = None
    day: Day | None = None


class Trip(Struct, frozen=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """Days away. trading: whether the owner trades on the way; where he does not, any act is raised."""

    first: date
    last: date
    trading: bool = False


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. trading, settings: days on which the owner himself trades, or changes settings."""

    recurring: list[Recurring] = []
    withdrawal: list[Withdrawal] = []
    quiet: list[Label] = []
    never: list[Market] = []
    trading: list[date] = []
    settings: list[date] = []
    trip: list[Trip] = []

    def travelling(self, day: date) -> bool:
        """Whether the owner is away and does not trade."""
        return any(trip.first <= day <= trip.last and not trip.trading for trip in self.trip)


def load(path: Path) -> Plan:
    """The plan; a missing file is an empty one. Raises `HomeError` naming key and fix."""
    return checked(tomlfile.read(path, Plan), str(path)) if path.exists() else Plan()


def checked(plan: Plan, name: str) -> Plan:
    """The same, when it makes sense; `HomeError` otherwise."""
    for i, trip in enumerate(plan.trip, 1):
        if trip.last < trip.first:
            raise HomeError.of(
                f"{name}: [trip {i}] to が from より前です。", f"{name}: [trip {i}] `to` is before `from`"
            )
    for entry in plan.recurring:
        if entry.account in plan.quiet and entry.kind == "stock":
            raise HomeError.of(
                f"{name}: 「{entry.account}」は quiet と株式の recurring の両方にあります。どちらかを消してください。",
                f"{name}: `{entry.account}` is both quiet and has a recurring stock purchase: remove one",
            )
    return plan


def due_days(entry: Recurring, first: date, last: date) -> list[date]:
    """The days in between on which the standing order is placed, moved to business days. Daily ones give none."""
    if entry.day is None:
        return []
    days = (businessdays.on_or_after(businessdays.day_of(y, m, entry.day)) for y, m in businessdays.months(first, last))
    return [day for day in days if first <= day <= last and (entry.until is None or day <= entry.until)]


def covers_order(plan: Plan, event: Event, day: date) -> bool:
    """Whether a purchase is one of the standing ones: account, kind, instrument, amount and day fit."""
    order = event.order
    if order is None or order.side != "buy" or order.margin:
        return False
    return any(
        entry.account == event.account
        and (order.kind or "fund") == entry.kind
        and _same_name(entry.instrument, order.instrument)
        and _same_amount(entry.amount, order.notional)
        and (entry.until is None or day <= businessdays.add(entry.until, EXECUTED_WITHIN))
        and _day_fits(entry, day)
        for entry in plan.recurring
    )


def covers_withdrawal(plan: Plan, event: Event, day: date) -> bool:
    """Whether a withdrawal is one the owner said he makes."""
    amount = event.cash.amount if event.cash else None
    return any(
        entry.account == event.account
        and (entry.most is None or (amount is not None and amount <= entry.most * (1 + AMOUNT_SLACK)))
        and (entry.day is None or abs((businessdays.day_of(day.year, day.month, entry.day) - day).days) <= 4)
        for entry in plan.withdrawal
    )


def _same_name(planned: str | None, found: str | None) -> bool:
    return planned is None or found is None or planned in found or found in planned


def _same_amount(planned: float | None, found: float | None) -> bool:
    return planned is None or found is None or found <= planned * (1 + AMOUNT_SLACK)


def _day_fits(entry: Recurring, day: date) -> bool:
    if entry.day is None:
        return businessdays.is_business_day(day)
    due = due_days(entry, day - timedelta(days=31), day)
    return any(when <= day <= businessdays.add(when, EXECUTED_WITHIN) for when in due)


LISTS = ("quiet", "never", "trading", "settings")
TABLES = ("recurring", "withdrawal", "trip")


def edits(before: Plan, after: Plan) -> list[Edit]:
    """What makes the one of the other, in the owner's own file."""
    made: list[Edit] = [
        Set(key, list(getattr(after, key))) for key in LISTS if getattr(before, key) != getattr(after, key)
    ]
    for kind in TABLES:
        new, gone = list(getattr(after, kind)), []
        for at, entry in enumerate(getattr(before, kind)):
            if entry in new:
                new.remove(entry)
            else:
                gone.append(at)
        made += [Cut(kind, at) for at in reversed(gone)]
        made += [Add(kind, _keys(entry)) for entry in new]
    return made


def _keys(entry: Struct) -> dict[str, Any]:
    renamed = {"first": "from", "last": "to"} if isinstance(entry, Trip) else {}
    values = {renamed.get(name, name): getattr(entry, name) for name in entry.__struct_fields__}
    return {name: value for name, value in values.items() if value is not None}


def written(plan: Plan) -> str:
    """The plan as TOML, in the order of its keys: to be shown. The owner's file is changed by `edits`."""
    lines = []
    for key in LISTS:
        values = getattr(plan, key)
        if values:
            lines.append(f"{key} = {tomlfile.quoted(values)}")
    for kind in TABLES:
        for entry in getattr(plan, kind):
            lines += ["", f"[[{kind}]]", *(f"{key} = {tomlfile.quoted(value)}" for key, value in _keys(entry).items())]
    return "\n".join(lines) + "\n"
