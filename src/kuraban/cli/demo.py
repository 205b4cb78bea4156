"""`make demo`: a simulated broker of some thousand owners, thieves among them, and what the engine finds."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from kuraban.cli.progress import progress
from kuraban.core.policy import ACTIONS, CHALLENGE
from kuraban.decisions import Decision
from kuraban.evaluate import evaluate
from kuraban.evaluate.report import Report
from kuraban.replay import Replay
from kuraban.sim.simulate import simulate

ACCOUNTS, DAYS, SEED, ATTACKS, SHOWN = 2_000, 30, 2025, 40, 5


def main() -> int:
    """Simulate, replay, show the gravest alerts and how many takeovers were found."""
    with tempfile.TemporaryDirectory(prefix="kuraban-demo-") as folder:
        return _show(Path(folder))


def _show(folder: Path) -> int:
    say = sys.stdout.write
    say(f"Kuraban demo: a broker with {ACCOUNTS:,} owners over {DAYS} days (証券口座の乗っ取り検知のデモ)\n")
    with progress("simulating owners, a market and thieves") as bar:
        made = simulate(folder, accounts=ACCOUNTS, days=DAYS, seed=SEED, attacks=ATTACKS, progress=bar.update)
    say(f"  {made.events:,} events; thieves took {made.takeovers} accounts in it, by ways the engine is not told of\n")
    say("  the engine is compiled on its first use, which takes about a minute (初回のみ約1分)\n")
    replay = Replay(instruments=folder / "instruments.csv")
    gravest: dict[str, Decision] = {}
    with (folder / "decisions.jsonl").open("wb") as out, progress("deciding on every event") as bar:
        for batch, found in replay.read([folder / "events.jsonl"]):
            out.writelines(replay.lines(batch, found, everything=True))
            bar.update(replay.summary.events)
            for row in found[found["action"] >= CHALLENGE]:
                _keep(gravest, replay, batch, row)
    total = replay.summary
    say(f"\n{total.events:,} events decided upon: ")
    say(", ".join(f"{total.actions[name]:,} {name}" for name in ACTIONS) + "\n")
    for decision in sorted(gravest.values(), key=lambda each: -each.expected_loss)[:SHOWN]:
        say(_alert(decision))
    say(_score(evaluate(folder / "decisions.jsonl", [folder / "events.jsonl"], folder / "truth.jsonl")))
    say("Next: kuraban replay --help, kuraban explain --help; your own events need only the fields you have.\n")
    return 0


def _keep(gravest: dict[str, Decision], replay: Replay, batch: Any, row: Any) -> None:
    index = int(row["row"])
    event = batch.id(index) if index >= 0 else None
    decision = replay.writer.decision(row, event, batch.time(int(row["cause"])))
    known = gravest.get(decision.account)
    if known is None or decision.expected_loss > known.expected_loss:
        gravest[decision.account] = decision


def _alert(decision: Decision) -> str:
    group = f", part of {decision.group}" if decision.group else ""
    rows = [
        f"\n  account {decision.account}  {decision.time[:19]}  → {decision.action}{group}",
        f"    probability {decision.probability:.3f} of ¥{decision.exposure:,.0f}",
    ]
    for reason in decision.reasons[:4]:
        rows.append(f"    {reason.weight:+5.1f}  {reason.ja}")
        rows.append(f"           {reason.en}")
    return "\n".join(rows) + "\n"


def _score(report: Report) -> str:
    point = next(each for each in report.operating_points if each.least == "challenge")
    recall, in_time = point.overall.recall, point.overall.in_time
    return (
        f"\nOf {recall.total} takeovers {recall.hits} were challenged, held or locked, {in_time.hits} of them\n"
        f"before the first purchase or withdrawal took effect; {point.per_10k_days:.1f} in 10,000 days of innocent\n"
        "owners met such an action too.\n"
    )


if __name__ == "__main__":
    raise SystemExit(main())
