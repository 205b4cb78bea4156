"""Changes to `reach.toml` as edits: a thing is added, changed, renamed, taken out; what names it follows."""

from collections.abc import Iterator, Mapping
from typing import Any

from kuraban.home.tomledit import Add, Cut, Edit, Put

Data = Mapping[str, Any]
Table = Mapping[str, Any]
KINDS = ("device", "phone", "mailbox", "bank", "broker", "aggregator")
ONE, MANY = ("device", "code_to"), ("saved_in", "signed_in", "reset_by", "sweep", "keeps")
# What counts as answered once the key is there.
_ASKED = ("login", "reset_by", "saved_in", "signed_in")
ASKED: dict[str, tuple[str, ...]] = {
    "device": (),
    "phone": ("device",),
    "mailbox": _ASKED,
    "bank": _ASKED,
    "broker": (*_ASKED, "sweep"),
    "aggregator": (*_ASKED, "keeps"),
}


def every(data: Data) -> Iterator[tuple[str, int, Table]]:
    """All things: kind, place among those, table."""
    for kind in KINDS:
        for at, table in enumerate(data.get(kind, ())):
            yield kind, at, table


def unanswered(kind: str, table: Table) -> int:
    """How many questions of a thing have no answer yet."""
    return sum(key not in table for key in ASKED[kind])


def named_by(data: Data, name: str) -> list[str]:
    """Names of the other things that hang on this one."""
    found = (table["name"] for _, _, table in every(data) if table["name"] != name and _without(table, name) != table)
    return list(dict.fromkeys(found))


def put(data: Data, kind: str, at: int | None, table: Table) -> list[Edit]:
    """Edits that write a thing, as a new one (at None) or in place of one; where its name changed, what names it
    follows."""
    if at is None:
        return [Add(kind, table)]
    old, new = data[kind][at]["name"], table["name"]
    edits: list[Edit] = [Put(kind, at, _renamed(table, old, new))]
    if old != new:
        edits += [
            Put(other, place, changed)
            for other, place, known in every(data)
            if (other, place) != (kind, at) and (changed := _renamed(known, old, new)) != known
        ]
    return edits


def cut(data: Data, kind: str, at: int) -> list[Edit]:
    """Edits that take a thing out, and out of what names it: a code that came to it is not known any more."""
    name = data[kind][at]["name"]
    edits: list[Edit] = [
        Put(other, place, changed)
        for other, place, known in every(data)
        if (other, place) != (kind, at) and (changed := _without(known, name)) != known
    ]
    return [*edits, Cut(kind, at)]


def _renamed(table: Table, old: str, new: str) -> dict[str, Any]:
    made = dict(table)
    for key in ONE:
        if made.get(key) == old:
            made[key] = new
    for key in MANY:
        if old in made.get(key, ()):
            made[key] = [new if one == old else one for one in made[key]]
    return made


def _without(table: Table, name: str) -> dict[str, Any]:
    made = dict(table)
    if made.get("device") == name:
        del made["device"]
    if made.get("code_to") == name:
        del made["code_to"]
        made.pop("login", None)
    for key in MANY:
        if name in made.get(key, ()):
            made[key] = [one for one in made[key] if one != name]
    return made
