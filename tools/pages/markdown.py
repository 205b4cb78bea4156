"""Markdown tables, and JSON Schema as tables of fields."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Schema = Mapping[str, Any]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table. A bar or a line's end in a cell would break it."""
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in row) + " |" for row in rows]
    return lines


def code(text: str) -> str:
    """As code."""
    return f"`{text}`"


def fields(schema: Schema) -> list[str]:
    """The properties of an object: name, whether it has to be there, type, limits, meaning."""
    needed = set(schema.get("required", ()))
    rows = []
    for name, kind in schema["properties"].items():
        rows.append(
            (
                code(name),
                "required" if name in needed else _default(kind),
                type_of(kind) if name in needed else type_of(kind).removesuffix(" or null"),
                " ".join(kind.get("description", "").split()),
            )
        )
    return table(("field", "", "type and limits", "meaning"), rows)


def _default(kind: Schema) -> str:
    value = kind.get("default")
    return f"default `{json.dumps(value)}`" if value not in (None, "", [], {}) else ""


def type_of(kind: Schema) -> str:
    """A type in words: what JSON holds there, and within which limits."""
    for several in ("anyOf", "oneOf"):
        if several in kind:
            parts = [type_of(each) for each in kind[several] if each.get("type") != "null"]
            return " or ".join(dict.fromkeys(parts)) + (" or null" if len(parts) < len(kind[several]) else "")
    if "$ref" in kind:
        name = str(kind["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in kind:
        words = " ".join(code(str(word)) for word in kind["enum"] if word is not None)
        return words + (" or null" if None in kind["enum"] else "")
    if "const" in kind:
        return code(json.dumps(kind["const"]))
    what = kind.get("type", "any JSON")
    if what == "array":
        items = kind.get("items") or (kind.get("prefixItems") or [{}])[0]
        return f"list{_limits(kind, 'Items', 'items')} of {type_of(items)}"
    if what == "object":
        of = kind.get("additionalProperties")
        return f"object of {type_of(of)}" if isinstance(of, Mapping) and of else "object"
    if what == "string":
        return str(kind.get("format", "text")) + _limits(kind, "Length", "characters")
    return what + _limits(kind, "imum", "")


def _limits(kind: Schema, of: str, unit: str) -> str:
    """` (1 to 128 characters)` and the like, from `minLength`, `maximum` and so on; nothing where there is no limit."""
    least, most = kind.get(f"min{of}"), kind.get(f"max{of}")
    unit = f" {unit}" if unit else ""
    if least is not None and most is not None:
        return f" ({least:,} to {most:,}{unit})"
    if most is not None:
        return f" (at most {most:,}{unit})"
    if least == 1 and unit:
        return " (not empty)"
    return f" (at least {least:,}{unit})" if least is not None else ""
