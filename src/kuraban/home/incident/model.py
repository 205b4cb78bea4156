"""What an evidence package is made of: entries of the timeline, original mails and files, and what was done."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kuraban.home.hardening.model import Done
from kuraban.home.model import Words

Mine = Literal["mine", "not_mine", "unknown", "no_act"]


class Entry(Struct, frozen=True, kw_only=True):
    """One thing that happened, with what was known when.

    happened: when it took place; dated_only: of which only the day is known. arrived: when the notice of it reached the
    owner's mailbox or the file was read. told: when the owner was alerted, None where he was not. mine: what the owner
    says of it; `no_act` where there is nothing to say, as of a false mail. verdict: how far the notice can be believed,
    None for exports. why: what stands out in this one, or the reasons of the verdict. alert: the id of the alert it is
    part of. sources: where it was read, `mail:<sha256>` or `csv:<file>:<line>`.
    """

    happened: datetime
    arrived: datetime
    account: str
    what: Words
    event: str
    kind: str
    sources: tuple[str, ...]
    dated_only: bool = False
    told: datetime | None = None
    mine: Mine = "unknown"
    certain: bool = True
    verdict: str | None = None
    why: tuple[Words, ...] = ()
    alert: str | None = None


class Raised(Struct, frozen=True, kw_only=True):
    """One alert: what it said as a whole. told: when the owner was alerted, None where he was not. why: its reasons."""

    id: str
    account: str
    sentence: Words
    told: datetime | None
    mine: Mine
    why: tuple[Words, ...] = ()


class Original(Struct, frozen=True, kw_only=True):
    """An original: the raw bytes of a mail, or an exported file, copied as they are.

    origin: as in the facts (`mail:<sha256>`), or the file's path. expected: the SHA-256 under which it was read at the
    time, in hexadecimal, None where that is not known. source: where the bytes are now.
    """

    origin: str
    source: Path | bytes
    kind: Literal["mail", "export"] = "mail"
    expected: str | None = None
    received: datetime | None = None
    sender: str = ""
    subject: str = ""
    verdict: str = ""
    why: tuple[Words, ...] = ()


class Action(Struct, frozen=True, kw_only=True):
    """One thing the owner did in the incident, as he noted it: a call with name and reference number, a change.

    at: when he did it. noted: when that was written down. step: id of the guide's step, None for other things.
    """

    at: datetime
    noted: datetime
    what: Annotated[str, Meta(max_length=1000)]
    account: str | None = None
    step: str | None = None


class Evidence(Struct, frozen=True, kw_only=True):
    """Everything for one package. made: when it was put together. alerts: what the owner was told, each once. missing:
    what could not be had, in words."""

    made: datetime
    accounts: tuple[str, ...]
    entries: tuple[Entry, ...]
    alerts: tuple[Raised, ...] = ()
    originals: tuple[Original, ...] = ()
    actions: tuple[Action, ...] = ()
    hardening: tuple[Done, ...] = ()
    missing: tuple[Words, ...] = ()
    zone: str = "Asia/Tokyo"
