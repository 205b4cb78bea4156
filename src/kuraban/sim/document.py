"""The tables of the simulator's page, made from the code: `python -m kuraban.sim.document docs/simulator.md`."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from kuraban.sim.families import FAMILIES
from kuraban.sim.habits import HABITS
from kuraban.sim.parameters import ATTACKER, FEED, MARKET, OWNERS, WORLDS, Parameter
from kuraban.sim.turns import TURNS

_PLACE = re.compile(r"(<!-- table: (?P<name>\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) + "\n"


def _parameters(group: Sequence[Parameter]) -> str:
    rows = ((f"`{p.name}`", p.meaning, *(f"{low:,g} to {high:,g}" for low, high in p.ranges), p.source) for p in group)
    return _table(("name", "meaning", *WORLDS, "source"), rows)


def _families() -> str:
    rows = (
        (f"`{f.name}`", f.entry, f.goal, f.victims, f"{f.weight:g}", "all" if f.worlds == WORLDS else f.worlds[0])
        for f in FAMILIES
    )
    return _table(("family", "way in", "goal", "victims", "weight", "worlds"), rows)


def _turns() -> str:
    rows = []
    for turn in TURNS:
        others = f"; others × {turn.others:g}" if turn.of else ""
        whose = ", ".join(turn.of) + others if turn.of else "all"
        words = (turn.act.__doc__ or "").partition("\n")[0].rstrip(".")
        rows.append(
            (f"`{turn.act.__name__}`", words, f"1 in {1 / turn.rate:,.0f}", whose, "yes" if turn.idle_too else "")
        )
    return _table(("turn", "what happens", "days", "whose", "dormant too"), rows)


def _habits() -> str:
    names = [field.name for field in fields(HABITS["casual"])]
    rows = ((f"`{name}`", *(_short(getattr(habits, each)) for each in names)) for name, habits in HABITS.items())
    return _table(("kind", *names), rows)


def _short(value: object) -> str:
    return " / ".join(f"{part:g}" for part in value) if isinstance(value, tuple) else f"{value:g}"


def tables() -> dict[str, str]:
    """Every table by the name its place in the page has."""
    return {
        "thieves": _parameters(ATTACKER),
        "owners": _parameters(OWNERS),
        "market": _parameters(MARKET),
        "feed": _parameters(FEED),
        "families": _families(),
        "turns": _turns(),
        "habits": _habits(),
    }


def fill(text: str) -> str:
    """The page with every table made anew.

    Raises:
        ValueError: a table has no place in the page, or a place has no table.
    """
    made = tables()
    places = {match["name"] for match in _PLACE.finditer(text)}
    if places != set(made):
        raise ValueError(f"tables without a place, or places without a table: {sorted(places ^ set(made))}")
    return _PLACE.sub(lambda match: f"{match[1]}{made[match['name']]}{match[3]}", text)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(fill(page.read_text(encoding="utf-8")), encoding="utf-8")
