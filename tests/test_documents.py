"""The documents: maps that are true, pages made from the code, and languages that say the same."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Pictures of the consoles are shown where they have been made; `docs/conf.py` leaves the others out.
SCREENSHOT = re.compile(r"images/(?:desk|home)-[a-z-]+\.png")


def _tool(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


build_docs = _tool("build_docs")


def test_the_map_names_every_part_of_the_package() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    parts = [
        path.name + ("/" if path.is_dir() else "")
        for path in (ROOT / "src" / "kuraban").iterdir()
        if not path.name.startswith("_") and (path.is_dir() or path.suffix == ".py")
    ]
    assert [part for part in parts if f"`{part}`" not in text] == []


def test_the_map_names_nothing_that_is_not_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    listed = re.findall(r"^ *- `([a-z_]+(?:/|\.py))`", text, flags=re.MULTILINE)
    places = [ROOT / "src" / "kuraban", ROOT / "src" / "kuraban" / "core"]
    assert [name for name in listed if not any((place / name).exists() for place in places)] == []


@pytest.mark.parametrize("path", build_docs.pages(), ids=lambda path: path.name)
def test_pages_made_from_the_code_are_up_to_date(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == build_docs.pages()[path], "run python tools/build_docs.py"


def test_both_readmes_show_the_same_commands() -> None:
    commands = [
        [
            line.split("#")[0].strip()
            for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
            if line[:4] == "    "
        ]
        for name in ("README.md", "README.ja.md")
    ]
    assert commands[0] == commands[1]


def test_links_between_documents_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    links = [
        (page, target)
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]
    links = [(page, target) for page, target in links if not SCREENSHOT.fullmatch(target)]
    assert [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()] == []


def test_practice_mails_are_those_their_tool_writes(tmp_path: Path) -> None:
    _tool("build_practice").write(tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_bytes() for path in (ROOT / "docs" / "practice").iterdir()}


@pytest.mark.parametrize(("page", "template"), [("console.md", "desk"), ("home-console.md", "home")])
def test_pages_of_the_consoles_are_listed_with_their_keys_and_names(page: str, template: str) -> None:
    source = (ROOT / "src/kuraban/console/templates" / template / "page.html").read_text(encoding="utf-8")
    places = re.findall(r'\("(\w)", "/\w*", t\("([^"]+)", "([^"]+)"\)\)', source)
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    listed = [re.findall(rf"^\| `g` `{key}` \| ([^|]+) \|", text, flags=re.MULTILINE) for key, _, _ in places]
    assert listed == [[ja, en] for _, ja, en in places]
