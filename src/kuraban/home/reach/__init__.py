"""Reach: what hangs on what, what a thief could get to from one failure, and the cheapest cuts.

`Belongings` is what the owner writes in `reach.toml`; `problems` says what does not fit together in it; `graph` makes
the rules, `falls` and `ranked` and `separation` answer, `as_text`, `as_data`, `svg` and `png` show.
"""

from kuraban.home.reach.cuts import Advice, Separation, ranked, separation
from kuraban.home.reach.model import Belongings, problems
from kuraban.home.reach.picture import LEGEND, png, svg
from kuraban.home.reach.reading import EXAMPLE, FILE, belongings
from kuraban.home.reach.rules import Cut, Graph, Rule, graph
from kuraban.home.reach.spread import Fall, fall, falls
from kuraban.home.reach.table import all_falls, as_data, as_text, start_words

__all__ = [
    "EXAMPLE",
    "FILE",
    "LEGEND",
    "Advice",
    "Belongings",
    "Cut",
    "Fall",
    "Graph",
    "Rule",
    "Separation",
    "all_falls",
    "as_data",
    "as_text",
    "belongings",
    "fall",
    "falls",
    "graph",
    "png",
    "problems",
    "ranked",
    "separation",
    "start_words",
    "svg",
]
