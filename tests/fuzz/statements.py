"""Mutated exports against the CSV reader: `python tests/fuzz/statements.py [--seconds N] [--seed N]`. No test.

Every mutant starts from a shipped sample, so that it gets past recognition. Holds that reading never raises, that every
line is accounted for, and that every event is a valid one. What breaks this is written to the folder `fuzz-found`.
"""

import argparse
import hashlib
import random
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from kuraban import events
from kuraban.home.statements import Context, read_statement
from kuraban.home.statements.testing import SAMPLES

CONTEXT = Context(seen=datetime(2026, 11, 1, tzinfo=UTC), rates={"USD": 150.0})
TOKENS = (b'"', b",", b"\r\n", b"\r", b"\t", b"\x00", b"-", b"--", b"1,234", b"9" * 40, b"\xef\xbb\xbf", b"\xff\xfe")
WORDS = tuple(word.encode("cp932") for word in ("合計", "■", "買付", "2026/2/30", "（", "△1", "１２", "現引", "表"))


def mutant(samples: list[bytes], draw: random.Random) -> bytes:
    """A sample with one to eight changes: bytes flipped, cut, doubled, moved, or tokens put in."""
    data = bytearray(draw.choice(samples))
    for _ in range(draw.randint(1, 8)):
        at, length = draw.randrange(len(data) + 1), draw.choice((1, 1, 2, 8, 64, 512))
        kind = draw.randrange(6)
        if kind == 0 and data:
            data[at % len(data)] = draw.randrange(256)
        elif kind == 1:
            del data[at : at + length]
        elif kind == 2:
            data[at:at] = data[at : at + length]
        elif kind == 3:
            data[at:at] = draw.choice(TOKENS + WORDS)
        elif kind == 4:
            lines = bytes(data).split(b"\n")
            draw.shuffle(lines)
            data = bytearray(b"\n".join(lines))
        else:
            data += draw.choice(samples)
    return bytes(data)


def check(data: bytes) -> None:
    """Raises where an invariant of reading does not hold."""
    statement = read_statement(data, "fuzz.csv", CONTEXT)
    if sum(statement.fates.values()) != statement.records:
        raise AssertionError("a record is not accounted for")
    identities = [fact.event.id for fact in statement.facts]
    if len(set(identities)) != len(identities):
        raise AssertionError("two events have one id")
    for fact in statement.facts:
        events.decode(events.encode(fact.event))


def main() -> int:
    """Runs until the time is up; 1 where something was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    samples = [path.read_bytes() for path in sorted(SAMPLES.glob("*/*.csv"))]
    end, count, found = time.monotonic() + given.seconds, 0, 0
    while time.monotonic() < end:
        data = mutant(samples, draw)
        count += 1
        try:
            check(data)
        except Exception as error:
            found += 1
            folder = Path("fuzz-found")
            folder.mkdir(exist_ok=True)
            (folder / f"{hashlib.sha256(data).hexdigest()[:16]}.csv").write_bytes(data)
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
    print(f"{count} exports, {found} found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
