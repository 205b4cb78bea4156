"""Writes the pages that come from the code: contract, HTTP API, command line, signals, JSON Schema.

`make docs` runs it; a test fails where a page and the code differ.
"""

import sys
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).resolve().parent))
from pages import commands, contract, guideline, http, signals

from kuraban import decisions, events

DOCS = Path(__file__).resolve().parent.parent / "docs"


def pages() -> dict[Path, str]:
    """Every generated file with its content."""
    made = {
        DOCS / "signals.md": signals.signals_page(),
        DOCS / "guideline.md": guideline.page(),
        DOCS / "reference-events.md": contract.page(),
        DOCS / "reference-http.md": http.page(),
        DOCS / "reference-commands.md": commands.page(),
    }
    for name, schema in {"event": events.schema(), "decision": decisions.schema()}.items():
        made[DOCS / f"{name}.schema.json"] = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n"
    return made


def main() -> int:
    """Write what has changed."""
    for path, text in pages().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"written: {path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
