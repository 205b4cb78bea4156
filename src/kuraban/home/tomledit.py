"""Changes to a TOML file that leave all else as its owner wrote it: order, comments, spelling of what stays the same.

An edit is plain data: put, add or take out a table, set a key. What comes out is read again and has to say exactly what
was meant, with every comment still there; otherwise nothing is changed and the owner is told.
"""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import tomlkit
from tomlkit.items import Array

from kuraban.home import tomlfile
from kuraban.home.problems import HomeError
from kuraban.home.tomltext import Block, Piece, blocks, comments


class Put(NamedTuple):
    """The `at`-th table of a kind becomes this."""

    kind: str
    at: int
    table: Mapping[str, Any]


class Add(NamedTuple):
    """One more table of a kind, after the others."""

    kind: str
    table: Mapping[str, Any]


class Cut(NamedTuple):
    """The `at`-th table of a kind goes; comments stay."""

    kind: str
    at: int


class Set(NamedTuple):
    """A key above all tables becomes this."""

    key: str
    value: Any


Edit = Put | Add | Cut | Set


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits, in order. Edits that change nothing leave it as it is, to the byte.

    text: valid TOML. Raises `HomeError` where it is written in a way that cannot be kept.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    plain = text.removeprefix("\ufeff")
    windows = "\r\n" in plain and "\n" not in plain.replace("\r\n", "")
    plain = plain.replace("\r\n", "\n") if windows else plain
    for edit in edits:
        plain = _one(plain, edit)
    return mark + (plain.replace("\n", "\r\n") if windows else plain)


def _one(text: str, edit: Edit) -> str:
    before = tomllib.loads(text)
    meant = applied(before, edit)
    if meant == before:
        return text
    try:
        after = _written(text, edit)
        sound = _said(after, edit) == meant and not Counter(comments(text)) - Counter(comments(after))
    except (ValueError, LookupError, TypeError):  # of the library, for what it cannot write
        sound = False
    if not sound:
        raise HomeError.of(
            "このファイルの書き方のままでは、画面から直せません。ファイルを手で直してください。何も変えていません。",
            "the file is written in a way these pages cannot change: change it by hand; nothing was changed",
        )
    return after


def applied(data: Mapping[str, Any], edit: Edit) -> dict[str, Any]:
    """What the file says after an edit."""
    found = dict(data)
    if isinstance(edit, Set):
        found[edit.key] = edit.value
        return found
    tables = list(found.get(edit.kind, ()))
    if isinstance(edit, Put):
        tables[edit.at] = dict(edit.table)
    elif isinstance(edit, Add):
        tables.append(dict(edit.table))
    else:
        del tables[edit.at]
    if tables or _listed(edit.kind, data):
        found[edit.kind] = tables
    else:
        found.pop(edit.kind, None)
    return found


def _said(text: str, edit: Edit) -> dict[str, Any]:
    """What a text says; a list of tables that became empty is as good as none."""
    found = tomllib.loads(text)
    if isinstance(edit, Cut) and found.get(edit.kind) == []:
        del found[edit.kind]
    return found


def _listed(kind: str, data: Mapping[str, Any]) -> bool:
    """Whether the kind would be there without tables: an empty list was written."""
    return data.get(kind) == []


def _written(text: str, edit: Edit) -> str:
    found = blocks(text)
    if isinstance(edit, Set):
        found[0] = Block(None, "", _set(found[0].pieces, edit.key, edit.value))
        return "".join(block.text for block in found)
    own = [i for i, block in enumerate(found) if block.kind == edit.kind]
    if not own and any(piece.key == edit.kind for piece in found[0].pieces):
        found[0] = Block(None, "", tuple(new for one in found[0].pieces for new in _in_a_list(one, edit)))
        return "".join(block.text for block in found)
    if isinstance(edit, Put):
        found[own[edit.at]] = _put(found[own[edit.at]], edit.table)
    elif isinstance(edit, Cut):
        return _cut(found, own[edit.at])
    else:
        return _add(found, own[-1] if own else len(found) - 1, edit)
    return "".join(block.text for block in found)


def _put(block: Block, table: Mapping[str, Any]) -> Block:
    old: Mapping[str, Any] = tomllib.loads(block.text)[block.kind or ""][0]
    pieces: list[Piece] = []
    for piece in block.pieces:
        if piece.key is None or (piece.key in table and _same(old[piece.key], table[piece.key])):
            pieces.append(piece)
        elif piece.key in table:
            pieces += _rewritten(piece, table[piece.key])
        else:
            pieces += _kept_comments(piece.text)
    new = [Piece(key, _statement(key, value)) for key, value in table.items() if key not in old]
    header = block.header if block.header.endswith("\n") or not (pieces or new) else block.header + "\n"
    return block._replace(header=header, pieces=_inserted(pieces, new))


def _set(pieces: Iterable[Piece], key: str, value: Any) -> tuple[Piece, ...]:
    held = list(pieces)
    if any(piece.key == key for piece in held):
        return tuple(new for one in held for new in (_rewritten(one, value) if one.key == key else [one]))
    return _inserted(held, [Piece(key, _statement(key, value))], top=True)


def _inserted(pieces: list[Piece], new: list[Piece], *, top: bool = False) -> tuple[Piece, ...]:
    """New statements after the last one there. Without one: at once, but (top) below the words a file opens with."""
    if not new:
        return tuple(pieces)
    at = max((i + 1 for i, piece in enumerate(pieces) if piece.key is not None), default=0)
    if at == 0 and top:
        gap = next((i for i, piece in enumerate(pieces) if not piece.text.strip()), 0)
        at = gap if gap or not pieces else 0
        new = [*new, Piece(None, "\n")] if at == 0 and pieces else new
    head = [piece if piece.text.endswith("\n") else Piece(piece.key, piece.text + "\n") for piece in pieces[:at]]
    return (*head, *new, *pieces[at:])


def _cut(found: list[Block], at: int) -> str:
    block = found[at]
    last = max((i + 1 for i, piece in enumerate(block.pieces) if piece.key is not None), default=0)
    held = block.header + "".join(piece.text for piece in block.pieces[:last])
    before = "".join(one.text for one in found[:at]) + "".join(piece.text for piece in _kept_comments(held))
    after = "".join(piece.text for piece in block.pieces[last:]) + "".join(one.text for one in found[at + 1 :])
    if before.rstrip("\n").rpartition("\n")[2].lstrip().startswith("#"):
        # What was said of the one that goes is not said of the next.
        gap = "" if before.endswith("\n\n") or not after or after.startswith("\n") else "\n"
        return before + gap + after
    after = after if before and not before.endswith("\n\n") else after.lstrip("\n")
    return before + after if after else before.rstrip("\n") + "\n" * bool(before)


def _add(found: list[Block], at: int, edit: Add) -> str:
    lines = f"[[{tomlkit.key(edit.kind).as_string()}]]\n" + "".join(_statement(k, v) for k, v in edit.table.items())
    last_of_all = at == len(found) - 1
    block = found[at]
    last = max((i + 1 for i, piece in enumerate(block.pieces) if piece.key is not None), default=0)
    if last_of_all or not block.header:
        last = len(block.pieces)
    head = "".join(one.text for one in found[:at]) + block.header
    head += "".join(piece.text for piece in block.pieces[:last])
    tail = "".join(piece.text for piece in block.pieces[last:]) + "".join(one.text for one in found[at + 1 :])
    if head and not head.endswith("\n"):
        head += "\n"
    gap = "\n" if head and not head.endswith("\n\n") else ""
    return head + gap + lines + ("\n" if tail and not tail.startswith("\n") else "") + tail


def _in_a_list(piece: Piece, edit: Put | Add | Cut) -> list[Piece]:
    """The statement that holds all tables of a kind as one list."""
    if piece.key != edit.kind:
        return [piece]
    document = tomlkit.parse(piece.text)
    held = document[edit.kind]
    if not isinstance(held, Array):
        raise TypeError
    if isinstance(edit, Cut):
        del held[edit.at]
    elif isinstance(edit, Add):
        held.append(_inline(edit.table))
    else:
        table: Any = held[edit.at]
        for key in [key for key in table if key not in edit.table]:
            del table[key]
        for key, value in edit.table.items():
            if key not in table or not _same(table[key], value):
                table[key] = value
    return _with_comments(piece, document.as_string())


def _inline(table: Mapping[str, Any]) -> Any:
    made = tomlkit.inline_table()
    made.update(table)
    return made


def _rewritten(piece: Piece, value: Any) -> list[Piece]:
    """The statement with another value; comments that stood within the old one come before it."""
    key = piece.key or ""
    try:
        text = _restyled(piece.text, key, value)
        sound = tomllib.loads(text) == {key: value}
    except (ValueError, LookupError, TypeError):
        sound = False
    if not sound:
        text = _statement(key, value)
    return _with_comments(piece, text)


def _with_comments(piece: Piece, text: str) -> list[Piece]:
    """The new text of a statement, below the comments it has lost."""
    lost = Counter(comments(piece.text)) - Counter(comments(text))
    above = [Piece(None, f"{comment}\n") for comment in lost.elements()]
    return [*above, Piece(piece.key, text if text.endswith("\n") else text + "\n")]


def _restyled(text: str, key: str, value: Any) -> str:
    document = tomlkit.parse(text)
    held = document[key]
    if isinstance(value, list) and isinstance(held, Array):
        for at in reversed([i for i, one in enumerate(held) if one not in value]):
            del held[at]
        for one in value[len(held) :]:
            held.append(one)
    else:
        document[key] = value
    return document.as_string()


def _kept_comments(text: str) -> list[Piece]:
    return [Piece(None, f"{comment}\n") for comment in comments(text)]


def _statement(key: str, value: Any) -> str:
    return f"{tomlkit.key(key).as_string()} = {tomlfile.quoted(value)}\n"


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)
