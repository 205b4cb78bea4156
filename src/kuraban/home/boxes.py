"""How reading each mailbox goes, kept in the store so that it can be shown by another program than the watch."""

from datetime import datetime

import msgspec

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
