"""Mails in files: eml, Maildir, mbox and folders, read in a stream and changed in nothing."""

import os
import tracemalloc
from pathlib import Path

import pytest

from kuraban.home.mail.sources import files, mbox
from kuraban.home.mail.sources.model import MAX_MAIL, PREFIX, RawMail
from kuraban.home.model import Unreadable


def raw(number: int, body: str = "body") -> bytes:
    return f"From: a@example.com\nSubject: {number}\n\n{body}\n".encode()


def raws(path: Path) -> list[bytes]:
    return [item.raw for item in files.mails(path) if isinstance(item, RawMail)]


def codes(path: Path) -> list[str]:
    return [item.code for item in files.mails(path) if isinstance(item, Unreadable)]


SEPARATOR = b"From a@example.com Tue Jul  7 09:07:10 2026\n"


def test_a_single_mail_is_read_as_it_lies(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(raw(1))
    (item,) = files.mails(tmp_path / "a.eml")
    assert item == RawMail(raw(1), str(tmp_path / "a.eml"), len(raw(1)))


def test_a_huge_mail_is_read_to_a_bound(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(raw(1) + b"x" * (MAX_MAIL + 10))
    (item,) = files.mails(tmp_path)
    assert isinstance(item, RawMail)
    assert (len(item.raw), item.whole, item.size) == (PREFIX, False, len(raw(1)) + MAX_MAIL + 10)


def test_an_mbox_is_read_mail_by_mail(tmp_path: Path) -> None:
    path = tmp_path / "all"
    path.write_bytes(b"\n".join(SEPARATOR + raw(number) for number in range(3)))
    items = list(files.mails(path))
    assert [item.raw for item in items if isinstance(item, RawMail)] == [raw(number) for number in range(3)]
    assert [item.place for item in items if isinstance(item, RawMail)] == [f"{path}#{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_from_at_the_start_of_a_line_of_text_parts_no_mail(tmp_path: Path, end: bytes) -> None:
    text = raw(1, "x\nFrom here on it is text\n\nFrom a friend, in 2026 or so\nFrom you at 9:07 in 2026")
    (tmp_path / "all.mbox").write_bytes((SEPARATOR + text).replace(b"\n", end))
    assert raws(tmp_path) == [text.replace(b"\n", end)]


def test_escaped_lines_come_back_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "all.mbox").write_bytes(SEPARATOR + raw(1, ">From here\n>>From there"))
    assert raws(tmp_path) == [raw(1, "From here\n>From there")]


def test_a_separator_without_a_blank_line_before_it_still_parts_mails(tmp_path: Path) -> None:
    (tmp_path / "all.mbox").write_bytes(SEPARATOR + raw(1) + SEPARATOR + raw(2))
    assert raws(tmp_path) == [raw(1), raw(2)]


@pytest.mark.parametrize(
    "separator",
    [
        b"From - Tue Jul  7 09:07:10 2026\n",
        b"From MAILER-DAEMON Tue Jul  7 09:07:10 2026\n",
        b"From 1792837465@xxx Tue Jul 07 00:07:10 +0000 2026\n",
        b"From a@example.com  Tue, 7 Jul 2026 09:07:10 +0900\n",
    ],
)
def test_the_separators_of_common_programs_are_known(tmp_path: Path, separator: bytes) -> None:
    (tmp_path / "all.mbox").write_bytes(b"\n".join(separator + raw(number) for number in range(2)))
    assert raws(tmp_path) == [raw(0), raw(1)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ["empty"]),
        (b"no separator at all\n", ["no_separator"]),
        (SEPARATOR, ["empty"]),
        (SEPARATOR + b"\n" + SEPARATOR + raw(1), ["empty"]),
        (b"\n\n" + SEPARATOR + raw(1), []),
        (b"rest of a mail\n\n" + SEPARATOR + raw(1), ["no_separator"]),
    ],
)
def test_what_an_mbox_does_not_give_is_told(tmp_path: Path, content: bytes, expected: list[str]) -> None:
    path = tmp_path / "all.mbox"
    path.write_bytes(content)
    assert [item.code for item in mbox.mails(path) if isinstance(item, Unreadable)] == expected


def test_a_large_mbox_takes_the_memory_of_one_mail(tmp_path: Path) -> None:
    path = tmp_path / "all.mbox"
    with path.open("wb") as file:
        for number in range(300):
            file.write(SEPARATOR + raw(number, "x" * 100_000) + b"\n")
        file.write(SEPARATOR + raw(300, "y" * (3 * MAX_MAIL)) + b"\n")
    tracemalloc.start()
    count = sum(1 for item in mbox.mails(path) if isinstance(item, RawMail))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 301
    assert peak < 4 * MAX_MAIL


def maildir(path: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (path / name).mkdir(parents=True)
    (path / "cur" / "1.x:2,S").write_bytes(raw(1))
    (path / "new" / "2.x").write_bytes(raw(2))
    (path / "tmp" / "3.x").write_bytes(raw(3))
    return path


def test_a_maildir_and_its_folders_are_read_and_left_as_they_are(tmp_path: Path) -> None:
    box = maildir(tmp_path / "Maildir")
    maildir(box / ".Archive")
    before = sorted(path.relative_to(box) for path in box.rglob("*"))
    assert raws(box) == [raw(1), raw(2), raw(1), raw(2)]
    assert sorted(path.relative_to(box) for path in box.rglob("*")) == before


def test_a_folder_is_searched_for_mail_and_nothing_else_in_it_is_opened(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "1.eml").write_bytes(raw(1))
    (tmp_path / "b" / "notes.txt").write_bytes(b"From here on: notes\n")
    (tmp_path / "Inbox").write_bytes(SEPARATOR + raw(2))
    (tmp_path / ".hidden.eml").write_bytes(raw(3))
    maildir(tmp_path / "box")
    os.symlink(tmp_path, tmp_path / "b" / "round")
    assert sorted(raws(tmp_path)) == sorted([raw(2), raw(1), raw(1), raw(2)])


@pytest.mark.parametrize(("name", "code"), [("nowhere", "missing"), ("pipe", "not_a_file")])
def test_what_is_not_there_or_no_file_is_told(tmp_path: Path, name: str, code: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert codes(tmp_path / name) == [code]


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(b"")
    assert codes(tmp_path / "a.eml") == ["empty"]


def test_a_place_is_told_without_what_could_deceive() -> None:
    (item,) = files.mails(Path("/nowhere/\u202egnp.\x1b[31m"))
    assert isinstance(item, Unreadable)
    assert "\u202e" not in item.place
    assert "\x1b" not in item.place
