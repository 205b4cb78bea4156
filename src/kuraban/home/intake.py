"""Mails and exports into the store: each read once, kept in batches, so that a stop at any moment loses nothing."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec

from kuraban.home.config import Config, Mailbox
from kuraban.home.folder import Folder
from kuraban.home.mail import headers
from kuraban.home.mail.authenticity import keys, results
from kuraban.home.mail.authenticity.keys import Keys
from kuraban.home.mail.authenticity.results import Receiver
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.reading import read_letter
from kuraban.home.mail.sources.model import Item, RawMail
from kuraban.home.model import Letter, Unreadable, Verdict, Words
from kuraban.home.reconcile import Period
from kuraban.home.statements import Context, Statement, read_statement
from kuraban.home.store import Store

BATCH = 200
LEARN_FROM = 400  # mails looked at to learn the provider's mark
MAX_EXPORT = 64 * 1024 * 1024
EXPORTS = frozenset({".csv", ".tsv"})
WAITS = timedelta(days=14)  # how long a mail is kept whole to be checked again
GIVES_UP = 8  # mails in a row for which nobody answers
KEY_CACHE = "keys.json"


def contexts(config: Config, key_cache: Keys) -> MailContext:
    """What all mailboxes share."""
    own = [address for box in config.mailbox for address in (box.user or "", *box.addresses) if "@" in address]
    addresses = frozenset(address.lower() for address in own)
    return MailContext(keys=key_cache, accounts=config.labels, addresses=addresses)


def open_keys(folder: Folder | None, *, online: bool) -> Keys:
    """DKIM keys: kept in the folder where there is one; asked for by DNS unless offline."""
    path = folder.path / KEY_CACHE if folder is not None else None
    return Keys(keys.dns_resolver() if online else keys.offline, path)


def for_mailbox(shared: MailContext, box: Mailbox, learned: tuple[Receiver, ...] = ()) -> MailContext:
    """The same for one mailbox: its provider's mark, as configured or learned, and the forwarders trusted."""
    own = (Receiver(box.authserv_id.lower(), box.authserv_hops),) if box.authserv_id else learned
    sealers = frozenset(domain.lower() for domain in box.trusted_sealers)
    return MailContext(own, sealers, shared.keys, shared.accounts, shared.mail_domains, shared.addresses, shared.now)


def learn_receivers(items: Iterable[Item]) -> tuple[Receiver, ...]:
    """The provider's mark, from the first mails of a mailbox; nothing where they do not agree."""
    sample = islice((item for item in items if isinstance(item, RawMail)), LEARN_FROM)
    return results.learn(headers.parse(headers.split(item.raw)[0]) for item in sample)


def keep_receivers(store: Store, box: Mailbox, receivers: tuple[Receiver, ...]) -> None:
    """Remember what was learned; nothing learned is tried again next time."""
    if receivers:
        store.set_note(f"receivers:{box.name}", msgspec.json.encode(receivers).decode())


def kept_receivers(store: Store, box: Mailbox) -> tuple[Receiver, ...]:
    """What was learned before."""
    kept = store.note(f"receivers:{box.name}")
    return msgspec.json.decode(kept, type=tuple[Receiver, ...]) if kept else ()


def take_mails(store: Store, items: Iterable[Item], context: MailContext, mailbox: str = "") -> Iterator[bool]:
    """Read mails into the store; for each item whether it was new. Kept every BATCH mails, and at the end."""
    source = iter(items)
    while batch := list(islice(source, BATCH)):
        read = [(item, read_item(store, item, context)) for item in batch]
        now = context.now()
        with store.transaction():
            outcome = [keep(store, item, one, now, mailbox) for item, one in read]
        yield from outcome


def read_item(store: Store, item: Item, context: MailContext) -> Letter | None:
    """One mail read, None where it is known already or cannot be read.

    Outside of transactions: a key may have to be asked for by DNS,
    and another program that has something to keep waits only so long.
    """
    if isinstance(item, Unreadable):
        return None
    if store.knows_letter(f"mail:{hashlib.sha256(item.raw).hexdigest()}"):
        return None
    return read_letter(item.raw, item.place, context, whole=item.whole, arrived=item.arrived)


def keep(store: Store, item: Item, read: Letter | None, now: datetime, mailbox: str = "") -> bool:
    """What was read, into the store; whether it was a new mail. mailbox: its name; a mail whose signature cannot be
    checked just now is kept for `check_again`, where it is given."""
    if isinstance(item, Unreadable):
        store.add_unreadable(item, now)
        return False
    if read is None:
        return False
    if mailbox and unchecked(read):
        store.keep_waiting(read.origin, mailbox, item, now)
    return store.add_letter(read, now)


def unchecked(letter: Letter) -> bool:
    """Whether a mail that names a broker may yet be found genuine: its key could not be asked for."""
    found = letter.authenticity
    return found.verdict is Verdict.UNVERIFIED and any(why.code == "key_unreachable" for why in found.why)


def check_again(store: Store, context: Callable[[str], MailContext | None], now: datetime) -> bool:
    """Read the mails again whose key could not be asked for; whether anything is known better now.

    context: by the mailbox's name, None where there is no such mailbox any more.
    """
    store.forget_waiting(now - WAITS)
    better = silent = 0
    for origin in store.waiting():
        mailbox, mail = store.waiting_mail(origin)
        own = context(mailbox)
        if own is None:
            continue
        letter = read_letter(mail.raw, mail.place, own, whole=mail.whole, arrived=mail.arrived)
        if unchecked(letter):
            silent += 1
            if silent >= GIVES_UP:  # still no network: the others would only wait as long
                break
        else:
            store.checked(letter, now)
            better += 1
    return better > 0


def exports_below(path: Path) -> Iterator[Path]:
    """The exports that a path is or holds: files named .csv or .tsv, not through links."""
    if path.is_file():
        if path.suffix.lower() in EXPORTS:
            yield path
    elif path.is_dir():
        for below in sorted(path.iterdir()):
            if not below.is_symlink() and not below.name.startswith("."):
                yield from exports_below(below)


def take_export(store: Store, path: Path, config: Config, now: datetime) -> Statement | Unreadable | None:
    """One export into the store; None when the same bytes were read before."""
    try:
        if path.stat().st_size > MAX_EXPORT:
            raise OSError("larger than 64 MiB")
        raw = path.read_bytes()
        made = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        problem = _unreadable(path, error)
        store.add_unreadable(problem, now)
        return problem
    digest = hashlib.sha256(raw).hexdigest()
    if store.knows_statement(digest):
        return None
    statement = read_statement(raw, str(path), Context(seen=now, accounts=config.labels, rates=config.rates))
    with store.transaction():
        store.add_facts(statement.facts)
        store.add_statement(digest, str(path), statement.format, period_of(statement, config), made)
        for problem in statement.unreadable:
            store.add_unreadable(problem, now)
    return statement


def period_of(statement: Statement, config: Config) -> Period | None:
    """The days that an export covers, for its account; None for pictures of holdings."""
    traded = any(fact.event.type != "account.snapshot" for fact in statement.facts)
    if statement.broker is None or statement.period is None or not traded:
        return None
    first, last = statement.period
    account = statement.facts[0].event.account if statement.facts else config.label(statement.broker)
    return Period(account, first, last, statement.stated)


def _unreadable(path: Path, error: OSError) -> Unreadable:
    why = error.strerror or str(error)
    return Unreadable(str(path), "io", Words(f"読めません({why})", f"cannot be read: {why}"))


def mail_known_until(store: Store, now: datetime) -> datetime | None:
    """Up to when mail is known: the newest mail of any sender. None where there is no mail."""
    newest = store.newest_mail()
    return None if newest is None else min(newest, now + timedelta(days=1))
