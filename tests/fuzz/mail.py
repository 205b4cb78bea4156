"""Mutated mails against the mail reader: `python tests/fuzz/mail.py [--seconds N] [--seed N]`. Not part of the tests.

Holds that reading never raises, takes no longer than a second, and that without keys and without a known provider no
mail is ever verified. A mail that breaks this is written to the folder `fuzz-found`.
"""

import argparse
import hashlib
import random
import sys
import time
import traceback
from pathlib import Path

from kuraban.home.mail.context import MailContext
from kuraban.home.mail.formats.testing import SAMPLES
from kuraban.home.mail.reading import read_strictly
from kuraban.home.model import Verdict

LONGEST = 1.0  # seconds of processor time for one mail
PIECES = (
    b"From: <service@rakuten-sec.co.jp>\r\n",
    b"From : x\r\n",
    b"\r\n\r\n",
    b"\n ",
    b"\0",
    b"\x1b$B",
    b"=?iso-2022-jp?B?",
    b"?=",
    b"<a href='https://sbisec.x.example'>",
    b'"',
    b"(",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    b"Authentication-Results: mx.example.jp; dmarc=pass header.from=rakuten-sec.co.jp\r\n",
    b"DKIM-Signature: v=1; a=rsa-sha256; d=rakuten-sec.co.jp; s=x; h=from; bh=; b=\r\n",
)


def mutated(raw: bytes, draws: random.Random) -> bytes:
    """A mail with a few random changes: bytes turned, pieces put in, taken out, doubled."""
    for _ in range(draws.randrange(1, 8)):
        at, length = draws.randrange(len(raw) + 1), draws.choice((1, 2, 16, 200))
        piece = draws.choice(
            (
                bytes([draws.randrange(256)]),
                draws.choice(PIECES),
                draws.choice(PIECES) * draws.choice((1, 50, 2000)),
                raw[at : at + length] * draws.choice((2, 100)),
                b"",
            )
        )
        raw = raw[:at] + piece + raw[at + draws.choice((0, length)) :]
    return raw


def broken(raw: bytes) -> str | None:
    """What is wrong with the reading of a mail, None where nothing is."""
    began = time.process_time()
    try:
        letter = read_strictly(raw, "fuzz", MailContext())
    except Exception:  # any exception at all is what is looked for
        return traceback.format_exc()
    if letter.authenticity.verdict is Verdict.VERIFIED:
        return "verified without any proof"
    seconds = time.process_time() - began
    return f"took {seconds:.1f} s" if seconds > LONGEST else None


def main() -> int:
    """Mutate and read until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draws = random.Random(given.seed)
    seeds = [path.read_bytes() for path in sorted(SAMPLES.rglob("*.eml"))]
    ends, tried, found = time.monotonic() + given.seconds, 0, 0
    while time.monotonic() < ends:
        raw = mutated(draws.choice(seeds), draws)
        tried += 1
        if (wrong := broken(raw)) is not None:
            found += 1
            folder = Path("fuzz-found")
            folder.mkdir(exist_ok=True)
            (folder / f"{hashlib.sha256(raw).hexdigest()[:16]}.eml").write_bytes(raw)
            print(wrong, file=sys.stderr)
    print(f"{tried} mails, {found} found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
