"""`kuraban serve` as a child of the demo: it stops in good order when its standard input ends, that is with the demo.

The demo holds the other end and never writes, so however it ends, killed included, the server does not outlive it.
"""

import os
import signal
import sys
import threading

from kuraban.cli import main as command_line

STOPS_WITHIN_S = 30.0


def main() -> int:
    """Serve with the arguments given."""
    threading.Thread(target=_leave_with_the_demo, daemon=True).start()
    return command_line(["serve", *sys.argv[1:]])


def _leave_with_the_demo() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    threading.Event().wait(STOPS_WITHIN_S)
    os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main())
