"""The page of events and decisions: every field with its type, its limits and its words."""

from collections.abc import Mapping
from typing import Any, get_args

from kuraban import decisions, events
from kuraban.columns.sources import UNUSABLE
from kuraban.core.layout import DECIDABLE
from kuraban.core.policy import ACTIONS
from pages.markdown import code, fields, table
from pages.source import calls, texts

HEAD = f"""# Events and decisions, field by field

What [the contract](contract.md) says in words, as the code has it: the types that accept an event are the source of
this page. The same as JSON Schema: [event](event.schema.json), [decision](decision.schema.json).

This page is made from the code by `make docs`.

- One event is one JSON object of at most {events.MAX_LINE:,} bytes, nested at most {events.MAX_DEPTH} deep.
- A field left out, `null` and, where a field is optional, an empty text mean the same: unknown.
- Fields that are not listed are ignored by scoring.
"""


def page() -> str:
    """The whole page."""
    event, decision = events.schema(), decisions.schema()
    lines = ["", "## Events", "", *_objects(event)]
    lines += ["### Types of events", "", *table(("type", "decided upon"), _types()), ""]
    lines += ["## Decisions", "", *_objects(decision)]
    lines += ["`action` is one of " + " ".join(map(code, ACTIONS)) + ", from the gentlest to the strictest.", ""]
    lines += ["## Codes of rejected lines", ""]
    lines += ["What each means, and in Japanese, stands under [input files](input-files.md).", ""]
    lines += [" ".join(map(code, reject_codes()))]
    return HEAD + "\n".join(lines) + "\n"


def _objects(schema: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, kind in schema["$defs"].items():
        lines += [f"### {name}", "", kind.get("description", ""), "", *fields(kind), ""]
    return lines


def _types() -> list[tuple[str, str]]:
    return [(code(word), "yes" if word in DECIDABLE else "") for word in get_args(events.Type)]


def reject_codes() -> list[str]:
    """Every code under which a line, or what is left of a file, can be rejected."""
    found = set[str]()
    for name, argument in (("EventError", 0), ("SourceError", 0), ("Reject", 2)):
        for given in calls(name, "events.py", "columns"):
            found |= texts(given[argument]) if len(given) > argument else set()
    return sorted(found - set(UNUSABLE))
