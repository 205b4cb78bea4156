"""Facts from what rows say: the owner's account, ids that stay the same, and the snapshot that holdings add up to."""

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from kuraban.events import Event, Holdings
from kuraban.home.model import Certainty, Fact, Words
from kuraban.home.statements.model import Context, Format, Happened, Held
from kuraban.plurals import counted


class FactMaker:
    """Makes the facts of one file. file_name: for origins, and for the date of a snapshot."""

    def __init__(self, file_name: str, context: Context):
        self._file_name = file_name
        self._context = context
        self._seen_before: Counter[bytes] = Counter()

    def _account(self, form: Format) -> str:
        return self._context.accounts.get(form.broker, form.broker)

    def _stable_id(self, form: Format, same: tuple[object, ...]) -> str:
        """The same values give the same id, in whichever export they stand; the n-th equal row is the n-th."""
        said = "\x1f".join(
            part.isoformat() if isinstance(part, date) else str(part)
            for part in (form.broker, self._account(form), *same)
        )
        key = hashlib.sha256(said.encode("utf-8", "replace")).digest()[:16]
        count = self._seen_before[key]
        self._seen_before[key] += 1
        return f"csv:{key.hex()}" if count == 0 else f"csv:{key.hex()}:{count + 1}"

    def fact(self, form: Format, happened: Happened, line: int) -> Fact:
        """The event that a row states."""
        when = happened.when
        exact = isinstance(when, datetime)
        at = when if isinstance(when, datetime) else datetime.combine(when, time(), ZoneInfo(form.zone))
        event = Event(
            id=self._stable_id(form, happened.same),
            time=at.isoformat(),
            account=self._account(form),
            type=happened.type,
            order=happened.order,
            cash=happened.cash,
        )
        return Fact(
            event=event,
            broker=form.broker,
            certainty=happened.certainty,
            origin=f"csv:{self._file_name}:{line}",
            seen=self._context.seen,
            dated_only=not exact,
            summary=happened.summary,
        )

    def snapshot(self, form: Format, rows: Sequence[tuple[Held, int]]) -> Fact:
        """The rows of a holdings file as one `account.snapshot`, dated by its name, else its rows, else its reading."""
        positions = [held.position() for held, _ in rows if held.instrument is not None]
        cash = [held.value for held, _ in rows if held.instrument is None and held.value is not None]
        at, dated_only = self._as_of(form, rows)
        said = "\x1f".join([form.broker, self._account(form), at.isoformat(), *map(str, positions), *map(str, cash)])
        total = sum(cash) + sum(position.value or 0.0 for position in positions)
        return Fact(
            event=Event(
                id=f"csv:{hashlib.sha256(said.encode('utf-8', 'replace')).hexdigest()[:32]}",
                time=at.isoformat(),
                account=self._account(form),
                type="account.snapshot",
                holdings=Holdings(cash=sum(cash) if cash else None, positions=positions),
            ),
            broker=form.broker,
            certainty=Certainty.CERTAIN,
            origin=f"csv:{self._file_name}:{rows[0][1] if rows else 1}",
            seen=self._context.seen,
            dated_only=dated_only,
            summary=Words(
                f"{at.date().isoformat()} 保有 {len(positions)}銘柄、評価額 {total:,.0f}円",
                f"{at.date().isoformat()} {counted(len(positions), 'holding')} worth ¥{total:,.0f}",
            ),
        )

    def _as_of(self, form: Format, rows: Sequence[tuple[Held, int]]) -> tuple[datetime, bool]:
        zone = ZoneInfo(form.zone)
        named = re.search(r"(?<![0-9])(20[0-9]{6})(?:_?([0-9]{6}))?(?![0-9])", self._file_name)
        if named:
            try:
                found = datetime.strptime(named[1] + (named[2] or "000000"), "%Y%m%d%H%M%S").replace(tzinfo=zone)
                return found, named[2] is None
            except ValueError:
                pass
        days = [held.as_of for held, _ in rows if held.as_of is not None]
        if days:
            return datetime.combine(max(days), time(), zone), True
        return self._context.seen.astimezone(zone).replace(microsecond=0), False
