"""Small hand-made streams with their truth and decisions, to hold the evaluation's figures against known answers."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec

from kuraban.evaluate import Report, evaluate

JST = timezone(timedelta(hours=9))


class Story:
    """Events, decisions and takeovers in the order they are told; times are a day number and an hour in Japan."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.decisions: list[dict[str, Any]] = []
        self.truth: list[dict[str, Any]] = []

    def happens(self, account: str, day: int, hour: float, type_: str, **groups: Any) -> str:
        """An event; returns its id."""
        time = datetime(2025, 4, 1, tzinfo=JST) + timedelta(days=day, hours=hour)
        event = {"id": f"e{len(self.events)}", "time": time.isoformat(), "account": account, "type": type_, **groups}
        self.events.append(event)
        return str(event["id"])

    def login(self, account: str, day: int, hour: float, session: str = "s", **client: str) -> str:
        """A successful login."""
        return self.happens(account, day, hour, "login.succeeded", session=session, client=client)

    def buys(self, account: str, day: int, hour: float, yen: float, session: str = "s", name: str = "9999.T") -> str:
        """A purchase."""
        order = {"side": "buy", "notional": yen, "instrument": name}
        return self.happens(account, day, hour, "order.placed", session=session, order=order)

    def sells(self, account: str, day: int, hour: float, yen: float, session: str = "s") -> str:
        """A sale."""
        order = {"side": "sell", "notional": yen, "instrument": "7203.T"}
        return self.happens(account, day, hour, "order.placed", session=session, order=order)

    def withdraws(self, account: str, day: int, hour: float, yen: float, session: str = "s") -> str:
        """A withdrawal request."""
        return self.happens(account, day, hour, "withdrawal.requested", session=session, cash={"amount": yen})

    def decided(self, event: str, probability: float, action: str = "allow", group: str | None = None) -> None:
        """The decision on an event told before."""
        told = next(known for known in self.events if known["id"] == event)
        self.decisions.append(
            {
                "event": event,
                "account": told["account"],
                "time": told["time"],
                "probability": probability,
                "action": action,
                "group": group,
            }
        )

    def later(self, account: str, day: int, hour: float, probability: float, action: str, group: str | None) -> None:
        """A decision without an event: evidence from elsewhere."""
        time = datetime(2025, 4, 1, tzinfo=JST) + timedelta(days=day, hours=hour)
        self.decisions.append(
            {
                "event": None,
                "account": account,
                "time": time.isoformat(),
                "probability": probability,
                "action": action,
                "group": group,
            }
        )

    def taken_over(self, account: str, *events: str, family: str = "thief", campaign: str = "c1") -> None:
        """A takeover: one line of truth."""
        self.truth.append({"account": account, "family": family, "campaign": campaign, "events": list(events)})

    def crowd(self, accounts: int, days: int, probability: float = 0.0) -> None:
        """Innocent owners who log in at noon every day."""
        for day in range(days):
            for number in range(accounts):
                self.decided(self.login(f"owner{number}", day, 12), probability)

    def report(self, folder: Path, elsewhere: Report | None = None) -> Report:
        """Write the three files and evaluate them."""
        for name, lines in (("events", self.events), ("decisions", self.decisions), ("truth", self.truth)):
            (folder / f"{name}.jsonl").write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        return evaluate(
            folder / "decisions.jsonl", [folder / "events.jsonl"], folder / "truth.jsonl", elsewhere=elsewhere
        )
