"""`kuraban explain`: one decision taken apart."""

import argparse
import sys
from typing import Any

import msgspec

from kuraban.cli.errors import CommandError
from kuraban.cli.stream import UNUSABLE, add_stream, engine
from kuraban.core.layout import DECIDABLE
from kuraban.decisions import taken_apart


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "Replays the stream up to one event and shows how its decision came about: every signal with its weight, the\n"
        "belief before and after, and what each action was expected to cost. 1件の判定の内訳を表示します。"
    )
    parser.epilog = "example:\n  kuraban explain events.jsonl --instruments instruments.csv --event 7afc32bb4a7c6389"
    add_stream(parser)
    parser.add_argument("--event", metavar="ID", required=True, help="the event's id")
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(given: argparse.Namespace) -> int:
    """Find the event, print its parts."""
    replay = engine(given)
    seen = False
    try:
        for batch, found in replay.read(given.events):
            index = next((i for i in range(len(batch)) if batch.id(i) == given.event), None)
            if index is None:
                continue
            seen = True
            for row in found[found["row"] == index]:
                whole = {
                    **msgspec.to_builtins(replay.writer.decision(row, given.event, batch.time(index))),
                    **taken_apart(replay.writer, row),
                }
                sys.stdout.write(as_json(whole) if given.json else as_text(whole))
                return 0
            break
    except UNUSABLE as error:
        raise CommandError(str(error)) from error
    if seen:
        raise CommandError(f"event {given.event} only teaches; decided upon are {', '.join(DECIDABLE)}")
    raise CommandError(f"no event {given.event!r} was accepted from {', '.join(given.events)}")


def as_json(whole: dict[str, Any]) -> str:
    """The parts as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


def as_text(whole: dict[str, Any]) -> str:
    """The parts as a page to read."""
    costs = whole["costs"]
    best = whole["action"]
    rows = [
        f"event {whole['event']}  account {whole['account']}  {whole['time']}",
        f"decision: {best}   probability {whole['probability']:.6f}   exposure {whole['exposure']:,.0f}"
        f"   expected loss {whole['expected_loss']:,.0f}",
        f"group: {whole['group']}" if whole["group"] else "group: none",
        "",
        f"belief in log-odds: {whole['prior']:+.3f} before any evidence of this visit, "
        f"{whole['before']:+.3f} before this event, {whole['after']:+.3f} after it",
        "",
        "weight  bounds          signal                       ",
    ]
    for part in whole["signals"]:
        rows.append(
            f"{part['weight']:+6.3f}  [{part['low']:+.1f}, {part['high']:+.1f}]   {part['signal']:<28} {part['ja']}"
        )
        rows.append(f"{'':53}{part['en']}  ({part['source']})")
    rows += ["", "expected cost of each action (account currency)"]
    rows += [f"  {'→' if name == best else ' '} {name:<10}{cost:>16,.2f}" for name, cost in costs.items()]
    return "\n".join(rows) + "\n"
