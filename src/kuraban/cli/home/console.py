"""`kuraban home console`: the pages alone, beside a watch that runs already or none."""

import argparse
import signal
import threading

from kuraban.cli.home.common import add_port, language_of, opened, show_words
from kuraban.home.store import Store


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "画面だけを開きます。見張りが別に動いているときに使います。止めるには Ctrl-C。\n"
        "Opens the pages alone, where the watch runs already. Stop with Ctrl-C."
    )
    parser.add_argument("--no-browser", action="store_true", help="アドレスを表示するだけ / only print the address")
    add_port(parser)


def run(given: argparse.Namespace) -> int:
    """Serve the pages until stopped."""
    from kuraban.cli.home.pages import served
    from kuraban.console.home.seat import Running

    folder, config = opened()
    language = language_of(given, config)
    Store.open(folder).close()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with served(folder, given.port, Running(), language, browser=not given.no_browser):
        show_words("止めるには Ctrl-C。", "stop with Ctrl-C", language)
        while not stop.wait(1.0):  # on some systems a signal is not noticed while waiting without end
            pass
    return 0
