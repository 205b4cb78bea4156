"""The data set's rows: 16 columns of CSV, as logins and as events of the contract.

The file's own columns for country, network (ASN), browser, system and kind of device are used as they are: its values
were made up consistently, and addresses were given to networks as of 2021.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

from kuraban import events

COLUMNS = (
    "index",
    "Login Timestamp",
    "User ID",
    "Round-Trip Time [ms]",
    "IP Address",
    "Country",
    "Region",
    "City",
    "ASN",
    "User Agent String",
    "Browser Name and Version",
    "OS Name and Version",
    "Device Type",
    "Login Successful",
    "Is Attack IP",
    "Is Account Takeover",
)
NEEDED = tuple(name for name in COLUMNS if name not in ("index", "Round-Trip Time [ms]", "Region", "City"))


class Login(NamedTuple):
    """One row. `rtt` in ms, None where it was not measured; `country` two letters, "" unknown; `asn` 0 unknown."""

    number: int
    time: datetime
    user: str
    rtt: float | None
    ip: str
    country: str
    region: str
    city: str
    asn: int
    agent: str
    browser: str
    system: str
    device: str
    succeeded: bool
    attack_ip: bool
    takeover: bool

    @property
    def address(self) -> tuple[str, int, str]:
        """Where from, fine to coarse."""
        return self.ip, self.asn, self.country

    @property
    def software(self) -> tuple[str, str, str, str]:
        """What with, fine to coarse."""
        return self.agent, self.browser, self.system, self.device

    def event(self) -> events.Event:
        """The login as an event of the contract: there is no device id, no session, no method in the data."""
        return events.Event(
            id=f"rba-{self.number}",
            time=self.time.isoformat(),
            account=self.user,
            type="login.succeeded" if self.succeeded else "login.failed",
            session=f"rba-{self.number}",
            client=events.Client(ip=self.ip or None, user_agent=self.agent or None, channel="web", rtt_ms=self.rtt),
        )


class FormatError(ValueError):
    """A file that is not the data set; the message says what is missing."""


def logins(path: Path, most: int | None = None) -> Iterator[Login | str]:
    """The rows of a .csv or .csv.gz in order, `most` at most; a row that cannot be read is its reason, as text.

    Raises OSError where the file cannot be opened and `FormatError` where its columns are not the data set's.
    """
    with _open(path) as raw, io.TextIOWrapper(raw, encoding="utf-8", newline="") as text:
        rows = csv.DictReader(text)
        missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            raise FormatError(f"{path} is not the RBA data set: it has no column {', '.join(missing)}")
        for number, row in enumerate(rows):
            if most is not None and number >= most:
                return
            try:
                yield _login(number, row)
            except (ValueError, TypeError, AttributeError) as error:
                yield f"row {number + 1}: {error}"


def _open(path: Path) -> IO[bytes]:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _login(number: int, row: dict[str, str]) -> Login:
    time = datetime.fromisoformat(row["Login Timestamp"])
    user = row["User ID"].strip()
    if not user:
        raise ValueError("no user")
    rtt = (row.get("Round-Trip Time [ms]") or "").strip()
    country = row["Country"].strip()
    return Login(
        number,
        time if time.tzinfo is not None else time.replace(tzinfo=UTC),
        user,
        float(rtt) if rtt else None,
        row["IP Address"].strip(),
        country if len(country) == 2 and country.isascii() else "",
        (row.get("Region") or "").strip(),
        (row.get("City") or "").strip(),
        int(float(row["ASN"] or 0)),
        row["User Agent String"].strip()[:1024],
        row["Browser Name and Version"].strip(),
        row["OS Name and Version"].strip(),
        row["Device Type"].strip(),
        _flag(row["Login Successful"]),
        _flag(row["Is Attack IP"]),
        _flag(row["Is Account Takeover"]),
    )


def _flag(word: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if word.strip().lower() not in known:
        raise ValueError(f"neither true nor false: {word!r}")
    return known[word.strip().lower()]
