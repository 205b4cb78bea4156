"""The picture of reach: things in columns, lines for what hangs on what, drawn as SVG and, from that, as PNG."""

from dataclasses import dataclass
from typing import Literal, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import pylopdf_fonts_jp
import resvg_py

from kuraban.home.model import Words
from kuraban.home.reach.cuts import Advice
from kuraban.home.reach.model import Belongings
from kuraban.home.reach.rules import Graph, Rule
from kuraban.home.reach.spread import falls

Language = Literal["ja", "en"]
BOX_WIDTH, BOX_HEIGHT, ROW, COLUMN, TOP, MARGIN = 190, 52, 84, 300, 96, 40
FONT = "Noto Sans JP, Noto Sans CJK JP, Hiragino Sans, Yu Gothic, Meiryo, sans-serif"
_COLUMNS = (
    Words("パスワード・端末・電話番号", "Passwords, devices, numbers"),
    Words("メール・家計簿", "Mailboxes, aggregators"),
    Words("証券口座", "Brokers"),
    Words("銀行口座", "Banks"),
)
_COLOURS = {"group": "#f4e3c1", "thing": "#dfe9f5", "money": "#f8d7d2"}


@dataclass(frozen=True, slots=True)
class _Box:
    key: str
    name: str
    column: int
    kind: str
    yen: float = 0.0


def svg(mine: Belongings, graph: Graph, advice: list[Advice], language: Language = "ja", *, legend: bool = True) -> str:
    """The picture as one SVG document; every word of the owner's is escaped, nothing is loaded from elsewhere.

    Thick lines are those that the first cuts of `advice` undo; each box says how much money its fall would reach.
    legend: whether the signs are explained at the foot; not where the page around it does.
    """
    boxes = _boxes(mine, graph, language)
    places = _places(boxes, graph)
    height = int(max(y for _, y in places.values()) + ROW + 70) if places else 200
    width = int(MARGIN * 2 + COLUMN * 3 + BOX_WIDTH)
    reached = {one.start: one.yen for one in falls(graph)}
    numbers = {cut.id: number for number, item in enumerate(advice[:9], 1) for cut in item.cuts}
    parts = [_opening(width, height, language)]
    parts += [_heading(column, words, language) for column, words in enumerate(_COLUMNS)]
    parts += _lines(places, graph, numbers)
    parts += [_box(box, places[box.key], reached.get(box.key), language) for box in boxes]
    parts += [
        _mark(places[box.key][0] + BOX_WIDTH - 4, places[box.key][1] + 2, numbers[cut])
        for box in boxes
        for cut in graph.starts[box.key]
        if cut in numbers
    ]
    if legend:
        parts.append(_legend(height, language))
    return "\n".join([*parts, "</svg>"]) + "\n"


def png(document: str, scale: float = 2.0) -> bytes:
    """The SVG as PNG; its Japanese is drawn with the openly licensed font of a package, so none need be installed."""
    return resvg_py.svg_to_bytes(
        svg_string=document,
        zoom=scale,
        background="white",
        skip_system_fonts=True,
        font_files=[str(pylopdf_fonts_jp.sans_path())],
        font_family="Noto Sans JP",
        sans_serif_family="Noto Sans JP",
        languages=["ja", "en"],
    )


def _boxes(mine: Belongings, graph: Graph, language: Language) -> list[_Box]:
    reused = "使い回し" if language == "ja" else "reused:"
    groups = [start for start in graph.starts if start.startswith("group:")]
    return [
        *(_Box(group, f"{reused} {group.partition(':')[2]}", 0, "group") for group in groups),
        *(_Box(f"thing:{one.name}", one.name, 0, "thing") for one in mine.device),
        *(_Box(f"thing:{one.name}", one.name, 0, "thing") for one in mine.phone),
        *(_Box(f"thing:{one.name}", one.name, 1, "thing") for one in mine.mailbox),
        *(_Box(f"thing:{one.name}", one.name, 1, "thing") for one in mine.aggregator),
        *(_Box(f"thing:{one.name}", one.name, 2, "money", one.yen + one.margin) for one in mine.broker),
        *(_Box(f"thing:{one.name}", one.name, 3, "money", one.yen) for one in mine.bank),
    ]


class _Edge(NamedTuple):
    """A line between boxes. alone: the one thing is enough; otherwise another is needed with it."""

    source: str
    head: str
    rule: Rule
    alone: bool


def _edges(graph: Graph) -> list[_Edge]:
    """Lines between boxes: rules, with the knowledge of a password left out as a step of its own."""
    needs_more = {
        next(iter(rule.body & {f"password:{rule.head.removeprefix('thing:')}"}), "")
        for rule in graph.rules
        if len(rule.body) > 1
    }
    edges: list[_Edge] = []
    for rule in graph.rules:
        kind, _, name = rule.head.partition(":")
        if kind == "money" and not rule.cuts:
            continue
        alone = len(rule.body) == 1 and rule.head not in needs_more
        edges += [_Edge(b, f"thing:{name}", rule, alone) for b in sorted(rule.body) if not b.startswith("password:")]
    return edges


def _places(boxes: list[_Box], graph: Graph) -> dict[str, tuple[float, float]]:
    """Top left corners; within a column, boxes stand near what they hang on (one pass of the barycentre method)."""
    rows: dict[str, float] = {}
    edges = [(edge.source, edge.head) for edge in _edges(graph)]
    places: dict[str, tuple[float, float]] = {}
    for column in range(4):
        here = [box for box in boxes if box.column == column]

        def wanted(box: _Box) -> float:
            near = [rows[source] for source, head in edges if head == box.key and source in rows]
            return sum(near) / len(near) if near else 0.0

        here.sort(key=lambda box: (wanted(box), box.name))
        for row, box in enumerate(here):
            rows[box.key] = float(row)
            places[box.key] = (MARGIN + COLUMN * column, TOP + ROW * row + 20 * (column % 2))
    return places


def _lines(places: dict[str, tuple[float, float]], graph: Graph, numbers: dict[str, int]) -> list[str]:
    lines: list[str] = []
    marks: list[str] = []
    drawn: dict[tuple[str, str], int] = {}
    for source, head, rule, alone in _edges(graph):
        if source not in places or head not in places:
            continue
        twin = drawn.get((source, head), 0)
        drawn[source, head] = twin + 1
        number = min((numbers[cut] for cut in rule.cuts if cut in numbers), default=None)
        path, (x, y) = _curve(places[source], places[head], twin)
        colour, thick = ("#c0392b", 2.6) if number else ("#8a99a8", 1.3)
        dashes = "" if alone else ' stroke-dasharray="6 4"'
        lines.append(
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="{thick}"{dashes} marker-end="url(#tip)"/>'
        )
        if number:
            marks.append(_mark(x, y, number))
    return lines + marks


def _mark(x: float, y: float, number: int) -> str:
    circle = f'<circle cx="{x:.0f}" cy="{y:.0f}" r="11" fill="#c0392b"/>'
    return circle + _text(x, y + 5, str(number), 14, "#ffffff", "middle")


def _curve(start: tuple[float, float], end: tuple[float, float], twin: int) -> tuple[str, tuple[float, float]]:
    """A Bézier curve from box to box, and where on it a mark goes. Within a column it bows out to the left.

    twin: how many lines between the two boxes were drawn before; they run side by side and have their marks apart.
    """
    shift = 9.0 * twin
    if start[0] < end[0]:
        x1, x2 = start[0] + BOX_WIDTH, end[0] - 3
        y1, y2 = start[1] + BOX_HEIGHT / 2 + shift, end[1] + BOX_HEIGHT / 2 + shift
        bend = max(40.0, (x2 - x1) / 2)
        c1, c2 = x1 + bend, x2 - bend
    else:
        x1 = start[0] if start[0] == end[0] else start[0] + BOX_WIDTH / 2
        x2 = end[0] - 3 if start[0] == end[0] else end[0] + BOX_WIDTH
        y1, y2 = start[1] + BOX_HEIGHT / 2 + shift, end[1] + BOX_HEIGHT / 2 + 6 + shift
        c1, c2 = (x1 - 34, x2 - 34) if start[0] == end[0] else (x1, x2 + 60)
    t = 0.3 + 0.25 * twin
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    middle = tuple(
        sum(w * p for w, p in zip(weights, points, strict=True)) for points in ((x1, c1, c2, x2), (y1, y1, y2, y2))
    )
    return f"M{x1:.0f},{y1:.0f} C{c1:.0f},{y1:.0f} {c2:.0f},{y2:.0f} {x2:.0f},{y2:.0f}", (middle[0], middle[1])


def _box(box: _Box, place: tuple[float, float], reached: float | None, language: Language) -> str:
    x, y = place
    colour = _COLOURS[box.kind]
    name = _fitted(box.name, 11.5)
    lines = [
        f'<rect x="{x}" y="{y}" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8" fill="{colour}" stroke="#5c6b7a"/>'
    ]
    lines.append(_text(x + 10, y + 21, name, 14.5, "#1c2833"))
    if reached:
        said = f"破られると {_short(reached, language)}" if language == "ja" else f"reaches {_short(reached, language)}"
        lines.append(_text(x + 10, y + 41, said, 12, "#922b21"))
    elif reached is None:
        lines.append(
            _text(x + 10, y + 41, "パスキーで保護" if language == "ja" else "kept by a passkey", 12, "#1e8449")
        )
    title = f"<title>{_xml(box.name)}</title>"
    return f"<g>{title}{''.join(lines)}</g>"


def _opening(width: int, height: int, language: Language) -> str:
    title = "届く範囲の図" if language == "ja" else "What can be reached"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f"font-family={quoteattr(FONT)}>\n<title>{title}</title>\n"
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto" '
        'markerUnits="userSpaceOnUse"><path d="M0,0 L8,4 L0,8 z" fill="#5c6b7a"/></marker></defs>\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
        f"{_text(MARGIN, 34, title, 20, '#1c2833')}"
    )


def _heading(column: int, words: Words, language: Language) -> str:
    return _text(MARGIN + COLUMN * column, 72, words.ja if language == "ja" else words.en, 13, "#5c6b7a")


LEGEND = Words(
    "矢印: 元が破られると先も破られる(点線: もう一つそろったとき)。赤い番号: 効き目の順(表と同じ)。"
    "金額: そこから届くすべての資金。",
    "Arrows: if one falls, so does the other (dashed: with a second thing). Red: cuts, best first, as in the table."
    " Amounts: all money within reach.",
)


def _legend(height: int, language: Language) -> str:
    return _text(MARGIN, height - 24, LEGEND.ja if language == "ja" else LEGEND.en, 12, "#5c6b7a")


def _text(x: float, y: float, text: str, size: float, colour: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">{_xml(text)}</text>'
    )


def _xml(text: str) -> str:
    """Escaped, and without the control characters that no XML document may hold."""
    return escape("".join(sign for sign in text if sign.isprintable()))


def _fitted(text: str, widest: float) -> str:
    """The text cut to a width, in full-width characters."""
    width = 0.0
    for at, sign in enumerate(text):
        width += 0.55 if sign.isascii() else 1.0
        if width > widest:
            return text[: at - 1] + "…"
    return text


def _short(yen: float, language: Language) -> str:
    """Money as people say it: 1,234万円, 1.2億円; ¥12.3M."""
    if language == "ja":
        if yen >= 1e8:
            return f"{yen / 1e8:,.2f}億円"
        return f"{yen / 1e4:,.0f}万円" if yen >= 1e4 else f"{yen:,.0f}円"
    return f"¥{yen / 1e6:,.1f}M" if yen >= 1e6 else f"¥{yen:,.0f}"
