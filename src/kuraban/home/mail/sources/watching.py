"""Mails of an IMAP mailbox as they come, for as long as the watcher runs, through every loss of connection."""

import threading
from collections.abc import Iterable, Iterator, Mapping

from kuraban.home.mail.sources.imap import Arrived, Mailbox, MailboxError, Position, Server
from kuraban.home.model import Unreadable

SLICE = 60.0  # seconds of one wait, after which other folders are looked at too
FIRST_PAUSE = 5.0  # seconds before the first new attempt after a failure; each further one doubles
LONGEST_PAUSE = 900.0


def watch(
    server: Server,
    folders: Iterable[str],
    stop: threading.Event,
    positions: Mapping[str, Position] | None = None,
    pause: float = FIRST_PAUSE,
) -> Iterator[Arrived | Unreadable]:
    """Every mail of these folders after the given positions, then every new one, until `stop` is set.

    A mailbox that cannot be read is told as `Unreadable`, once for each attempt, and tried again after a pause that
    grows to a quarter of an hour. The first folder is listened to; the others are looked at every minute.
    """
    known = dict(positions or {})
    wanted = list(folders)
    wait = pause
    while not stop.is_set():
        try:
            with Mailbox(server) as mailbox:
                for arrived in _passes(mailbox, wanted, known, stop):
                    wait = pause
                    yield arrived
        except MailboxError as error:
            yield error.unreadable(f"imap:{server.user}@{server.host}")
            stop.wait(wait)
            wait = min(wait * 2, LONGEST_PAUSE)


def _passes(
    mailbox: Mailbox, folders: list[str], known: dict[str, Position], stop: threading.Event
) -> Iterator[Arrived]:
    idles = mailbox.idles
    while not stop.is_set():
        for folder in reversed(folders):  # the first folder last, so that it is the one that stays open
            for arrived in mailbox.since(folder, known.get(folder)):
                known[folder] = arrived.position
                yield arrived
                if stop.is_set():
                    return
        if idles:
            mailbox.wait(SLICE, stop)
        else:
            stop.wait(SLICE)
            mailbox.poke()
