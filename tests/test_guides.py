"""Guides do what they say: their commands are typed into a shell, and what is printed is what the page shows."""

import shutil
import socket
from pathlib import Path

import pytest

from guide import FINE, ROOT, Block, GuideError, Shell, blocks, commands, matches

DOCS = ROOT / "docs"
# A script goes on after a failure; the last failure other than «something needs an answer» is remembered.
CAREFUL, SUM = "failed=0; trap 's=$?; [ $s -eq 3 ] || failed=$s' ERR", "trap - ERR; (exit $failed)"
PORTS = ("8040", "8041")  # of the pages; every run takes free ones
JAPANESE, ENGLISH = "ja_JP.UTF-8", "en_US.UTF-8"


def follow(page: Path, folder: Path, language: str) -> None:
    """Do everything a page says, in order, in one shell."""
    for name in ("docs", ".venv", "deploy"):
        (folder / name).symlink_to(ROOT / name)
    text = page.read_text(encoding="utf-8")
    for port in PORTS:
        text = text.replace(port, str(_free_port()))
    with Shell(folder, language) as shell:
        for block in blocks(text):
            if block.unrun is None:
                _do(block, shell, page.name)


def _do(block: Block, shell: Shell, page: str) -> None:
    if block.file is not None:
        (shell.folder / block.file).write_text(block.text, encoding="utf-8")
    elif block.kind == "sh":
        status, printed = shell.run(f"{CAREFUL}\n{block.text}\n{SUM}")
        if status not in FINE:
            raise GuideError(f"{page}:{block.line}: exit status {status}\n{block.text}\n{printed}")
    elif block.kind == "console":
        for command in commands(block):
            if command.text.endswith(" &"):
                shell.start(command.text.removesuffix("&"), command.output)
                continue
            status, printed = shell.run(command.text)
            if status not in FINE or not matches(command.output, printed):
                raise GuideError(
                    f"{page}:{block.line}: $ {command.text}\nprinted (exit status {status})\n{printed}\n"
                    f"instead of\n{command.output}"
                )


def _free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return int(chosen.getsockname()[1])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "language"), [("first-hour.ja.md", JAPANESE), ("first-hour.md", ENGLISH)])
def test_the_first_hour_goes_as_its_guide_says(name: str, language: str, tmp_path: Path) -> None:
    follow(DOCS / name, tmp_path, language)


@pytest.mark.slow
def test_the_first_day_goes_as_its_guide_says(tmp_path: Path) -> None:
    assert [tool for tool in ("curl", "openssl") if shutil.which(tool) is None] == [], "the guide uses them"
    follow(DOCS / "first-day.md", tmp_path, ENGLISH)


@pytest.mark.parametrize("name", ["first-hour", "first-day"])
def test_a_guide_shows_the_same_commands_in_both_languages(name: str) -> None:
    pages = [(DOCS / f"{name}{ending}").read_text(encoding="utf-8") for ending in (".ja.md", ".md")]
    ja, en = ([_typed(block) for block in blocks(page)] for page in pages)
    assert ja == en


def _typed(block: Block) -> str:
    if block.kind == "console":
        return "\n".join(command.text for command in commands(block))
    return "\n".join(line for line in block.text.splitlines() if not line.startswith("#"))
