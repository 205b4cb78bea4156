"""Reach: what hangs on what, what a thief could get to from one failure, and the cheapest cuts.

`Belongings` is what the owner writes in `reach.toml`; `problems` says what does not fit together in it; `graph` makes
the rules, `falls` and `ranked` and `separation` answer, `as_text`, `as_data`, `svg` and `png` show.
"""

from kuraban.home.reach.cuts import Advice, Separation, ranked, separation
from kuraban.home.reach.model import Belongings, problems
from kuraban.home.reach.picture import png, svg
from kuraban.home.reach.rules import Cut, Graph, Rule, graph
from kuraban.home.reach.spread import Fall, fall, falls
from kuraban.home.reach.table import as_data, as_text

__all__ = [
    "Advice",
    "Belongings",
    "Cut",
    "Fall",
    "Graph",
    "Rule",
    "Separation",
    "as_data",
    "as_text",
    "fall",
    "falls",
    "graph",
    "png",
    "problems",
    "ranked",
    "separation",
    "svg",
]
