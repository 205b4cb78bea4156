"""Setting up: a few questions, or options, become `config.toml`. No broker's password is among them."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from kuraban.home import config as configs
from kuraban.home import tomlfile
from kuraban.home.config import Account, Alerts, Channel, Config, Mailbox
from kuraban.home.mail.brokers import BROKERS
from kuraban.home.model import Words
from kuraban.home.problems import HomeError

Ask = Callable[[Words, str], str]  # question, default → answer

# Servers of common providers, and under which name each writes Authentication-Results (as seen in public mail; where it
# is not known it is learned from the mailbox).
PROVIDERS: dict[str, tuple[str, str | None]] = {
    "gmail.com": ("imap.gmail.com", "mx.google.com"),
    "googlemail.com": ("imap.gmail.com", "mx.google.com"),
    "yahoo.co.jp": ("imap.mail.yahoo.co.jp", None),
    "icloud.com": ("imap.mail.me.com", None),
    "me.com": ("imap.mail.me.com", None),
    "outlook.com": ("outlook.office365.com", None),
    "outlook.jp": ("outlook.office365.com", None),
    "hotmail.com": ("outlook.office365.com", None),
    "fastmail.com": ("imap.fastmail.com", None),
}
LOCAL_KINDS = ("maildir", "mbox", "folder")


def interview(ask: Ask) -> Config:
    """Ask a few questions; an empty answer leaves a thing out."""
    mailboxes = [box] if (box := _mailbox(ask)) is not None else []
    folder = ask(
        Words("証券会社のCSVを置くフォルダ(なければ空のまま)", "folder with brokers' CSV exports (empty for none)"), ""
    )
    known = ", ".join(f"{broker.key}={broker.name.ja}" for broker in BROKERS)
    brokers = ask(
        Words(f"使っている証券会社(カンマ区切り。{known})", f"your brokers, separated by commas ({known})"), ""
    )
    channel = ask(
        Words(
            "知らせの送り先(Apprise の URL。例 ntfy://…、mailto://…。なければ空のまま)",
            "where alerts go, as an Apprise URL such as ntfy://… or mailto://… (empty for none)",
        ),
        "",
    )
    return assembled(
        mailboxes,
        folder or None,
        [word.strip() for word in brokers.split(",") if word.strip()],
        [channel] if channel else [],
    )


def _mailbox(ask: Ask) -> Mailbox | None:
    where = ask(
        Words(
            "通知メールが届くメールアドレス、またはメールのフォルダ(なければ空のまま)",
            "the mail address that gets the notices, or a folder with mail (empty for none)",
        ),
        "",
    )
    if not where:
        return None
    if "@" not in where:
        return local_mailbox(where)
    host, authserv = PROVIDERS.get(where.rpartition("@")[2].lower(), ("", None))
    host = ask(Words("IMAP サーバー", "IMAP server"), host)
    command = ask(
        Words(
            "アプリパスワードを出すコマンド(空ならキーリングに保存したものを使います)",
            "command that prints the app password (empty: the one kept in the keyring)",
        ),
        "",
    )
    return imap_mailbox(where, host, command, authserv)


def imap_mailbox(user: str, host: str, command: str = "", authserv: str | None = None, port: int = 993) -> Mailbox:
    """An IMAP mailbox of the owner's. command: words separated by spaces; it is run by no shell."""
    return Mailbox(
        name="mail", kind="imap", host=host or None, user=user, port=port, secret_command=command.split(),
        authserv_id=authserv,
    )  # fmt: skip


def local_mailbox(path: str, kind: str | None = None) -> Mailbox:
    """Mail on this computer; what kind it is is seen from the path where it is not said."""
    at = Path(path).expanduser()
    found = kind or ("mbox" if at.is_file() else "maildir" if (at / "cur").is_dir() else "folder")
    if found not in LOCAL_KINDS:
        raise HomeError.of(
            f"種類は {' '.join(LOCAL_KINDS)} のどれかです", f"the kind is one of {' '.join(LOCAL_KINDS)}"
        )
    return Mailbox(name="mail", kind=found, path=str(at.absolute()))  # type: ignore[arg-type]


def assembled(mailboxes: list[Mailbox], csv_folder: str | None, brokers: list[str], channels: list[str]) -> Config:
    """The configuration of the answers, checked. brokers: `key` or `key=label`; channels: URLs or `name=URL`."""
    accounts = []
    for word in brokers:
        key, _, label = word.partition("=")
        if key not in {broker.key for broker in BROKERS}:
            known = " ".join(broker.key for broker in BROKERS)
            raise HomeError.of(
                f"証券会社「{key}」は知りません。使えるのは {known}", f"unknown broker {key}; known: {known}"
            )
        accounts.append(Account(label or key, key))
    named = []
    for number, word in enumerate(channels, 1):
        name, separator, url = word.partition("=")
        plain = "://" in name or not separator
        named.append(Channel(f"channel{number}" if plain else name, url=word if plain else url))
    folder = os.path.abspath(os.path.expanduser(csv_folder)) if csv_folder else None
    found = Config(csv_folder=folder, mailbox=mailboxes, account=accounts, alerts=Alerts(channels=named))
    return configs.checked(found, "config.toml")


HEAD = """\
# 蔵番の設定。Kuraban's configuration. 説明は docs/home.md / explained in docs/home.md
# 証券会社のパスワードはここにも、ほかのどこにも書きません。No broker's password belongs here, or anywhere else.
"""


def written(config: Config) -> str:
    """The configuration as TOML; defaults are left out."""
    lines = [HEAD.rstrip()]
    if config.language:
        lines.append(f"language = {tomlfile.quoted(config.language)}")
    if config.csv_folder:
        lines.append(f"csv_folder = {tomlfile.quoted(config.csv_folder)}")
    if config.rates:
        lines += ["", "[rates]", *(f"{currency} = {rate!r}" for currency, rate in config.rates.items())]
    for box in config.mailbox:
        lines += ["", "[[mailbox]]", *_pairs(box, {"name"})]
    for account in config.account:
        lines += ["", "[[account]]", *_pairs(account, {"label", "broker"})]
    plain = [line for line in _pairs(config.alerts, set()) if not line.startswith("channels")]
    lines += ["", "[alerts]", *plain] if plain else []
    for channel in config.alerts.channels:
        lines += ["", "[[alerts.channels]]", *_pairs(channel, {"name"})]
    watch = _pairs(config.watch, set())
    lines += ["", "[watch]", *watch] if watch else []
    return "\n".join(lines) + "\n"


def _pairs(entry: msgspec.Struct, always: set[str]) -> list[str]:
    defaults = {field.name: field.default for field in msgspec.structs.fields(entry)}
    empty = {field.name for field in msgspec.structs.fields(entry) if field.default_factory is not msgspec.NODEFAULT}
    found = []
    for name in entry.__struct_fields__:
        value = getattr(entry, name)
        if name in always or (value != defaults[name] and not (name in empty and value == [])):
            found.append(f"{name} = {tomlfile.quoted(value)}")
    return found
