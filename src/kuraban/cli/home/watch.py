"""`kuraban home watch`: keep watching until stopped."""

import argparse
import fcntl
import os
import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from kuraban.cli.home.common import (
    NEEDS_ANSWER,
    add_port,
    announce_compiling,
    language_of,
    opened,
    say,
    show,
    show_words,
)
from kuraban.home import intake
from kuraban.home.condition import condition
from kuraban.home.findings import Level
from kuraban.home.folder import Folder
from kuraban.home.problems import HomeError
from kuraban.home.store import Store
from kuraban.home.watch import Watcher


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "設定したメールとCSVのフォルダを見張り続けます。止めるには Ctrl-C。\n"
        "Keeps watching the mailboxes and the folder of exports that were set up. Stop with Ctrl-C.\n\n"
        "  kuraban home watch --open      画面も開く / with the pages in your browser\n"
        "  kuraban home watch --pages     画面のアドレスを表示 / the pages, their address only printed"
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--once", action="store_true", help="一巡だけ(cron用) / one round of files, for cron")
    kind.add_argument("--open", action="store_true", help="画面をブラウザで開く / open the pages in the browser")
    kind.add_argument(
        "--pages", action="store_true", help="画面のアドレスを表示 / serve the pages, print their address"
    )
    add_port(parser)
    parser.add_argument("--offline", action="store_true", help="DNSに尋ねない / ask no DNS server")


def run(given: argparse.Namespace) -> int:
    """Watch."""
    folder, config = opened()
    language = language_of(given, config)
    if not config.mailbox and not config.csv_folder:
        raise HomeError.of(
            "見張るものがありません。先に `kuraban home setup` をしてください。",
            "there is nothing to watch: run `kuraban home setup` first",
        )
    announce_compiling(language)
    with alone(folder):
        store = Store.open(folder)
        keys = intake.open_keys(folder, online=not given.offline)
        watcher = Watcher(folder, config, store, language, intake.contexts(config, keys))
        status = _once(watcher) if given.once else _watch(watcher, given)
        store.close()
    return status


def _once(watcher: Watcher) -> int:
    """One round."""
    watcher.begin()
    watcher.fetch()
    watcher.step()
    open_ones = watcher.store.alerts(only_open=True)
    waiting = [a for a in open_ones if not a.quiet and a.finding.level is not Level.INFO]
    show_words(
        f"一巡しました。答えを待っていること: {len(waiting)}件",
        f"one round done; waiting for you: {len(waiting)}",
        watcher.language,
    )
    found = condition(watcher.store, watcher.folder, watcher.config, watcher.now())
    going = found.incident is not None and found.incident.open
    if going or found.unexplained:
        show(say(found.sentence, watcher.language))
    return NEEDS_ANSWER if waiting or going or found.unexplained else 0


def _watch(watcher: Watcher, given: argparse.Namespace) -> int:
    """Until stopped, with the pages where they are wanted."""
    stop, ended = threading.Event(), threading.Event()

    def end(*_: object) -> None:
        ended.set()
        stop.set()

    signal.signal(signal.SIGTERM, end)
    begun = ("見張りを始めました(Ctrl-C で終了)。", "watching (Ctrl-C to stop)")
    if not (given.open or given.pages):
        show_words(*begun, watcher.language)
        _until(watcher, stop)
        return 0
    from kuraban.cli.home.pages import served
    from kuraban.console.home.seat import Running, stopped_by

    running = Running("here")
    with served(watcher.folder, given.port, running, watcher.language, browser=given.open):
        show_words(*begun, watcher.language)
        try:
            _until(watcher, stop)
        except Exception as error:
            # The pages go on, so that whoever looks at them sees that nobody watches any more.
            running.state, running.why = "stopped", stopped_by(error)
            if not isinstance(error, HomeError):
                traceback.print_exc()
            show_words(running.why.ja, running.why.en, watcher.language)
            while not ended.wait(1.0):
                pass
            return 1
    return 0


def _until(watcher: Watcher, stop: threading.Event) -> None:
    try:
        watcher.run(stop)
    finally:
        stop.set()


@contextmanager
def alone(folder: Folder) -> Iterator[None]:
    """Hold the folder's lock, which the system lets go when this process ends, however it ends."""
    folder.prepare()
    handle = os.open(folder.path / "watch.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise HomeError.of(
            "見張りはもう動いています。画面を開くには `kuraban home console`。",
            "the watch is running already; `kuraban home console` opens its pages",
        ) from None
    try:
        yield
    finally:
        os.close(handle)
