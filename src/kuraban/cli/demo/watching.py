"""The owner's side, in a process of its own with its own folder: told by its standard input how late it is.

    {"now": "2025-04-18T14:03:00+09:00"}    look at the mailbox as of then
    end of the input                        end

The first line it writes is JSON, a `Served`: where its pages are. Each look is answered by another, a `Looked`.
"""

import os
import sys
from datetime import datetime
from pathlib import Path

import msgspec

from kuraban.cli.demo.home import Asked, Looked, Served, Told
from kuraban.cli.demo.mailbox import OWNER
from kuraban.console.home.seat import Running
from kuraban.console.home.serving import Pages
from kuraban.home import config, intake
from kuraban.home.findings import RANK, Finding, Kind, Level
from kuraban.home.folder import Folder
from kuraban.home.mail.authenticity.keys import Keys, offline
from kuraban.home.mail.context import MailContext
from kuraban.home.review import review
from kuraban.home.store import Store
from kuraban.home.watch import Watcher


class _Side:
    """The watcher with a clock that is told."""

    def __init__(self, path: Path) -> None:
        folder = Folder(path)
        folder.prepare()
        self._now = datetime.now().astimezone()  # until it is told
        self._store = Store.open(folder)
        configured = config.load(folder.config)
        keys = Keys(offline, folder.path / intake.KEY_CACHE)
        shared = intake.contexts(configured, keys)
        context = MailContext(
            keys=shared.keys, accounts=shared.accounts, addresses=frozenset({OWNER}), now=lambda: self._now
        )
        self._watcher = Watcher(folder, configured, self._store, "ja", context, now=lambda: self._now)
        self._begun = False
        self._pages = Pages(folder, 0, Running("here"))
        self._pages.seat.now = lambda: self._now

    def serve(self) -> Served:
        """Serve the pages, which see the same simulated time."""
        self._pages.begin()
        return Served(self._pages.address, self._pages.seat.door.address_once())

    def look(self, now: datetime) -> Looked:
        self._now = now
        if not self._begun:
            self._begun = True
            self._watcher.begin()
        self._watcher.step()
        found = review(self._watcher.known(now)).findings
        shown = [finding for finding in found if finding.level is not Level.INFO or finding.kind is Kind.FORGED]
        shown.sort(key=lambda finding: (-RANK[finding.level], finding.kind is not Kind.ACTS))
        return Looked(sum(self._store.verdicts().values()), [_told(finding) for finding in shown])

    def close(self) -> None:
        self._pages.close()
        self._store.close()


def _told(finding: Finding) -> Told:
    words = finding.sentence
    return Told(finding.level.value, finding.kind.value, finding.first, finding.last, words.ja, words.en)


def main() -> int:
    """Look whenever a line comes, until there are no more."""
    side = _Side(Path(sys.argv[1]))
    decode = msgspec.json.Decoder(Asked).decode
    try:
        _answer(side.serve())
        for line in sys.stdin.buffer:
            _answer(side.look(decode(line).now))
    except BrokenPipeError:
        os._exit(1)  # the demo is gone in the middle of a look: there is nobody to tell, and nothing to keep
    finally:
        side.close()
    return 0


def _answer(what: Served | Looked) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(what) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    raise SystemExit(main())
