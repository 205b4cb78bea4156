"""Mails of an IMAP mailbox (RFC 9051): over TLS, read-only, resuming where the last pass ended.

A folder is opened with EXAMINE and mails are fetched with BODY.PEEK, so that nothing in the mailbox changes: no flag,
not even *seen* or *recent*. A pass resumes by UID; where the server has renumbered a folder (UIDVALIDITY), it starts
over.
"""

import contextlib
import logging
import ssl
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import imapclient
from imapclient.exceptions import IMAPClientError, LoginError

from kuraban.home.mail.sources.model import MAX_MAIL, PREFIX, Item, RawMail, shown_place
from kuraban.home.mail.sources.secrets import Credential, SecretError
from kuraban.home.model import Unreadable, Words

# At debug level it writes whole mails into the log, and what the owner's logging keeps must not hold his mail.
logging.getLogger("imapclient").setLevel(logging.WARNING)

CONNECT_TIMEOUT = 20.0  # seconds
READ_TIMEOUT = 120.0
_LOOK = 2.0  # seconds after which a wait looks whether it is to stop
BATCH = 100  # mails whose sizes are asked for at once
BATCH_BYTES = 4 * 1024 * 1024  # of mails fetched at once


@dataclass(frozen=True, slots=True)
class Server:
    """Where a mailbox is. starttls: TLS is started on the plain port; without TLS there is no connection.

    ca_file: certificates to trust instead of the system's.
    """

    host: str
    user: str
    credential: Credential
    port: int = 993
    starttls: bool = False
    ca_file: Path | None = None


class Position(NamedTuple):
    """How far a folder was read: the last UID, and the numbering it belongs to."""

    folder: str
    validity: int
    uid: int


class Arrived(NamedTuple):
    """A mail (or what could not be read), and the position to resume from once it has been dealt with."""

    item: Item
    position: Position


class MailboxError(Exception):
    """The mailbox cannot be read; code: `refused`, `no_secret`, `tls`, `unreachable`, `no_folder` or `protocol`."""

    def __init__(self, code: str, words: Words | None = None) -> None:
        self.code = code
        self.words = words or _WORDS[code]
        super().__init__(self.words.en)

    def unreadable(self, place: str) -> Unreadable:
        """The same as something to show to the owner."""
        return Unreadable(shown_place(place), self.code, self.words)


_WORDS = {
    "refused": Words(
        "メールサーバーにログインできません（パスワードの変更・無効化を確認してください）",
        "the mail server refuses the login; has the app password been changed or revoked?",
    ),
    "tls": Words(
        "メールサーバーとの暗号化通信を確かめられません。偽のサーバーかもしれないため接続を中止しました",
        "the mail server's certificate cannot be trusted, so the connection was given up",
    ),
    "unreachable": Words("メールサーバーにつながりません", "the mail server cannot be reached"),
    "no_folder": Words("そのメールフォルダがありません", "there is no such folder"),
    "protocol": Words("メールサーバーの応答が読み取れません", "the mail server's answer cannot be understood"),
}


class Mailbox:
    """A connection to one mailbox. Open it with `with`; every method raises `MailboxError`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._client: Any = None
        self._folder: tuple[str, int] | None = None

    def __enter__(self) -> "Mailbox":
        try:
            secret = self._server.credential.get()
        except SecretError as error:
            raise MailboxError("no_secret", error.words) from None
        with _named_errors():
            self._client = _connected(self._server)
            try:
                if self._server.credential.kind == "xoauth2":
                    self._client.oauth2_login(self._server.user, secret)
                else:
                    self._client.login(self._server.user, secret)
            except (LoginError, IMAPClientError):
                self.close()
                raise MailboxError("refused") from None
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; a connection that is broken already is left behind."""
        client, self._client, self._folder = self._client, None, None
        if client is not None:
            with contextlib.suppress(IMAPClientError, OSError, ValueError):
                client.shutdown()

    @property
    def idles(self) -> bool:
        """Whether the server tells of new mail by itself (IDLE, RFC 2177)."""
        with _named_errors():
            return bool(self._client.has_capability("IDLE"))

    def folders(self) -> list[str]:
        """The folders that can be opened, in the server's order."""
        with _named_errors():
            listed = self._client.list_folders()
        return [name for flags, _, name in listed if b"\\Noselect" not in flags and b"\\NonExistent" not in flags]

    def examine(self, folder: str) -> int:
        """Open a folder read-only; returns its UIDVALIDITY."""
        if self._folder is None or self._folder[0] != folder:
            with _named_errors("no_folder"):
                opened = self._client.select_folder(folder, readonly=True)
            self._folder = folder, int(opened.get(b"UIDVALIDITY", 0))
        return self._folder[1]

    def since(self, folder: str, last: Position | None = None) -> Iterator[Arrived]:
        """The mails of a folder that came after a position, oldest first; all of them where there is none."""
        validity = self.examine(folder)
        after = last.uid if last is not None and last.validity == validity else 0
        with _named_errors():
            found = self._client.search(["UID", f"{after + 1}:*"])
        # `n:*` always names the last mail, even when it comes before n.
        uids = sorted(uid for uid in found if uid > after)
        for start in range(0, len(uids), BATCH):
            for item, uid in self._batch(folder, uids[start : start + BATCH]):
                yield Arrived(item, Position(folder, validity, uid))

    def _batch(self, folder: str, uids: Sequence[int]) -> Iterator[tuple[Item, int]]:
        with _named_errors():
            sizes = self._client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        group: list[int] = []
        total = 0
        for uid in uids:
            size = int(sizes.get(uid, {}).get(b"RFC822.SIZE", 0))
            cut = size > MAX_MAIL
            if group and (cut or total + size > BATCH_BYTES):
                yield from self._group(folder, group, sizes)
                group, total = [], 0
            if cut:
                yield from self._group(folder, [uid], sizes, PREFIX)
            else:
                group.append(uid)
                total += size
        if group:
            yield from self._group(folder, group, sizes)

    def _group(self, folder: str, uids: Sequence[int], sizes: Any, most: int = MAX_MAIL) -> Iterator[tuple[Item, int]]:
        # What is asked for is bounded whatever sizes the server states.
        with _named_errors():
            fetched = self._client.fetch(uids, [f"BODY.PEEK[]<0.{most + 1}>"])
        for uid in uids:
            if uid not in fetched:
                continue  # deleted meanwhile, by the owner or his other programs
            known, told = sizes.get(uid, {}), fetched.pop(uid)
            content = told.get(b"BODY[]<0>", told.get(b"BODY[]"))
            if not isinstance(content, bytes):
                yield MailboxError("protocol").unreadable(f"imap:{folder}:{uid}"), uid
                continue
            size = max(int(known.get(b"RFC822.SIZE", 0)), len(content))
            whole = most == MAX_MAIL and len(content) <= most
            raw = content if whole else content[:PREFIX]
            yield RawMail(raw, f"imap:{shown_place(folder)}:{uid}", size, whole, _arrived(known)), uid

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait for a change in the open folder, or for `stop`; returns whether there was a change. Needs IDLE.

        The server may end an IDLE after half an hour, so `seconds` should stay well below that.
        """
        changed = False
        with _named_errors():
            self._client.idle()
            for _ in range(max(1, int(seconds / _LOOK))):
                changed = any(_is_change(told) for told in self._client.idle_check(timeout=_LOOK))
                if changed or stop.is_set():
                    break
            _, rest = self._client.idle_done()
        return changed or any(_is_change(told) for told in rest)

    def poke(self) -> None:
        """Keep the connection alive and let the server notice new mail (NOOP)."""
        with _named_errors():
            self._client.noop()


def _is_change(response: Any) -> bool:
    return isinstance(response, tuple) and len(response) > 1 and response[1] in (b"EXISTS", b"EXPUNGE", b"RECENT")


def _arrived(known: Any) -> datetime | None:
    found = known.get(b"INTERNALDATE")
    if not isinstance(found, datetime):
        return None
    return found.astimezone(UTC)  # imapclient gives the computer's local time without a zone


def _connected(server: Server) -> Any:
    trusted = ssl.create_default_context(cafile=str(server.ca_file) if server.ca_file is not None else None)
    timeout: Any = imapclient.SocketTimeout(connect=CONNECT_TIMEOUT, read=READ_TIMEOUT)
    client = imapclient.IMAPClient(
        server.host,
        port=server.port,
        ssl=not server.starttls,
        ssl_context=None if server.starttls else trusted,
        timeout=timeout,
    )
    if server.starttls:
        client.starttls(trusted)
    return client


@contextlib.contextmanager
def _named_errors(refusal: str = "protocol") -> Iterator[None]:
    """Every failure of a connection as `MailboxError`, without the server's own words."""
    try:
        yield
    except MailboxError:
        raise
    except (ssl.SSLCertVerificationError, ssl.CertificateError, ssl.SSLError):
        raise MailboxError("tls") from None
    except OSError:
        raise MailboxError("unreachable") from None
    except IMAPClientError as error:
        lost = isinstance(error, imapclient.exceptions.IMAPClientAbortError)
        raise MailboxError("unreachable" if lost else refusal) from None
    except (ValueError, KeyError, TypeError, AttributeError, UnicodeError):
        raise MailboxError("protocol") from None
