"""Where each mailbox is, and how reading it goes, kept in the store so that any program can show it."""

from datetime import datetime
from pathlib import Path

import msgspec

from kuraban.home.config import Mailbox, credential
from kuraban.home.mail.sources.imap import Server
from kuraban.home.model import Words
from kuraban.home.store import Store


class BoxState(msgspec.Struct, frozen=True):
    """read: when something was last read from it. failing: since when it cannot be read, None while it can; why."""

    read: datetime | None = None
    failing: datetime | None = None
    why: Words | None = None


_decoder = msgspec.json.Decoder(BoxState)


def state(store: Store, name: str) -> BoxState:
    """How a mailbox stands, as far as any watch has noted."""
    kept = store.note(f"box:{name}")
    return _decoder.decode(kept) if kept else BoxState()


def read(store: Store, name: str, now: datetime) -> None:
    """It was read."""
    _keep(store, name, BoxState(now))


def failing(store: Store, name: str, since: datetime, why: Words) -> None:
    """It cannot be read."""
    _keep(store, name, BoxState(state(store, name).read, since, why))


def over(store: Store, name: str) -> None:
    """It is not known to fail any more, though nothing may have been read yet."""
    before = state(store, name)
    if before.failing is not None:
        _keep(store, name, BoxState(before.read))


def _keep(store: Store, name: str, found: BoxState) -> None:
    store.set_note(f"box:{name}", msgspec.json.encode(found).decode())


def server_of(box: Mailbox) -> Server:
    """Where an IMAP mailbox is and how to log in."""
    return Server(
        box.host or "",
        box.user or "",
        credential(box),
        port=box.port,
        starttls=box.starttls,
        ca_file=Path(box.ca_file).expanduser() if box.ca_file else None,
    )
