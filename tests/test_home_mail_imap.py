"""An IMAP mailbox on a real server: read over TLS, changed in nothing, resumed where the last pass ended."""

import logging
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import keyring.backend
import pytest

from dovecot import PASSWORD, USER, Dovecot, dovecot, token
from kuraban.home.mail.sources.imap import Mailbox, MailboxError, Position, Server
from kuraban.home.mail.sources.model import MAX_MAIL, PREFIX, RawMail
from kuraban.home.mail.sources.secrets import Credential, SecretError, from_command, from_keyring, store
from kuraban.home.mail.sources.watching import watch
from kuraban.home.model import Unreadable


@pytest.fixture
def imap() -> Iterator[Dovecot]:
    # Not pytest's folder, which only its owner may enter: the server reads mail as another user.
    made = tempfile.TemporaryDirectory(prefix="kuraban-imap-", ignore_cleanup_errors=True)
    with made as folder, dovecot(Path(folder)) as running:
        yield running


def server(imap: Dovecot, secret: str = PASSWORD) -> Server:
    return Server("127.0.0.1", USER, Credential("password", lambda: secret), imap.port, ca_file=imap.certificate)


def raw(number: int) -> bytes:
    return f"From: a@example.com\r\nSubject: {number}\r\n\r\nbody {number}\r\n".encode()


def subjects(imap: Dovecot, last: Position | None = None) -> tuple[list[bytes], Position | None]:
    seen = []
    with Mailbox(server(imap)) as mailbox:
        for arrived in mailbox.since("INBOX", last):
            assert isinstance(arrived.item, RawMail)
            seen.append(arrived.item.raw.split(b"\r\n")[1])
            last = arrived.position
    return seen, last


def test_mails_come_whole_and_in_order_and_nothing_in_the_mailbox_changes(imap: Dovecot) -> None:
    for number in range(5):
        imap.deliver(raw(number), f"{number}.mail")
    before = imap.flags()
    with Mailbox(server(imap)) as mailbox:
        arrived = list(mailbox.since("INBOX"))
    assert [item.item.raw for item in arrived if isinstance(item.item, RawMail)] == [raw(n) for n in range(5)]
    assert [item.position.uid for item in arrived] == [1, 2, 3, 4, 5]
    assert arrived[0].item.place == "imap:INBOX:1"
    assert imap.flags() == before
    assert all(name.startswith("new/") for name in before)


def test_a_second_pass_reads_only_what_came_since(imap: Dovecot) -> None:
    imap.deliver(raw(1), "1.mail")
    first, last = subjects(imap)
    assert subjects(imap, last) == ([], last)
    imap.deliver(raw(2), "2.mail")
    second, _ = subjects(imap, last)
    assert (first, second) == ([b"Subject: 1"], [b"Subject: 2"])


def test_a_folder_that_was_renumbered_is_read_again_from_the_start(imap: Dovecot) -> None:
    imap.deliver(raw(1), "1.mail")
    _, last = subjects(imap)
    assert last is not None
    again, _ = subjects(imap, last._replace(validity=last.validity - 1))
    assert again == [b"Subject: 1"]


def test_hundreds_of_mails_come_in_batches(imap: Dovecot) -> None:
    for number in range(230):
        imap.deliver(raw(number), f"{number:04}.mail") if number % 50 == 0 else (
            imap.folder / "new" / f"{number:04}.mail"
        ).write_bytes(raw(number))
    imap.deliver(raw(230), "0230.mail")
    seen, last = subjects(imap)
    assert len(set(seen)) == 231
    assert last is not None
    assert last.uid == 231


def test_a_huge_mail_is_read_to_a_bound_and_says_so(imap: Dovecot) -> None:
    imap.deliver(raw(1) + b"x" * 76 * 1024 + b"\r\n" + (b"y" * 1022 + b"\r\n") * (MAX_MAIL // 1024), "huge.mail")
    imap.deliver(raw(2), "small.mail")
    with Mailbox(server(imap)) as mailbox:
        huge, small = sorted((item.item for item in mailbox.since("INBOX")), key=lambda item: item.place)
    assert isinstance(huge, RawMail)
    assert isinstance(small, RawMail)
    sizes = sorted((len(item.raw), item.whole) for item in (huge, small))
    assert sizes == [(len(raw(2)), True), (PREFIX, False)]
    assert max(huge.size, small.size) > MAX_MAIL


def test_other_folders_are_listed_and_read(imap: Dovecot) -> None:
    imap.deliver(raw(7), "7.mail", folder="証券".encode("utf-7").decode().replace("+", "&"))
    with Mailbox(server(imap)) as mailbox:
        assert sorted(mailbox.folders()) == ["INBOX", "証券"]
        (arrived,) = mailbox.since("証券")
    assert arrived.position.folder == "証券"


def test_a_folder_that_is_not_there_is_named_as_such(imap: Dovecot) -> None:
    with Mailbox(server(imap)) as mailbox, pytest.raises(MailboxError) as error:
        list(mailbox.since("nowhere"))
    assert error.value.code == "no_folder"


def test_starttls_and_an_access_token_log_in_as_well(imap: Dovecot) -> None:
    imap.deliver(raw(1), "1.mail")
    by_token = Server(
        "127.0.0.1", USER, Credential("xoauth2", token), imap.plain, starttls=True, ca_file=imap.certificate
    )
    with Mailbox(by_token) as mailbox:
        assert len(list(mailbox.since("INBOX"))) == 1


@pytest.mark.parametrize("credential", [("password", "wrong"), ("xoauth2", "wrong"), ("xoauth2", token(seconds=-600))])
def test_a_refused_login_says_so_and_does_not_repeat_the_secret(
    imap: Dovecot, credential: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    kind, secret = credential
    caplog.set_level(logging.DEBUG)
    refused = replace(server(imap), credential=Credential(kind, lambda: secret))  # type: ignore[arg-type]
    with pytest.raises(MailboxError) as error, Mailbox(refused):
        pass
    assert error.value.code == "refused"
    assert secret not in str(error.value.words) + str(refused) + caplog.text


def test_no_password_and_no_mail_reaches_the_log(imap: Dovecot, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    imap.deliver(raw(1), "1.mail")
    subjects(imap)
    assert PASSWORD not in caplog.text
    assert "body 1" not in caplog.text


def test_a_certificate_that_nobody_vouches_for_ends_the_connection_before_the_password(imap: Dovecot) -> None:
    asked = []

    def secret() -> str:
        asked.append(1)
        return PASSWORD

    unknown = replace(server(imap), ca_file=None, credential=Credential("password", secret))
    with pytest.raises(MailboxError) as error, Mailbox(unknown):
        pass
    assert error.value.code == "tls"
    assert "method=" not in imap.log.read_text()


def test_a_server_that_is_not_there_is_told_and_tried_again(imap: Dovecot) -> None:
    nowhere = replace(server(imap), port=1)
    stop = threading.Event()
    told = []
    for item in watch(nowhere, ["INBOX"], stop, pause=0.01):
        assert isinstance(item, Unreadable)
        told.append(item.code)
        if len(told) == 2:
            stop.set()
    assert told == ["unreachable", "unreachable"]


def test_new_mail_is_told_of_while_the_watcher_waits(imap: Dovecot) -> None:
    imap.deliver(raw(1), "1.mail")
    stop = threading.Event()
    seen = []
    for item in watch(server(imap), ["INBOX"], stop):
        assert not isinstance(item, Unreadable)
        assert isinstance(item.item, RawMail)
        seen.append(item.item.raw)
        if len(seen) == 1:
            later = threading.Timer(0.3, imap.deliver, (raw(2), "2.mail"))
            later.start()
        else:
            later.join()
            stop.set()
    assert seen == [raw(1), raw(2)]


def test_a_watcher_resumes_where_another_ended(imap: Dovecot) -> None:
    imap.deliver(raw(1), "1.mail")
    _, last = subjects(imap)
    assert last is not None
    imap.deliver(raw(2), "2.mail")
    stop = threading.Event()
    seen = []
    for item in watch(server(imap), ["INBOX"], stop, {"INBOX": last}):
        assert not isinstance(item, Unreadable)
        seen.append(item.position.uid)
        stop.set()
    assert seen == [2]


class _Keyring(keyring.backend.KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self._kept[service, username]


def test_a_password_kept_in_the_keyring_is_found_again() -> None:
    before = keyring.get_keyring()
    keyring.set_keyring(_Keyring())
    try:
        with pytest.raises(SecretError):
            from_keyring("imap.example.jp", USER).get()
        store("imap.example.jp", USER, "s3cret")
        assert from_keyring("imap.example.jp", USER).get() == "s3cret"
    finally:
        keyring.set_keyring(before)


def test_a_password_can_come_from_a_command() -> None:
    command = [sys.executable, "-c", "print('s3cret'); print('second line')"]
    assert from_command(command).get() == "s3cret"


@pytest.mark.parametrize(
    "command", [["/no/such/command"], [sys.executable, "-c", "raise SystemExit(1)"], [sys.executable, "-c", ""], []]
)
def test_a_command_that_gives_no_password_is_an_error_in_words(command: list[str]) -> None:
    with pytest.raises(SecretError):
        from_command(command).get()
