"""Writing the evidence package: a private folder, originals byte for byte, the hash of every file, and a zip of it."""

import hashlib
import os
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

from kuraban.home.hardening.model import steps
from kuraban.home.incident.model import Evidence, Original
from kuraban.home.incident.pdf import pdf_bytes
from kuraban.home.incident.tables import csv_bytes
from kuraban.home.incident.wording import COLUMNS, MINE, README, VERDICTS, both, cells, moment
from kuraban.home.model import Unreadable, Words
from kuraban.home.statements.decoding import SourceError, opened
from kuraban.plurals import counted

CHUNK = 1 << 20
MAX_ORIGINAL = 200 << 20
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


class PackageError(Exception):
    """The package could not be written; nothing half-made is left behind."""

    def __init__(self, words: Words):
        super().__init__(words.en)
        self.words = words


@dataclass(frozen=True, slots=True)
class Package:
    """What was written. sums: the SHA-256 of SHA256SUMS, to be written down elsewhere. problems: originals that could
    not be copied, or are not what was read at the time. events, mails, exports: how many of each are inside."""

    folder: Path
    archive: Path
    sums: str
    problems: tuple[Unreadable, ...]
    events: int = 0
    mails: int = 0
    exports: int = 0

    def holds(self) -> Words:
        """How many of each are inside."""
        return Words(
            f"出来事 {self.events:,}件、元のメール {self.mails:,}通、CSV {self.exports:,}件",
            f"{counted(self.events, 'event')}, {counted(self.mails, 'original mail')},"
            f" {counted(self.exports, 'export')}",
        )

    def lacks(self) -> Words | None:
        """What a package cannot do without and this one does not hold; None where nothing is lacking."""
        if self.events and self.mails:
            return None
        what = Words("元のメールが一通も", "no original mail") if self.events else Words("出来事が一つも", "no event")
        if not self.events and not self.mails:
            what = Words("出来事も元のメールも", "neither an event nor an original mail")
        return Words(
            f"この証拠一式には{what.ja}入っていません。期間の初めの日を早くするか、見張りがメールを読めているか確かめてください。",
            f"there is {what.en} in it: begin at an earlier day, or look whether the watch can read the mails",
        )


def write_package(evidence: Evidence, into: Path) -> Package:
    """Writes `kuraban-incident-<time>` and its zip into a folder, readable by the user only.

    Raises `PackageError`. Problems with single originals do not stop it: they are reported, and stand in the package.
    """
    stamp = evidence.made.astimezone(ZoneInfo(evidence.zone)).strftime("%Y%m%d-%H%M%S")
    folder, archive = into / f"kuraban-incident-{stamp}", into / f"kuraban-incident-{stamp}.zip"
    if archive.exists():
        raise _failed(archive, "すでにあります", "it exists already")
    try:
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise _failed(folder, error.strerror or "", error.strerror or "") from error
    try:
        return _fill(evidence, folder, archive)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)
        archive.unlink(missing_ok=True)
        _draft(archive).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _failed(folder, error.strerror or "", error.strerror or "") from error
        raise


def _failed(path: Path, ja: str, en: str) -> PackageError:
    return PackageError(Words(f"{path} に書けません({ja})", f"cannot write {path}: {en}"))


def _fill(evidence: Evidence, folder: Path, archive: Path) -> Package:
    copies, problems = _originals(evidence, folder)
    missing = (*evidence.missing, *(problem.words for problem in problems))
    whole = Evidence(**{**{name: getattr(evidence, name) for name in Evidence.__struct_fields__}, "missing": missing})
    zone = evidence.zone
    header = [both(column) for column in COLUMNS]
    _put(folder / "timeline.csv", csv_bytes(header, (cells(entry, zone) for entry in evidence.entries)))
    _put(folder / "alerts.csv", _list_of_alerts(evidence))
    _put(folder / "originals.csv", _list_of_originals(copies, zone))
    _put(folder / "actions.csv", _list_of_actions(evidence))
    _put(folder / "hardening.csv", _list_of_hardening(evidence))
    _put(folder / "README.txt", f"{README.ja}\n{README.en}{_missing(missing)}".encode())
    hashes = [(copy.name, copy.sha256, copy.original.subject) for copy in copies]
    _put(folder / "timeline-ja.pdf", pdf_bytes(whole, hashes, "ja"))
    _put(folder / "timeline-en.pdf", pdf_bytes(whole, hashes, "en"))
    sums = _sums(folder)
    _put(folder / "SHA256SUMS", sums)
    _zip(folder, archive)
    mails = sum(copy.original.kind == "mail" for copy in copies)
    return Package(
        folder,
        archive,
        hashlib.sha256(sums).hexdigest(),
        tuple(problems),
        events=sum(entry.kind != "mail" for entry in evidence.entries),
        mails=mails,
        exports=len(copies) - mails,
    )


@dataclass(frozen=True, slots=True)
class _Copy:
    name: str
    sha256: str
    size: int
    original: Original


def _originals(evidence: Evidence, folder: Path) -> tuple[list[_Copy], list[Unreadable]]:
    copies: list[_Copy] = []
    problems: list[Unreadable] = []
    for place in ("mails", "exports"):
        (folder / place).mkdir(mode=0o700)
    for number, original in enumerate(evidence.originals, 1):
        # Names are made of a number only: nothing of a sender's choosing becomes part of a path.
        name = f"mails/{number:05d}.eml" if original.kind == "mail" else f"exports/{number:05d}.csv"
        try:
            sha256, size = _copy(original.source, folder / name)
        except (OSError, SourceError, ValueError) as error:
            problems.append(_not_copied(original, type(error).__name__))
            (folder / name).unlink(missing_ok=True)
            continue
        expected = original.expected or _stated(original.origin)
        if expected is not None and expected != sha256:
            problems.append(_changed(original, name))
        copies.append(_Copy(name, sha256, size, original))
    return copies, problems


def _stated(origin: str) -> str | None:
    kind, _, value = origin.partition(":")
    return value if kind == "mail" and len(value) == 64 else None


def _not_copied(original: Original, why: str) -> Unreadable:
    words = Words(
        f"元のデータを含められません: {original.origin} ({why})",
        f"an original could not be had: {original.origin} ({why})",
    )
    return Unreadable(original.origin, "not_copied", words)


def _changed(original: Original, name: str) -> Unreadable:
    words = Words(
        f"{name} は、最初に読んだときと内容が違います: {original.origin}",
        f"{name} differs from what was first read: {original.origin}",
    )
    return Unreadable(original.origin, "changed", words)


def _copy(source: Path | bytes, target: Path) -> tuple[str, int]:
    """The bytes as they are; their hash is taken of what was written, and their number."""
    digest, size = hashlib.sha256(), 0
    with opened(source) as reading, _private(target) as writing:
        while chunk := reading.read(CHUNK):
            size += len(chunk)
            if size > MAX_ORIGINAL:
                raise ValueError("too large")
            writing.write(chunk)
            digest.update(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    return digest.hexdigest(), size


def _private(path: Path) -> BinaryIO:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    return os.fdopen(handle, "wb")


def _put(path: Path, data: bytes) -> None:
    with _private(path) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _list_of_originals(copies: list[_Copy], zone: str) -> bytes:
    header = (
        *("ファイル (file)", "SHA-256", "バイト数 (bytes)", "受信時刻 (received)", "差出人 (sender)", "件名 (subject)"),
        *("真偽 (verdict)", "理由 (reasons)", "出所 (origin)"),
    )
    rows = [
        (
            copy.name,
            copy.sha256,
            str(copy.size),
            moment(copy.original.received, zone),
            copy.original.sender,
            copy.original.subject,
            both(VERDICTS.get(copy.original.verdict, Words("", ""))),
            " / ".join(both(words) for words in copy.original.why),
            copy.original.origin,
        )
        for copy in copies
    ]
    return csv_bytes(header, rows)


def _list_of_alerts(evidence: Evidence) -> bytes:
    header = (
        *("番号 (id)", "本人に知らせた時刻 (owner alerted)", "口座 (account)", "内容(日本語) (Japanese)"),
        *("内容(英語) (English)", "本人の申告 (the owner says)", "理由 (reasons)"),
    )
    rows = [
        (
            one.id,
            moment(one.told, evidence.zone),
            one.account,
            one.sentence.ja,
            one.sentence.en,
            both(MINE[one.mine]),
            " / ".join(both(words) for words in one.why),
        )
        for one in evidence.alerts
    ]
    return csv_bytes(header, rows)


def _list_of_actions(evidence: Evidence) -> bytes:
    header = ("した時刻 (when)", "記録した時刻 (noted)", "口座 (account)", "内容 (what)", "手順 (step)")
    rows = [
        (moment(one.at, evidence.zone), moment(one.noted, evidence.zone), one.account or "", one.what, one.step or "")
        for one in evidence.actions
    ]
    return csv_bytes(header, rows)


def _list_of_hardening(evidence: Evidence) -> bytes:
    names = {step.id: Words(step.ja, step.en) for step in steps().step}
    header = ("日付 (day)", "内容 (what)", "対象 (where)", "状態 (state)", "記録した時刻 (noted)", "メモ (note)")
    rows = [
        (
            one.on.isoformat(),
            both(names.get(one.step, Words(one.step, one.step))),
            one.thing,
            one.state,
            moment(one.noted, evidence.zone),
            one.note,
        )
        for one in evidence.hardening
    ]
    return csv_bytes(header, rows)


def _missing(missing: tuple[Words, ...]) -> str:
    if not missing:
        return ""
    lines = "\n".join(f"* {words.ja}\n  {words.en}" for words in missing)
    return f"\n含められなかったもの / What could not be included\n\n{lines}\n"


def _sums(folder: Path) -> bytes:
    lines: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    return "".join(lines).encode()


def _zip(folder: Path, archive: Path) -> None:
    """The same folder as a zip, there only when it is whole; the same contents give the same bytes."""
    draft = _draft(archive)
    with _private(draft) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as whole:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", _ZIP_TIME)
            entry.external_attr = 0o600 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as reading, whole.open(entry, "w") as writing:
                shutil.copyfileobj(reading, writing, CHUNK)
    draft.replace(archive)


def _draft(archive: Path) -> Path:
    return archive.with_suffix(".part")
