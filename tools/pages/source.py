"""Words that stand in the source as literals: which codes are raised, and with which status."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import kuraban

PACKAGE = Path(inspect.getfile(kuraban)).parent


def calls(name: str, *parts: str) -> Iterator[list[ast.expr]]:
    """The positional arguments of every call of `name` in modules or folders of the package."""
    for part in parts:
        place = PACKAGE / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else (place,):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                    yield node.args


def texts(value: ast.expr) -> set[str]:
    """The text that an expression can be, where it is written out: a literal, or a choice between two."""
    if isinstance(value, ast.IfExp):
        return texts(value.body) | texts(value.orelse)
    return {value.value} if isinstance(value, ast.Constant) and isinstance(value.value, str) else set()
