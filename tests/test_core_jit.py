"""Compiled code is kept where it can be written to, and done without elsewhere."""

import os
import subprocess
import sys
from pathlib import Path


def told(cache: Path) -> str:
    """What a fresh program says with this cache folder: whether it keeps compiled code, whether the folder is there."""
    environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    # A function of a file of its own: what is typed in cannot be cached in any case.
    code = "from kuraban.core import jit, policy; print(jit._CACHED, jit.cache_folder().is_dir())"
    made = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"XDG_CACHE_HOME": str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.strip()


def test_a_cache_folder_that_cannot_be_written_to_does_not_end_the_program(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert told(tmp_path / "file") == "False False"


def test_a_cache_folder_is_made_where_it_can_be(tmp_path: Path) -> None:
    assert told(tmp_path / "new") == "True True"
