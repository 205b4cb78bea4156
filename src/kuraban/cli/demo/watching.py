"""The owner's side, in a process of its own with its own folder: told by its standard input how late it is.

    {"now": "2025-04-18T14:03:00+09:00"}    look at the mailbox as of then
    end of the input                        end

Each look is answered by a line of JSON, a `Looked`.
"""

import sys
from datetime import datetime
from pathlib import Path

import msgspec

from kuraban.cli.demo.home import Asked, Looked
from kuraban.cli.demo.mailbox import OWNER
from kuraban.home import config, intake
from kuraban.home.findings import Finding, Kind, Level
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
        self._now = datetime.fromtimestamp(0).astimezone()
        self._first_alarm: str | None = None
        self._store = Store.open(folder)
        configured = config.load(folder.config)
        keys = Keys(offline, folder.path / intake.KEY_CACHE)
        shared = intake.contexts(configured, keys)
        context = MailContext(
            keys=shared.keys, accounts=shared.accounts, addresses=frozenset({OWNER}), now=lambda: self._now
        )
        self._watcher = Watcher(folder, configured, self._store, "ja", context, now=lambda: self._now)
        self._begun = False

    def look(self, now: datetime) -> Looked:
        self._now = now
        if not self._begun:
            self._begun = True
            self._watcher.begin()
        self._watcher.step()
        found = review(self._watcher.known(now)).findings
        alarms = [finding for finding in found if finding.level is Level.ALARM]
        if alarms and self._first_alarm is None:
            self._first_alarm = now.isoformat()
        asked = [finding for finding in found if finding.level is Level.ASK]
        forged = [finding for finding in found if finding.kind is Kind.FORGED]
        mails = sum(self._store.verdicts().values())
        caught = any(finding.kind in (Kind.ACTS, Kind.WITHDRAWAL) for finding in (*alarms, *asked))
        told, fakes = _sentences([*alarms, *asked]), _sentences(forged)
        return Looked(mails, len(alarms), len(asked), caught, told, fakes, self._first_alarm)

    def close(self) -> None:
        self._store.close()


def _sentences(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.sentence.ja, finding.sentence.en) for finding in findings]


def main() -> int:
    """Look whenever a line comes, until there are no more."""
    side = _Side(Path(sys.argv[1]))
    decode = msgspec.json.Decoder(Asked).decode
    try:
        for line in sys.stdin.buffer:
            sys.stdout.buffer.write(msgspec.json.encode(side.look(decode(line).now)) + b"\n")
            sys.stdout.buffer.flush()
    finally:
        side.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
