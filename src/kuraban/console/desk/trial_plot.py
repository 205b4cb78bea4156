"""Friction against loss as a chart: the tried policy at dearer and cheaper friction, and where the journal is.

The two that are compared, the text as it is and what was decided then, are points with their names: by shape and by
words, and so that equal ones are both seen.
"""

from typing import Any

from kuraban.console.frame import Language
from kuraban.console.words import figure, filters
from kuraban.journal.backtest import Comparison
from kuraban.journal.friction import Point

_ROOM = 0.15  # of the height, above and below


def plot(found: Comparison, language: Language) -> dict[str, Any]:
    """What `charts.js` draws."""
    ja = language == "ja"
    # The dearer friction is, the fewer accounts and the more loss: so the line goes from the left to the right.
    points = sorted(((point.accounts, -point.left, point) for point in found.sweep), key=lambda each: each[:2])
    sweep = [point for _, _, point in points]
    names = [f"× {figure(point.scale)}" + (_TEXT[language] if point.scale == 1 else "") for point in sweep]
    every = [*sweep, found.was]
    low, high = min(point.left for point in every), max(point.left for point in every)
    room = (high - low) * _ROOM or max(1.0, high * _ROOM)
    was = "実際" if ja else "as it was"
    by_place = sorted(zip([*names, was], every, strict=True), key=lambda each: each[1].accounts)
    return {
        "x": [point.accounts for _, point in by_place],
        "time": False,
        "y": "money",
        "range": [low - room, high + room],
        "label": "口座" if ja else "Accounts",
        "series": [
            {
                "label": "試行(費用を0.1〜10倍)" if ja else "tried, prices × 0.1 to 10",
                "values": [None if point is found.was else point.left for _, point in by_place],
                "kind": "line",
                "colour": "link",
            }
        ],
        "labels": [
            _label(name, point, "circle", "link") for name, point in zip(names, sweep, strict=True) if point.scale == 1
        ]
        + [_label(was, found.was, "diamond", "bad")],
        "says": [_said(name, point, language) for name, point in by_place],
        "here": next((n for n, (_, point) in enumerate(by_place) if point is found.was), 0),
    }


_TEXT = {"ja": " この文面", "en": " this text"}


def _label(text: str, point: Point, shape: str, colour: str) -> dict[str, Any]:
    return {"x": point.accounts, "y": point.left, "text": text, "shape": shape, "colour": colour}


def _said(name: str, point: Point, language: Language) -> str:
    left = filters(language, "UTC")["about"](point.left)
    accounts = f"{point.accounts:,}"
    if language == "ja":
        return f"{name} · {accounts}口座 · 残る予想損失 {left}"
    return f"{name} · accounts {accounts} · expected loss left {left}"
