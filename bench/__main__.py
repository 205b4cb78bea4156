"""`python -m bench [NAME…]`: run the benchmarks, or some of them; exit status 1 where a target is not met."""

import argparse
import sys
from collections.abc import Callable

from bench import deciding, enduring, mail, pages, reading, serving
from bench.result import Result, table

BENCHMARKS: dict[str, Callable[[], Result | list[Result]]] = {
    "json-lines": reading.json_lines,
    "parquet": reading.parquet,
    "replay-json-lines": deciding.replay_lines,
    "replay-parquet": deciding.replay_parquet,
    "memory": deciding.memory,
    "state": deciding.state,
    "snapshots": deciding.snapshots,
    "latency": deciding.latency,
    "start-up": deciding.start_up,
    "mailbox": mail.mailbox,
    "serving": serving.results,
    "recovery": enduring.recovery,
    "serving-memory": enduring.memory,
    "pages": pages.results,
}


def main() -> int:
    """Run, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures what the project promises.")
    parser.add_argument("names", metavar="NAME", nargs="*", help=f"which ones: {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    results: list[Result] = []
    for name in names:
        found = BENCHMARKS[name]()
        results += [found] if isinstance(found, Result) else found
    print(table(results))
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
