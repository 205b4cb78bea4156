"""Examples in documents are true: the program takes the commands, guides read the files, names are in the code."""

import contextlib
import gzip
import io
import re
import shlex
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from guide import FINE, ROOT, GuideError, Shell, blocks
from kuraban import events
from kuraban.cli import COMMANDS, parser
from kuraban.cli.home import SUBCOMMANDS
from kuraban.core.signals.catalogue import SIGNALS
from kuraban.server.routes import ENDPOINTS

# Made from the code, or about words and not commands.
GENERATED = ("reference-commands.md", "reference-http.md", "reference-events.md")
PAGES = [
    page
    for page in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
    if page.name not in GENERATED and page.name != "CHANGELOG.md"
]
FOLLOWED = ("first-hour.md", "first-hour.ja.md", "first-day.md", "first-day.ja.md")
_COMMAND = re.compile(r"^(?:\$ | {2,})?(?:\.venv/bin/)?(kuraban [a-z].*)$")
_INLINE = re.compile(r"`kuraban ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?[^`]*`")


def shown(page: Path) -> list[str]:
    """The commands of a page that stand on a line of their own."""
    lines = re.sub(r"\\\n\s*", "", page.read_text(encoding="utf-8")).splitlines()
    return [found[1] for line in lines if (found := _COMMAND.match(line))]


def parses(command: str) -> bool:
    """Whether the program takes a command as it stands, or without the words of explanation behind it."""
    first = re.split(r"\s{2,}|\s+&|\s+\|", command)[0]
    return any(_accepted(text) for text in (command, first, first.replace("…", "VALUE"), first.partition("…")[0]))


def _accepted(text: str) -> bool:
    try:
        words = shlex.split(text, comments=True)[1:]
        redirected = next((i for i, word in enumerate(words) if word.startswith((">", "2>"))), len(words))
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            parser(words[0]).parse_args(words[:redirected])
    except (ValueError, SystemExit):
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_shown_is_one_the_program_takes(page: Path) -> None:
    assert [command for command in shown(page) if not parses(command)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_named_in_the_text_exists(page: Path) -> None:
    known = {command.name for command in COMMANDS}
    below = {sub.name for sub in SUBCOMMANDS}
    named = _INLINE.findall(page.read_text(encoding="utf-8"))
    assert [pair for pair in named if pair[0] not in known or (pair[0] == "home" and pair[1] not in {*below, ""})] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_endpoint_and_signal_named_in_the_text_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = {(each.method, re.sub(r"\{.*?\}", "{}", each.path)) for each in ENDPOINTS}
    asked = re.findall(r"\b(GET|POST|PUT|DELETE) +(/(?:v1/|healthz|readyz|metrics)[\w/{}.…-]*)", text)
    asked = [(method, re.sub(r"\{.*?\}|(?<=/)(?:\d+|[a-z]+-\d[\w-]*)(?=/|$)", "{}", path)) for method, path in asked]
    assert [each for each in asked if each not in paths] == []
    signals = {signal.id for signal in SIGNALS}
    families = {name.partition(".")[0] for name in signals if "." in name}
    named = set(re.findall(rf"`((?:{'|'.join(families)})\.[a-z_]+)`", text)) - set(get_args(events.Type))
    assert [name for name in named - signals if not name.startswith("notice.") and not name.endswith(".py")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_to_type_are_run_or_say_why_not_and_files_are_read(page: Path) -> None:
    """A fence `sh` or `console` outside of the guides that are followed, or a file that no guide reads, is unproved."""
    if page.name not in FOLLOWED:
        unproved = [block for block in blocks(page.read_text(encoding="utf-8")) if not block.unrun]
        assert [block.line for block in unproved if block.kind in {"sh", "console", "toml", "json"}] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_events_sent_by_curl_in_the_text_are_events(page: Path) -> None:
    bodies = re.findall(r"/v1/decide[^\n]* -d '(.*?)'", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for body in bodies:
        if "type" in msgspec.json.decode(body):
            events.decode(body.encode())


UNRUN = {"make demo": "has a test of its own", "make test": "is what runs this", "make evaluate": "takes hours",
         "make bench": "measures the machine"}  # fmt: skip


@pytest.mark.slow
def test_the_readme_does_what_it_says(tmp_path: Path) -> None:
    """On a small world: everything is run as it stands but for the size of the world and an id to be filled in."""
    typed = [line.strip() for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("    ")]
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    with Shell(tmp_path, "en_US.UTF-8") as shell:
        _prepare(shell, tmp_path)
        for line in typed:
            command = line.split("#")[0].strip()
            if command in UNRUN:
                continue
            command = command.replace("--accounts 2000 --days 30", "--accounts 60 --days 4").replace(
                "--attacks 40", "--attacks 2"
            )
            command = command.replace(
                "--event ID", '--event $(sed -n \'s/.*"event":"\\([^"]*\\)".*/\\1/p;q\' decisions.jsonl)'
            )
            if " serve " in command:
                shell.start(
                    command.replace("8040", "0"), "…\nlistening on http://127.0.0.1:… (受付中), data in desk\n…"
                )
                continue
            status, printed = shell.run(command)
            if status not in FINE:
                raise GuideError(f"{command}\nexit status {status}\n{printed}")


def _prepare(shell: Shell, folder: Path) -> None:
    """The files that the readme takes for granted: two days of events, and an owner's mails and exports."""
    assert shell.run(".venv/bin/kuraban simulate made --accounts 60 --days 6 --seed 1 --attacks 2")[0] == 0
    lines = (folder / "made" / "events.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "events.jsonl.gz").write_bytes(gzip.compress(b"".join(lines)))
    (folder / "monday.jsonl").write_bytes(b"".join(lines[: len(lines) // 2]))
    (folder / "tuesday.jsonl").write_bytes(b"".join(lines[len(lines) // 2 :]))
    (folder / "instruments.csv").write_bytes((folder / "made" / "instruments.csv").read_bytes())
    for name in ("Mail", "Downloads"):
        (folder / name).mkdir()
    practice = ROOT / "docs" / "practice" / "2-withdrawal.mbox"
    (folder / "Mail" / practice.name).write_bytes(practice.read_bytes())
    export = next((ROOT / "src/kuraban/home/statements/samples/rakuten-jp").glob("*.csv"))
    (folder / "Downloads" / export.name).write_bytes(export.read_bytes())
