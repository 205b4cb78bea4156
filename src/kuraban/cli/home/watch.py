"""`kuraban home watch`: keep watching until stopped."""

import argparse
import fcntl
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from kuraban.cli.home.common import NEEDS_ANSWER, announce_compiling, language_of, opened, show_words
from kuraban.home import intake
from kuraban.home.findings import Level
from kuraban.home.folder import Folder
from kuraban.home.problems import HomeError
from kuraban.home.store import Store
from kuraban.home.watch import Watcher


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "設定したメールとCSVのフォルダを見張り続けます。止めるには Ctrl-C。\n"
        "Keeps watching the mailboxes and the folder of exports that were set up. Stop with Ctrl-C."
    )
    parser.add_argument("--once", action="store_true", help="一巡だけ(cron用) / one round of files, for cron")
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
    with _alone(folder):
        store = Store.open(folder)
        keys = intake.open_keys(folder, online=not given.offline)
        watcher = Watcher(folder, config, store, language, intake.contexts(config, keys))
        if given.once:
            watcher.begin()
            watcher.fetch()
            watcher.step()
        else:
            stop = threading.Event()
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            show_words("見張りを始めました(Ctrl-C で終了)。", "watching (Ctrl-C to stop)", language)
            try:
                watcher.run(stop)
            finally:
                stop.set()
        waiting = [a for a in store.alerts(only_open=True) if not a.quiet and a.finding.level is not Level.INFO]
        store.close()
    if given.once:
        show_words(
            f"一巡しました。答えを待っていること: {len(waiting)}件",
            f"one round done; waiting for you: {len(waiting)}",
            language,
        )
    return NEEDS_ANSWER if waiting and given.once else 0


@contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    """Hold the folder's lock, which the system lets go when this process ends, however it ends."""
    folder.prepare()
    handle = os.open(folder.path / "watch.lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise HomeError.of("見張りはもう動いています。", "the watch is running already") from None
    try:
        yield
    finally:
        os.close(handle)
