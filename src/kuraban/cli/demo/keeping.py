"""Removes the demo's temporary folder when the last of the demo's processes is gone, whatever ended them.

Each of them holds the writing end of a pipe and never writes; here its end is waited for. A program by itself, of the
standard library only: it waits through the whole demo and costs a few megabytes.

    python keeping.py FOLDER < pipe
"""

import os
import shutil
import sys


def main() -> int:
    """Wait, remove, end."""
    while os.read(0, 1):
        pass
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
