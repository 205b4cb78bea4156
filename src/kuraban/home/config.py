"""`config.toml`: what the owner's side reads, whom it tells, and in which language.

No broker password is asked for, stored or needed. A mailbox's secret stays in the system's keyring or comes from a
command (a password manager's); it is never in the file. Every key has a default but those of `[[mailbox]]` that say
where the mail is.
"""

from datetime import time
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from kuraban.home import tomlfile
from kuraban.home.mail.sources import secrets
from kuraban.home.mail.sources.secrets import Credential, SecretError
from kuraban.home.model import Words
from kuraban.home.problems import HomeError

CHANNEL_HOST = "alerts"  # under which the keyring holds the URLs of channels

Minutes = Annotated[int, Meta(ge=1, le=10_080)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Address = Annotated[str, Meta(pattern=r"^[^@\s<>]{1,64}@[^@\s<>]{1,253}$")]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Mailbox(Struct, frozen=True, forbid_unknown_fields=True):
    """Where mail is. kind `imap` needs host and user; the others need path.

    authserv_id: the name under which the owner's own provider writes Authentication-Results; the only one believed;
    authserv_hops: how many Received fields stand above it, None where the provider removes what claims to be its own;
    without authserv_id it is learned from the mailbox.
    addresses: the owner's other addresses whose mail ends up here (aliases, forwarding), besides `user`; a mail that a
    broker signed for none of them proves nothing.
    trusted_sealers: domains whose ARC seals count (a forwarding service of the owner's). secret_command: prints the app
    password, or with auth `xoauth2` the access token; without it the keyring is asked.
    """

    name: Name
    kind: Literal["imap", "maildir", "mbox", "folder"] = "imap"
    path: Annotated[str, Meta(max_length=4096)] | None = None
    host: Annotated[str, Meta(min_length=1, max_length=253)] | None = None
    port: Annotated[int, Meta(ge=1, le=65535)] = 993
    starttls: bool = False
    user: Annotated[str, Meta(min_length=1, max_length=320)] | None = None
    folder: Name = "INBOX"
    auth: Literal["password", "xoauth2"] = "password"
    secret_command: list[str] = []
    ca_file: str | None = None
    addresses: Annotated[list[Address], Meta(max_length=100)] = []
    authserv_id: str | None = None
    authserv_hops: Annotated[int, Meta(ge=0, le=20)] | None = None
    trusted_sealers: list[str] = []


class Account(Struct, frozen=True, forbid_unknown_fields=True):
    """One brokerage account: the owner's own label for it and the broker's key. phone: the broker's, for alerts."""

    label: Name
    broker: Name
    phone: Annotated[str, Meta(max_length=40)] | None = None


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """One place to send alerts to, as a URL of Apprise: in the file, from a command, or from the keyring (`name`).

    after_minutes: an alert comes here when nobody has acknowledged it for so long; 0 at once.
    """

    name: Name
    url: Annotated[str, Meta(max_length=4096)] | None = None
    url_command: list[str] = []
    after_minutes: Annotated[int, Meta(ge=0, le=10_080)] = 0
    digest: bool = True


class Alerts(Struct, frozen=True, forbid_unknown_fields=True):
    """How alerts are sent: repeats while unacknowledged, the weekly digest, and limits."""

    channels: list[Channel] = []
    repeat_minutes: tuple[Minutes, ...] = (30, 120, 360, 1440)
    digest_day: Weekday = "sunday"
    digest_time: time = time(9, 0)
    most_per_hour: Annotated[int, Meta(ge=1, le=60)] = 6
    heartbeat_hours: Annotated[int, Meta(ge=0, le=168)] = 0
    details: bool = False


class Watch(Struct, frozen=True, forbid_unknown_fields=True):
    """The watcher. mailbox_down_minutes: for how long a mailbox may be unreadable before that is an alarm."""

    poll_minutes: Annotated[int, Meta(ge=1, le=1440)] = 10
    mailbox_down_minutes: Annotated[int, Meta(ge=5, le=10_080)] = 60
    first_look_days: Annotated[int, Meta(ge=30, le=3650)] = 730


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file. language None: that of the system. rates: JPY for one unit of a currency, for exports that give
    amounts in that currency only; without a rate such amounts stay unknown."""

    language: Literal["ja", "en"] | None = None
    csv_folder: str | None = None
    rates: dict[Currency, Annotated[float, Meta(gt=0, le=1e6)]] = {}
    mailbox: list[Mailbox] = []
    account: list[Account] = []
    alerts: Alerts = Alerts()
    watch: Watch = Watch()

    def label(self, broker: str) -> str:
        """The owner's label of a broker's account; the broker's key where he gave none."""
        return next((account.label for account in self.account if account.broker == broker), broker)

    @property
    def labels(self) -> dict[str, str]:
        """The owner's labels by broker key."""
        return {account.broker: account.label for account in reversed(self.account)}


def load(path: Path) -> Config:
    """The configuration; a missing file is the default one. Raises `HomeError` naming key and fix."""
    return checked(tomlfile.read(path, Config), str(path)) if path.exists() else Config()


def checked(config: Config, name: str) -> Config:
    """The same, when its parts fit together; `HomeError` otherwise."""
    for i, box in enumerate(config.mailbox, 1):
        if box.kind == "imap" and not (box.host and box.user):
            raise _wrong(name, f"mailbox {i}", "imap には host と user が要ります", "imap needs host and user")
        if box.kind != "imap" and not box.path:
            raise _wrong(name, f"mailbox {i}", f"{box.kind} には path が要ります", f"{box.kind} needs path")
    _no_twins(name, "mailbox", [box.name for box in config.mailbox])
    _no_twins(name, "account", [account.label for account in config.account])
    _no_twins(name, "alerts.channels", [channel.name for channel in config.alerts.channels])
    repeats = config.alerts.repeat_minutes
    if list(repeats) != sorted(set(repeats)):
        raise _wrong(name, "alerts.repeat_minutes", "小さい順に並べてください", "put the numbers in rising order")
    return config


def _no_twins(name: str, where: str, names: list[str]) -> None:
    for one in names:
        if names.count(one) > 1:
            raise _wrong(
                name, where, f"「{one}」が二つあります。名前を変えてください", f"`{one}` is there twice: rename one"
            )


def _wrong(name: str, where: str, ja: str, en: str) -> HomeError:
    return HomeError(Words(f"{name}: [{where}] {ja}。", f"{name}: [{where}] {en}"))


def credential(box: Mailbox) -> Credential:
    """How to log in to an IMAP mailbox; nothing is asked for before it is needed."""
    if box.secret_command:
        return secrets.from_command(box.secret_command, "xoauth2" if box.auth == "xoauth2" else "password")
    kept = secrets.from_keyring(box.host or "", box.user or "")
    return Credential("xoauth2", kept.get) if box.auth == "xoauth2" else kept


def channel_url(channel: Channel) -> str:
    """The Apprise URL of a channel, from the file, a command or the keyring. Raises `HomeError`, never with the URL."""
    if channel.url:
        return channel.url
    if channel.url_command:
        source = secrets.from_command(channel.url_command)
    else:
        source = secrets.from_keyring(CHANNEL_HOST, channel.name)
    try:
        return source.get()
    except SecretError as error:
        raise HomeError(error.words) from None


def store_secret(host: str, user: str, secret: str) -> None:
    """Put a mailbox's app password, or a channel's URL (host CHANNEL_HOST), into the keyring. Raises `HomeError`."""
    try:
        secrets.store(host, user, secret)
    except SecretError as error:
        raise HomeError(
            Words(
                f'{error.words.ja}。secret_command(例: ["pass", "show", "mail"])を使ってください。',
                f'{error.words.en}; use secret_command, for example ["pass", "show", "mail"]',
            )
        ) from None
