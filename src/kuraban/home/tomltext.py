"""A TOML file as its owner wrote it: blocks, statements, comments and the lines on which they stand.

A library that keeps the style of one table may move tables of different kinds that take turns, as owners write them
(broker, bank, broker, bank), and a comment then stands above the wrong one. So a file is cut here at its headers, and
only what changes is handed to the library; the pieces always join to the very text.
"""

import re
import tomllib
from typing import NamedTuple

_TOKEN = re.compile(
    r'''"""(?:\\.|[^\\])*?"""(?:"{0,2})|\'\'\'.*?\'\'\'\'{0,2}'''
    r"""|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*|[\[{]|[\]}]|\n|[^"'\#\[\]{}\n]+|.""",
    re.DOTALL,
)


class Piece(NamedTuple):
    """One statement with its line ends, or (key None) one line that is a comment or empty."""

    key: str | None
    text: str


class Block(NamedTuple):
    """What stands under one header. kind: the table of `[[kind]]`; None above the first header, and for others."""

    kind: str | None
    header: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """As it stands in the file."""
        return self.header + "".join(piece.text for piece in self.pieces)


def blocks(text: str) -> list[Block]:
    """The blocks of a text that is valid TOML; the first is what stands above all headers."""
    found: list[tuple[str, list[Piece]]] = [("", [])]
    for line in _logical_lines(text):
        start = line.lstrip()
        if start.startswith("["):
            found.append((line, []))
        elif not start or start.startswith("#"):
            found[-1][1].append(Piece(None, line))
        else:
            found[-1][1].append(Piece(next(iter(tomllib.loads(line))), line))
    return [Block(_kind(header), header, tuple(pieces)) for header, pieces in found]


def comments(text: str) -> list[str]:
    """All comments, in order, as they stand."""
    return [part.rstrip("\r") for part in _TOKEN.findall(text) if part.startswith("#")]


def line_of(text: str, kind: str | None, at: int = 0, key: str | None = None) -> int | None:
    """The line, from 1, of a key, or of the header of the `at`-th table of a kind (the key's where it has no header of
    its own). kind None: keys above all headers. None where the text is not valid TOML or there is no such thing."""
    try:
        line, seen = 1, -1
        for block in blocks(text):
            seen += block.kind == kind
            if block.kind == kind and seen == at:
                return line if key is None and kind else _line_within(block, key, line)
            line += block.text.count("\n")
    except tomllib.TOMLDecodeError:
        return None
    return line_of(text, None, 0, kind) if kind else None


def _line_within(block: Block, key: str | None, line: int) -> int | None:
    line += block.header.count("\n")
    for piece in block.pieces:
        if piece.key is not None and piece.key == key:
            return line
        line += piece.text.count("\n")
    return None


def _kind(header: str) -> str | None:
    found = next(iter(tomllib.loads(header).items()), None) if header else None
    if found is None or found[1] != [{}]:
        return None
    return found[0]


def _logical_lines(text: str) -> list[str]:
    """Lines, those that belong together (lists and texts over several lines) in one."""
    lines, depth, start, at = [], 0, 0, 0
    for part in _TOKEN.findall(text):
        at += len(part)
        if part in ("[", "{"):
            depth += 1
        elif part in ("]", "}"):
            depth -= 1
        elif part == "\n" and depth <= 0:
            lines.append(text[start:at])
            start = at
    return [*lines, text[start:]] if start < len(text) else lines
