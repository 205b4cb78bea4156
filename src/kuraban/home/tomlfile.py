"""TOML files of the owner into typed values, with errors that name the key, what is wrong and what to write instead."""

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kuraban.home.model import Words
from kuraban.home.problems import HomeError
from kuraban.home.tomltext import line_of

T = TypeVar("T")
MOST_BYTES = 1 << 20


class TomlError(HomeError):
    """A file that cannot be used as it is written. line: where, from 1; None where that is not known."""

    def __init__(self, words: Words, line: int | None = None):
        super().__init__(words)
        self.line = line


# What msgspec says, and the same in plain words. The groups of the pattern fill the sentences.
_SAYINGS = (
    (
        r"Object contains unknown field `(.+)`",
        "キー「{0}」は知らない名前です。綴りを確かめるか、行を消してください",
        "the key `{0}` is not known: check its spelling or remove the line",
    ),
    (
        r"Object missing required field `(.+)`",
        "キー「{0}」がありません。書き足してください",
        "the key `{0}` is missing: add it",
    ),
    (
        r"Invalid enum value (.+)",
        "{0} は使えません。説明書にある語から選んでください",
        "{0} is not one of the words that can stand here",
    ),
    (r"Expected `(.+)`, got `(.+)`", "{1} ではなく {0} を書いてください", "write {0} here, not {1}"),
    (r"Expected `(.+)`", "{0} を書いてください", "write {0} here"),
)
# What the parser says where hands slip most.
_SLIPS = (
    (r"Illegal character '\\n'|Unterminated string", "引用符が閉じていません", "a quote is not closed"),
    (r"Expected '=' after a key.*", "「=」がありません", "there is no equals sign"),
    (r"Cannot overwrite a value|Cannot (declare|mutate).*", "同じ名前が二つあります", "the same name is there twice"),
    (r"Unclosed (array|inline table)", "かっこが閉じていません", "a bracket is not closed"),
    (
        r"Expected '\]+' at the end of .*",
        "見出しのかっこが閉じていません",
        "the brackets of the heading are not closed",
    ),
    (
        r"Expected newline or end of document.*",
        "行の終わりに余分なものがあります",
        "there is something more after the end",
    ),
    (r"Invalid value", "「=」の右が書き方に合いません", "what stands after the equals sign cannot be read"),
    (r"Invalid statement", "行の始まりが書き方に合いません", "the line begins with something that cannot be read"),
)
_TYPES = {
    "str": ('文字列("…")', 'text ("…")'),
    "int": ("整数", "a whole number"),
    "float": ("数", "a number"),
    "bool": ("true か false", "true or false"),
    "array": ("[ ] の並び", "a list in [ ]"),
    "object": ("[ ] の表", "a table"),
    "date": ("日付(2026-04-01)", "a date (2026-04-01)"),
    "null": ("なし", "nothing"),
}


def read(path: Path, kind: type[T]) -> T:
    """The file as a value of `kind`. Raises `HomeError` naming file and key; a missing file is an error too."""
    return parse(text_of(path), kind, str(path))


def text_of(path: Path) -> str:
    """What the file holds, to the byte but for its encoding. Raises `HomeError`."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise HomeError.of(f"{path} が大きすぎます(1 MiB まで)", f"{path} is larger than 1 MiB")
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        why = error.strerror or str(error)
        raise HomeError.of(f"{path} を読めません({why})", f"{path} cannot be read: {why}") from error
    except UnicodeDecodeError as error:
        raise TomlError(
            Words(
                f"{path} は UTF-8 の文字ではありません。文字コードを UTF-8 にして保存し直してください",
                f"{path} is not UTF-8 text: save it again with the encoding UTF-8",
            ),
            error.object[: error.start].count(b"\n") + 1,
        ) from error


def parse(text: str, kind: type[T], name: str) -> T:
    """As `read`, from text. name: what the file is called in errors. A byte order mark, as Windows writes it, is none
    of the text."""
    plain = text.removeprefix("\ufeff")
    try:
        return msgspec.convert(tomllib.loads(plain), kind)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(plain, str(error), name) from error
    except msgspec.ValidationError as error:
        line = _line(plain, str(error))
        words = _explained(str(error))
        raise TomlError(placed(name, line, words), line) from None


def placed(name: str, line: int | None, words: Words) -> Words:
    """A sentence about a file, with the line where that is known."""
    if line is None:
        return Words(f"{name}: {words.ja}。", f"{name}: {words.en}")
    return Words(f"{name} の{line}行目: {words.ja}。", f"{name}, line {line}: {words.en}")


def _not_toml(text: str, message: str, name: str) -> TomlError:
    at = re.search(r" \(at line (\d+), column \d+\)", message)
    line = int(at[1]) if at else text.rstrip().count("\n") + 1
    problem = re.sub(r" \(at .+\)", "", message)
    slip = next((words for pattern, *words in _SLIPS if re.fullmatch(pattern, problem)), [problem, problem])
    return TomlError(
        Words(
            f"{name} は{line}行目が TOML として読めません({slip[0]})。引用符、かっこ、等号を確かめてください。",
            f"{name} is not TOML at line {line}: {slip[1]}. Look at its quotes, brackets and equals signs.",
        ),
        line,
    )


def _line(text: str, message: str) -> int | None:
    """Of what a validation error is about."""
    problem, _, where = message.partition(" - at ")
    found = re.match(r"`\$\.(\w+)(?:\[(\d+)\])?(?:\.(\w+))?", where)
    unknown = re.fullmatch(r"Object contains unknown field `(.+)`", problem)
    if found is None:
        return line_of(text, None, 0, unknown[1]) or line_of(text, unknown[1]) if unknown else None
    kind, at, key = found[1], int(found[2] or 0), unknown[1] if unknown else found[3]
    return line_of(text, kind, at, key) or line_of(text, kind, at) or line_of(text, None, 0, kind)


def _explained(message: str) -> Words:
    problem, _, where = message.partition(" - at ")
    place = re.sub(r"\[(\d+)\]", lambda hit: f" {int(hit[1]) + 1}", where.strip("`").removeprefix("$").strip("."))
    for pattern, ja, en in _SAYINGS:
        found = re.fullmatch(pattern, problem)
        if found:
            both = [[_typed(word, i) for word in found.groups()] for i in (0, 1)]
            return _placed(place, ja.format(*both[0]), en.format(*both[1]))
    return _placed(place, problem, problem)


def _typed(word: str, language: int) -> str:
    parts = [part for part in word.split(" | ") if part != "null"] or [word]
    return (" か " if language == 0 else " or ").join(_TYPES[p][language] if p in _TYPES else p for p in parts)


def _placed(place: str, ja: str, en: str) -> Words:
    return Words(f"[{place}] {ja}", f"[{place}] {en}") if place else Words(ja, en)


def quoted(value: Any) -> str:
    """A value as TOML writes it: text, numbers, switches, dates, lists of these."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, for every character that JSON escapes.
        return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return "[" + ", ".join(quoted(item) for item in value) + "]"
    return str(value)
