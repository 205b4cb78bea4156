"""What a benchmark has found, and the table that shows it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """One line of the table: what was measured, the figure, what it has to be, and whether it is."""

    what: str
    figure: str
    target: str
    met: bool


def table(results: Iterable[Result]) -> str:
    """The results as lines of text, in columns."""
    rows = [("what", "figure", "target", "met")]
    rows += [(result.what, result.figure, result.target, "yes" if result.met else "NO") for result in results]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
