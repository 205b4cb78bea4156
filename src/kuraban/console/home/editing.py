"""What the pages share that write a TOML file of the owner's: opening, saving, and what cannot be saved as it is.

Nothing typed is lost: where the file is broken or was changed meanwhile, the page that says so holds it all.
"""

import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from starlette.responses import Response

from kuraban.console.home.seat import Handler, Visit
from kuraban.home import ownerfile
from kuraban.home.folder import Folder
from kuraban.home.forms.questions import Asked, Sent
from kuraban.home.model import Words
from kuraban.home.ownerfile import NONE, ChangedError
from kuraban.home.problems import HomeError
from kuraban.home.tomledit import Edit, edited
from kuraban.home.tomlfile import TomlError

AROUND = 2  # lines shown above and below a wrong one
MOST_LINE = 200


class Kind(NamedTuple):
    """One of the files. check: raises `HomeError` for a text that is not sound; head: what a new file opens with."""

    path: Callable[[Folder], Path]
    check: Callable[[str, str], object]
    head: str


@dataclass(frozen=True)
class File:
    """A file that is open. data: what it says, empty where it is not there yet."""

    kind: Kind
    path: Path
    text: str
    version: str
    data: dict[str, Any]

    @property
    def new(self) -> bool:
        """Whether it is not there yet."""
        return self.version == NONE


def opened(visit: Visit, kind: Kind) -> File:
    """The file, sound. Raises `HomeError`."""
    path = kind.path(visit.folder)
    text, version = ownerfile.opened(path)
    kind.check(text, str(path))
    return File(kind, path, text, version, tomllib.loads(text.removeprefix("\ufeff")))


def save(visit: Visit, file: File, edits: Iterable[Edit]) -> None:
    """Write the edits where the page was made from this very version. Raises `ChangedError`, and `HomeError` for what
    cannot be written."""
    if visit.form.get("version") != file.version:
        raise ChangedError
    text = edited(file.text or file.kind.head, edits)
    file.kind.check(text, file.path.name)
    ownerfile.save(visit.folder, file.path, file.version, text)


def sent(visit: Visit) -> Sent:
    """The answers that came."""
    return Sent(visit.form.multi_items())


def careful(handle: Handler, kind: Kind) -> Handler:
    """A page that says where a broken file is broken, and keeps what was typed until it is put right."""

    def answer(visit: Visit) -> Response:
        try:
            opened(visit, kind)
        except HomeError as error:
            return broken(visit, kind.path(visit.folder), error)
        return handle(visit)

    return answer


def broken(visit: Visit, path: Path, error: HomeError) -> Response:
    """What is wrong, in which line, and what to do."""
    at = error.line if isinstance(error, TomlError) else None
    try:
        lines = path.read_bytes().decode("utf-8", "replace").split("\n")
    except OSError:
        lines = []
    first = max(0, (at or 1) - 1 - AROUND)
    shown = [(first + i + 1, line.rstrip("\r")[:MOST_LINE]) for i, line in enumerate(lines[first:])][: 2 * AROUND + 1]
    return visit.page(
        "broken.html",
        409,
        path=str(path),
        words=error.words,
        line=at,
        lines=shown if at else [],
        again=visit.form.multi_items(),
        action=visit.request.url.path,
    )


class Compared(NamedTuple):
    """A question answered in two ways: in the file by now, and by what was typed."""

    question: Words
    there: list[Words]
    typed: list[Words]

    @property
    def differ(self) -> bool:
        """Whether they do."""
        return self.there != self.typed


def compared(there: list[Asked], typed: list[Asked]) -> list[Compared]:
    """The questions with both answers. A question that only one of them asks is answered by that one alone."""
    known = {one.question.id: one.said for one in there}
    return [Compared(one.question.words, known.get(one.question.id, []), one.said) for one in typed]
