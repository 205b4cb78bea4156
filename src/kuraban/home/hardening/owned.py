"""What hardening is about for this owner, from `reach.toml` or else the configuration, and its reminders."""

from datetime import date, datetime
from pathlib import Path

import msgspec

from kuraban.home import tomlfile
from kuraban.home.config import Config
from kuraban.home.hardening.model import HOME, Done, Thing, steps, things_of
from kuraban.home.hardening.plan import plan, reminders
from kuraban.home.hardening.record import append, latest, read
from kuraban.home.model import Words
from kuraban.home.problems import HomeError
from kuraban.home.reach.model import Belongings, Broker, Device, Mailbox

RECORD, REACH = "hardening.jsonl", "reach.toml"
THIS_DEVICE = "この端末 (this device)"
MOST_REMINDERS = 3
STATES = ("done", "not_needed", "undone")


def things_in(folder: Path, config: Config) -> list[Thing]:
    """The owner's things. Raises `HomeError` where `reach.toml` is there and cannot be read."""
    path = folder / REACH
    if path.exists():
        return things_of(tomlfile.read(path, Belongings))
    mine = Belongings(
        device=[Device(name=THIS_DEVICE)],
        mailbox=[Mailbox(name=box.name) for box in config.mailbox],
        broker=[Broker(name=account.label, broker=account.broker) for account in config.account],
    )
    return things_of(mine)


def entry(step: str | None, thing: str | None, state: str, on: date, noted: datetime, note: str = "") -> Done:
    """A line for the record. thing: may be left out of what is done once for the home. Raises `HomeError`."""
    known = {one.id: one for one in steps().step}
    found = known.get(step or "")
    if found is None or state not in STATES:
        raise HomeError.of(
            "手順の番号を `kuraban home harden --ids` で確かめてください。",
            "see `kuraban home harden --ids` for the steps",
        )
    named = thing or (HOME.name if found.scope == "home" else None)
    if named is None:
        raise HomeError.of("どれについてか(口座や端末の名前)も書いてください。", "also name the account or device")
    return Done(step=found.id, thing=named, state=state, on=on, noted=noted, note=note[:500])  # type: ignore[arg-type]


def rename(record: Path, old: str, new: str, noted: datetime) -> None:
    """What was done to a thing that is called differently now counts for its new name: lines are only ever added.

    Raises `OSError`."""
    held = latest(read(record)[0])
    for (step, thing), one in held.items():
        if thing == old and (step, new) not in held:
            append(record, msgspec.structs.replace(one, thing=new, noted=noted, note=one.note or f"({old})"))


def reminder_words(folder: Path, config: Config, today: date) -> list[Words]:
    """A few sentences on what was done once and is due again; none where nothing was ever noted or cannot be read."""
    done, _ = read(folder / RECORD)
    if not done:
        return []
    try:
        due = reminders(plan(things_in(folder, config), done, today), today)
    except HomeError:
        return []
    return [
        Words(
            f"そろそろもう一度: {task.words().ja}(前回 {task.done.on.isoformat()})",
            f"due again: {task.words().en} (last on {task.done.on.isoformat()})",
        )
        for task in due[:MOST_REMINDERS]
        if task.done is not None
    ]
