"""One owner's incident: his accounts for the first hour, his log, and the evidence package of his folder."""

from datetime import datetime
from pathlib import Path

from kuraban.home import casefile, hardening, incident
from kuraban.home.config import Config
from kuraban.home.folder import Folder
from kuraban.home.hardening import RECORD
from kuraban.home.incident import Account, Action, Package, PackageError
from kuraban.home.problems import HomeError
from kuraban.home.reach import FILE, belongings
from kuraban.home.store import Store

LOG = "incident.jsonl"
MOST_TEXT = 1000


def accounts(folder: Folder, config: Config) -> list[Account]:
    """The owner's accounts, with the banks that each broker can pull from where `reach.toml` says so."""
    banks, of_broker = _banks(folder)
    return [
        Account(a.label, a.broker, a.phone, banks.get(a.label, of_broker.get(a.broker, ()))) for a in config.account
    ]


def _banks(folder: Folder) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """The banks by the owner's name of the account, and by broker where he lists one account of it. A wrong file stops
    nothing now."""
    try:
        listed = belongings(folder.path / FILE).broker
    except HomeError:
        return {}, {}
    keys = [one.broker for one in listed]
    alone = {one.broker: tuple(one.sweep) for one in listed if one.broker and keys.count(one.broker) == 1}
    return {one.name: tuple(one.sweep) for one in listed}, alone


def log(folder: Folder) -> list[Action]:
    """What the owner did, in the order in which it was written down."""
    return incident.notes(folder.path / LOG)[0]


def note(folder: Folder, action: Action) -> None:
    """Keep what the owner did."""
    folder.prepare()
    incident.note(folder.path / LOG, action)


def package(
    store: Store, folder: Folder, config: Config, since: datetime, until: datetime, into: Path, now: datetime
) -> Package:
    """Gather and write the evidence. Raises `HomeError`."""
    done, _ = hardening.read(folder.path / RECORD)
    evidence = casefile.gather(store, config, since, until, now, tuple(log(folder)), tuple(done))
    try:
        return incident.write_package(evidence, into)
    except PackageError as error:
        raise HomeError(error.words) from error
