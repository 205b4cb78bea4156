"""Checks a mail format against sample mails: what `kuraban home formats test` and the project's own tests run.

A sample is a mail (`.eml`); what must be read from it stands beside it under the same name (`.json`). Samples are
written as if they had arrived at PROVIDER: what it says in its topmost Authentication-Results is believed, as the
owner's own provider is.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from kuraban.home.mail.authenticity.results import Receiver
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.formats.catalogue import FORMATS
from kuraban.home.mail.reading import read_letter
from kuraban.home.mail.sources.files import eml
from kuraban.home.mail.sources.model import RawMail
from kuraban.home.model import Letter, Verdict

PROVIDER = "mx.example.jp"
SAMPLES = Path(str(resources.files("kuraban.home.mail.formats").joinpath("samples")))


class Outcome(NamedTuple):
    """What came of one file. letter: None where it cannot be read. differences: in words, none where all is well."""

    path: Path
    letter: Letter | None
    differences: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the mail reads as it should."""
        return not self.differences


def context() -> MailContext:
    """A mailbox at PROVIDER without a network, at a fixed time."""
    return MailContext(receivers=(Receiver(PROVIDER, 1),), now=lambda: datetime(2026, 7, 7, tzinfo=UTC))


def check(path: Path) -> Outcome:
    """Read one sample and hold it against the `.json` beside it.

    A mail without one passes if a format recognises it and reads every value, so that the owner can try mails of his
    own.
    """
    item = next(iter(eml(path)))
    if not isinstance(item, RawMail):
        return Outcome(path, None, (item.words.en,))
    letter = read_letter(item.raw, path.name, context(), whole=item.whole)
    golden = path.with_suffix(".json")
    if not golden.exists():
        return Outcome(path, letter, _of_itself(letter))
    try:
        wanted = json.loads(golden.read_text("utf-8"))
    except ValueError as error:
        return Outcome(path, letter, (f"{golden.name} is no JSON: {error}",))
    return Outcome(path, letter, tuple(_differences(wanted, described(letter))))


def check_all(folder: Path = SAMPLES) -> list[Outcome]:
    """Check every sample below a folder (by default the project's own), and that every format has what it must have."""
    outcomes = [check(path) for path in sorted(folder.rglob("*.eml"))]
    if folder == SAMPLES:
        outcomes.extend(_unsampled(outcomes))
    return outcomes


def described(letter: Letter) -> dict[str, Any]:
    """A letter as the `.json` of a sample says it: the verdict, what was recognised and the events."""
    return {
        "verdict": str(letter.authenticity.verdict),
        "broker": letter.authenticity.broker,
        "why": [why.code for why in letter.authenticity.why],
        "kind": letter.kind,
        "format": letter.format,
        "facts": [
            {
                "certainty": str(fact.certainty),
                "dated_only": fact.dated_only,
                "event": {key: value for key, value in msgspec.to_builtins(fact.event).items() if key != "id"},
                "ja": fact.summary.ja if fact.summary else None,
                "en": fact.summary.en if fact.summary else None,
            }
            for fact in letter.facts
        ],
        "problems": [words.en for words in letter.problems],
    }


def write_golden(path: Path) -> Path:
    """Write what is read from a sample beside it, to be looked over by a person before it is kept."""
    outcome = check(path)
    if outcome.letter is None:
        raise ValueError(f"{path}: {outcome.differences[0]}")
    golden = path.with_suffix(".json")
    golden.write_text(json.dumps(described(outcome.letter), ensure_ascii=False, indent=2) + "\n", "utf-8")
    return golden


def _of_itself(letter: Letter) -> tuple[str, ...]:
    if letter.format is None:
        return ("no format recognises this mail (see docs/adding-a-mail-format.md)",)
    return tuple(words.en for words in letter.problems)


def _differences(wanted: Any, found: Any, where: str = "") -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys()):
            yield from _differences(wanted.get(key), found.get(key), f"{where}.{key}" if where else key)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _differences(one, other, f"{where}[{number}]")
    elif wanted != found:
        yield f"{where}: {found!r}, should be {wanted!r}"


def _unsampled(outcomes: list[Outcome]) -> Iterator[Outcome]:
    """The formats that lack a genuine sample that verifies, or a forged twin that does not."""
    seen = [(outcome.letter.format, outcome.letter.authenticity.verdict) for outcome in outcomes if outcome.letter]
    for known in FORMATS:
        folder = SAMPLES / known.id
        if (known.id, Verdict.VERIFIED) not in seen:
            yield Outcome(folder, None, ("there is no genuine sample that this format reads",))
        twins = [out for out in outcomes if out.path.parent == folder and out.path.stem.startswith("forged")]
        if not twins or any(out.letter and out.letter.authenticity.verdict is Verdict.VERIFIED for out in twins):
            yield Outcome(folder, None, ("there is no forged twin, or one is verified",))
