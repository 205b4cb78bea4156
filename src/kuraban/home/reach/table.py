"""The table of reach, as plain text in either language and as plain data for JSON."""

from typing import Any, Literal

from kuraban.home.model import Words
from kuraban.home.reach.cuts import Advice, Separation
from kuraban.home.reach.rules import Graph
from kuraban.home.reach.spread import Fall, fall, falls

Language = Literal["ja", "en"]


def start_words(graph: Graph, start: str) -> Words:
    """What it means that this falls first."""
    kind, _, name = start.partition(":")
    if kind == "group":
        return Words(f"使い回しのパスワード「{name}」が漏れたら", f"If the shared password “{name}” leaks")
    if start in graph.immune:
        return Words(f"「{name}」が破られたら(パスキーのため起きにくい)", f"If “{name}” falls (unlikely: passkey)")
    return Words(f"「{name}」が破られたら", f"If “{name}” falls")


def all_falls(graph: Graph) -> list[Fall]:
    """What follows from each thing, those included that are unlikely; most money first."""
    possible = falls(graph)
    unlikely = [fall(graph, start) for start in graph.starts if start in graph.immune]
    return [*possible, *sorted(unlikely, key=lambda one: -one.yen)]


def as_text(graph: Graph, advice: list[Advice], best: Separation, language: Language) -> str:
    """The whole table, one line an item; money in yen."""
    japanese = language == "ja"
    lines = ["届く範囲" if japanese else "What can be reached", ""]
    for one in all_falls(graph):
        words = start_words(graph, one.start)
        lines.append(f"{words.ja} {_yen_ja(one.yen)}" if japanese else f"{words.en}: {_yen(one.yen)}")
        for step in one.steps:
            name = step.head.partition(":")[2]
            if step.head.startswith("password:"):
                continue
            why = step.words.ja if japanese else step.words.en
            money = step.head.startswith("money:")
            if not (money and step.limit is None and step.body == {f"thing:{name}"}):
                lines.append(f"    → {name}{_money(japanese) if money else ''}: {why}")
    lines += ["", "効き目の大きい順にすること" if japanese else "What to do, most effective first", ""]
    for number, item in enumerate(advice, 1):
        what = " + ".join(cut.words.ja if japanese else _sentence(cut.words.en) for cut in item.cuts)
        worst = (
            f"これを済ませた後に残る最悪額 {_yen_ja(item.worst)}"
            if japanese
            else f"worst case left after it {_yen(item.worst)}"
        )
        minutes = f"約{item.minutes}分" if japanese else f"about {item.minutes} min"
        saved = f"守れる額の合計 {_yen_ja(item.saved)}" if japanese else f"protects {_yen(item.saved)} in all"
        lines.append(f"{number}. {what} ({minutes}; {saved}; {worst})")
    lines += ["", _separation(best, japanese)]
    return "\n".join(lines) + "\n"


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _money(japanese: bool) -> str:
    return "の資金" if japanese else " (its money)"


def _separation(best: Separation, japanese: bool) -> str:
    total = sum(cut.minutes for cut in best.cuts)
    what = "、".join(cut.words.ja for cut in best.cuts) if japanese else "; ".join(c.words.en for c in best.cuts)
    if japanese:
        head = f"すべてを切り離す最小の手間 (約{total}分): {what or 'すでに切り離されています'}"
        tail = f"\n切り離す手段がないもの: {'、'.join(_names(best))}" if best.left else ""
        return head + ("" if best.exact else " (最小とは証明できていません)") + tail
    head = f"Least effort that separates everything (about {total} min): {what or 'nothing is left to do'}"
    tail = f"\nNothing separates: {', '.join(_names(best))}" if best.left else ""
    return head + ("" if best.exact else " (not proved least)") + tail


def _names(best: Separation) -> list[str]:
    return [start.partition(":")[2] for start in best.left]


def _yen(yen: float) -> str:
    return f"¥{yen:,.0f}"


def _yen_ja(yen: float) -> str:
    return f"{yen:,.0f}円"


def as_data(graph: Graph, advice: list[Advice], best: Separation) -> dict[str, Any]:
    """The same as plain data; amounts are numbers in yen."""
    return {
        "falls": [
            {
                "start": one.start,
                "words": _both(start_words(graph, one.start)),
                "unlikely": one.start in graph.immune,
                "yen": one.yen,
                "steps": [
                    {"falls": step.head, "because": _both(step.words), "after": sorted(step.body)} for step in one.steps
                ],
            }
            for one in all_falls(graph)
        ],
        "advice": [
            {
                "cuts": [{"id": cut.id, "minutes": cut.minutes, **_both(cut.words)} for cut in item.cuts],
                "saved": item.saved,
                "worst": item.worst,
            }
            for item in advice
        ],
        "separation": {
            "cuts": [cut.id for cut in best.cuts],
            "minutes": sum(cut.minutes for cut in best.cuts),
            "exact": best.exact,
            "left": list(best.left),
        },
    }


def _both(words: Words) -> dict[str, str]:
    return {"ja": words.ja, "en": words.en}
