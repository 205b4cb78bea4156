"""The documentation site: `make docs` builds it with Sphinx from the Markdown pages of docs/ and of the root.

The source folder is the root of the project, so that links between README, ARCHITECTURE and docs/ are the same here as
in a checkout. Nothing is loaded from elsewhere: fonts are the reader's own, scripts and styles lie in the site.
"""

import re
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent

project = "Kuraban (蔵番)"
author = "the Kuraban authors"
version = release = installed("kuraban")
language = "en"
root_doc = "docs/index"
include_patterns = ["docs/*.md", "*.md"]
exclude_patterns = [".*", "build", "bench", "deploy", "dist", "src", "tests", "tools"]
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
highlight_language = "none"
nitpicky = True

html_theme = "furo"
html_title = "Kuraban 蔵番"
html_static_path = ["_static"]
html_extra_path = ["_extra"]  # the front door: what was asked for without a page
html_css_files = ["pages.css"]
html_copy_source = html_show_sourcelink = False
html_show_copyright = False
# The Japanese splitter indexes both scripts; the English one would take a Japanese sentence for one word.
html_search_language = "ja"
html_theme_options = {"top_of_page_buttons": []}

# A screenshot that has not been made yet is left out; every other picture has to be there.
_SCREENSHOT = re.compile(r"^!\[[^\]]*\]\((images/(?:desk|home)-[a-z-]+\.png)\)$", re.MULTILINE)


def without_missing_screenshots(app: Sphinx, name: str, source: list[str]) -> None:
    """Drop the pictures of the console that `docs/images` does not hold."""
    source[0] = _SCREENSHOT.sub(lambda found: found[0] if (ROOT / "docs" / found[1]).exists() else "", source[0])


def said_in(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: Any) -> None:
    """The language of a page, for browsers and screen readers, from its name."""
    context["language"] = "ja" if page.endswith(".ja") else "en"


def setup(app: Sphinx) -> None:
    """Sphinx calls this once."""
    app.connect("source-read", without_missing_screenshots)
    app.connect("html-page-context", said_in)
