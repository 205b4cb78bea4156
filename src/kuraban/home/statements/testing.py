"""The checker of CSV formats: each sample must read exactly as the golden file beside it says, under any name."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from kuraban import events
from kuraban.home.model import Fact, Words
from kuraban.home.statements.decoding import encoding_of
from kuraban.home.statements.formats import FORMATS
from kuraban.home.statements.model import Context, Format, Statement
from kuraban.home.statements.reading import read_statement
from kuraban.home.statements.words import PASSED
from kuraban.home.trials import Trial

SAMPLES = Path(__file__).with_name("samples")
CONTEXT = Context(seen=datetime(2026, 11, 1, tzinfo=UTC), rates={"USD": 150.0})


def check_formats(
    folder: Path = SAMPLES, formats: Sequence[Format] = FORMATS, only: str | None = None, write: bool = False
) -> list[Trial]:
    """Tries every `<format id>/<sample>.csv` under `folder` against `<sample>.json`; a format without one fails.

    only: the id of the one format to try. write: write missing golden files instead of complaining; what they say is
    for their author to check by eye. Never raises for what a sample holds.
    """
    trials: list[Trial] = []
    for form in formats:
        if only is not None and form.id != only:
            continue
        samples = sorted(path for path in (folder / form.id).glob("*") if path.suffix in (".csv", ".tsv", ".txt"))
        trials += [Trial(form.id, path.name, tuple(_problems(path, form, formats, write))) for path in samples]
        if not samples:
            words = Words(f"見本がありません: {folder / form.id}", f"there is no sample: {folder / form.id}")
            trials.append(Trial(form.id, "-", (words,)))
    return trials


def golden(statement: Statement) -> dict[str, Any]:
    """What a golden file holds: everything that reading gives, but for when it was read."""
    return {
        "format": statement.format,
        "period": [day.isoformat() for day in statement.period] if statement.period else None,
        "stated": statement.stated,
        "records": statement.records,
        "fates": {str(fate): count for fate, count in sorted(statement.fates.items())},
        "passed": dict(sorted(statement.passed.items())),
        "unreadable": [[place.place.rpartition(":")[2], place.code] for place in statement.unreadable],
        "facts": [_fact(fact) for fact in statement.facts],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "line": int(fact.origin.rpartition(":")[2]),
        "certainty": str(fact.certainty),
        "dated_only": fact.dated_only,
        "ja": fact.summary.ja if fact.summary else None,
        "en": fact.summary.en if fact.summary else None,
        "event": json.loads(events.encode(fact.event)),
    }


def _problems(path: Path, form: Format, formats: Sequence[Format], write: bool) -> Iterator[Words]:
    raw = path.read_bytes()
    statement = read_statement(raw, path.name, CONTEXT, formats)
    if statement.format != form.id:
        yield Words(
            f"別の形式と判定されました: {statement.format}", f"recognised as another format: {statement.format}"
        )
        return
    yield from _invariants(statement)
    yield from _same_elsewhere(statement, raw, formats)
    expected_path = path.with_suffix(".json")
    found = golden(statement)
    if not expected_path.exists() and write:
        expected_path.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    elif not expected_path.exists():
        yield Words(f"正解ファイルがありません: {expected_path.name}", f"there is no golden file: {expected_path.name}")
    else:
        yield from _differences(json.loads(expected_path.read_text(encoding="utf-8")), found)


def _invariants(statement: Statement) -> Iterator[Words]:
    """What holds for every statement, whatever the format."""
    if sum(statement.fates.values()) != statement.records:
        yield Words("数えられていない行があります", "some records were not accounted for")
    for code in sorted(statement.passed.keys() - PASSED.keys()):
        yield Words(f"「{code}」は words.PASSED にありません", f"`{code}` is no key of words.PASSED")
    ids = [fact.event.id for fact in statement.facts]
    if len(set(ids)) != len(ids):
        yield Words("同じIDの取引があります", "two events have the same id")
    for fact in statement.facts:
        try:
            events.decode(events.encode(fact.event))
        except events.EventError as error:
            yield Words(f"{fact.origin}: イベントとして正しくありません", f"{fact.origin}: no valid event: {error}")


def _same_elsewhere(statement: Statement, raw: bytes, formats: Sequence[Format]) -> Iterator[Words]:
    """Neither the encoding nor, but for what a name dates, the file's name may change what is read."""
    text = raw.decode(encoding_of(raw))
    again = read_statement(b"\xef\xbb\xbf" + text.lstrip("\ufeff").encode(), statement.place, CONTEXT, formats)
    if [fact.event for fact in again.facts] != [fact.event for fact in statement.facts]:
        yield Words("文字コードを変えると結果が変わります", "in another encoding it reads differently")
    renamed = read_statement(raw, "download.csv", CONTEXT, formats)
    if renamed.format != statement.format or renamed.fates != statement.fates:
        yield Words("ファイル名を変えると結果が変わります", "under another name it reads differently")


def _differences(expected: dict[str, Any], found: dict[str, Any]) -> Iterator[Words]:
    for key in sorted({*expected, *found}):
        if key == "facts":
            continue
        if expected.get(key) != found.get(key):
            said = f"{key}: {expected.get(key)!r} → {found.get(key)!r}"[:300]
            yield Words(f"正解と違います。{said}", f"differs from the golden file: {said}")
    for at, (was, now) in enumerate(_paired(expected.get("facts", []), found["facts"]), 1):
        if was != now:
            said = msgspec.json.encode(now).decode()[:300] if now else "-"
            yield Words(f"{at}番目の事実が正解と違います: {said}", f"fact {at} differs from the golden file: {said}")


def _paired(left: list[Any], right: list[Any]) -> Iterable[tuple[Any, Any]]:
    length = max(len(left), len(right))
    return zip(left + [None] * (length - len(left)), right + [None] * (length - len(right)), strict=True)
