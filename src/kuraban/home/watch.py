"""`kuraban home watch`: reads mail as it comes and exports as they appear, judges, and tells the owner.

One thread per IMAP mailbox hands mails over; all else happens in one thread, which alone writes the store. A mail and
the position after it are kept in one transaction, so after kill -9 the watch goes on where it was: nothing is lost and
nothing is told twice. A mailbox that stays unreadable is an alarm; so is a watch that did not run.
"""

import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from kuraban.home import alert, boxes, health, intake
from kuraban.home.acts import TOKYO
from kuraban.home.alert import Language, Send, by_apprise, say
from kuraban.home.checking import mails_of
from kuraban.home.config import Config, Mailbox
from kuraban.home.digest import WEEK, digest, last_due
from kuraban.home.findings import Kind
from kuraban.home.folder import Folder
from kuraban.home.hardening import reminder_words
from kuraban.home.looking import PLAN_WRONG, known, look, plan_before
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.sources import imap, watching
from kuraban.home.mail.sources.imap import Arrived, Position
from kuraban.home.model import Unreadable, Words
from kuraban.home.plan import Plan
from kuraban.home.plan import load as load_plan
from kuraban.home.problems import HomeError
from kuraban.home.review import Known, Review, review
from kuraban.home.standing import reminders
from kuraban.home.store import Store

FAILURES_END = timedelta(minutes=20)  # a mailbox that failed longer ago than a new attempt takes is up again
GAP_TOLD = timedelta(hours=1)
IDLE_SECONDS = 1.0
HANDED_OVER = 100
FLOOD, FIRST_PASS = timedelta(minutes=1), timedelta(minutes=30)

Handed = tuple[str, Arrived | Unreadable]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Watcher:
    """The watch without its threads: `take` what comes, `poll` files, `look` at everything known, `tell` the owner."""

    folder: Folder
    config: Config
    store: Store
    language: Language
    context: MailContext
    send: Send = by_apprise
    now: Callable[[], datetime] = _now
    _contexts: dict[str, MailContext] = field(default_factory=dict)
    _changed: bool = True
    _failed: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)

    def begin(self) -> None:
        """Note the start, and say how long the watch was off. Raises `HomeError` where the plan cannot be read: the
        owner is there to put it right."""
        load_plan(self.folder.plan)
        now = self.now()
        if self.store.note("watch.began") is None:
            self.store.set_note("watch.began", now.isoformat())
        last = self.store.time_note("watch.beat")
        if last is not None and now - last > GAP_TOLD:
            self.store.raise_alert(health.gap(last, now), now, quiet=False)
        for box in self.config.mailbox:
            boxes.over(self.store, box.name)
        self.beat()

    def beat(self) -> None:
        """Note that the watch is alive."""
        self.store.set_note("watch.beat", self.now().isoformat())

    def take(self, box: Mailbox, handed: Arrived | Unreadable) -> None:
        """What an IMAP mailbox handed over."""
        now = self.now()
        if isinstance(handed, Unreadable):
            self._fails(box, now, handed.words)
            return
        self._failed.pop(box.name, None)
        position = handed.position
        read = intake.read_item(self.store, handed.item, self._context(box))
        with self.store.transaction():
            self._changed |= intake.keep(self.store, handed.item, read, now, box.name)
            boxes.read(self.store, box.name, now)
            self.store.set_resume_point(box.name, position.folder, position.validity, position.uid)

    def _fails(self, box: Mailbox, now: datetime, why: Words) -> None:
        """Note that a mailbox could not be read just now."""
        first, _ = self._failed.get(box.name, (now, now))
        self._failed[box.name] = (first, now)
        boxes.failing(self.store, box.name, first, why)

    def fetch(self) -> None:
        """What IMAP mailboxes have now, without waiting for more."""
        for box in self.config.mailbox:
            if box.kind == "imap":
                try:
                    with imap.Mailbox(boxes.server_of(box)) as mailbox:
                        self._learn_from(box, mailbox)
                        for arrived in mailbox.since(box.folder, self._position(box)):
                            self.take(box, arrived)
                    boxes.read(self.store, box.name, self.now())
                except imap.MailboxError as error:
                    self.take(box, error.unreadable(f"imap:{box.user}@{box.host}"))

    def _position(self, box: Mailbox) -> Position | None:
        point = self.store.resume_point(box.name, box.folder)
        return Position(box.folder, *point) if point else None

    def _learn_from(self, box: Mailbox, mailbox: imap.Mailbox) -> None:
        if not box.authserv_id and self.store.note(f"receivers:{box.name}") is None:
            found = intake.learn_receivers(arrived.item for arrived in mailbox.since(box.folder))
            intake.keep_receivers(self.store, box, found)

    def poll(self) -> None:
        """Mailboxes that are files, the folder of exports, the plan: what is new in them."""
        self._changed |= self._moved("plan", self.folder.plan)
        for box in self.config.mailbox:
            if box.kind != "imap" and box.path is not None:
                self._poll_files(box, Path(box.path).expanduser())
        if self.config.csv_folder:
            folder = Path(self.config.csv_folder).expanduser()
            if self._moved("exports", folder):
                for path in intake.exports_below(folder):
                    self._changed |= intake.take_export(self.store, path, self.config, self.now()) is not None

    def _poll_files(self, box: Mailbox, path: Path) -> None:
        if not path.exists():
            self._fails(box, self.now(), Words(f"{path} がありません", f"there is no {path}"))
            return
        self._failed.pop(box.name, None)
        boxes.read(self.store, box.name, self.now())
        if self._moved(f"mailbox:{box.name}", path):
            if not box.authserv_id and self.store.note(f"receivers:{box.name}") is None:
                intake.keep_receivers(self.store, box, intake.learn_receivers(mails_of(path)))
            for new in intake.take_mails(self.store, mails_of(path), self._context(box), box.name):
                self._changed |= new

    def _moved(self, key: str, path: Path) -> bool:
        """Whether anything below a path changed since last time."""
        mark = signature(path)
        if self.store.note(f"mark:{key}") == mark:
            return False
        self.store.set_note(f"mark:{key}", mark)
        return True

    def check_again(self) -> None:
        """Check mails again that came while no name server answered."""
        named = {box.name: box for box in self.config.mailbox}
        self._changed |= intake.check_again(
            self.store, lambda name: self._context(named[name]) if name in named else None, self.now()
        )

    def _context(self, box: Mailbox) -> MailContext:
        if box.name not in self._contexts:
            learned = intake.kept_receivers(self.store, box)
            self._contexts[box.name] = intake.for_mailbox(self.context, box, learned)
        return self._contexts[box.name]

    def look(self) -> Review | None:
        """Judge everything again where something changed or time has passed; raise what is found."""
        now = self.now()
        last = self.store.time_note("watch.looked")
        if not self._changed and last is not None and now - last < timedelta(hours=1):
            return None
        self._changed = False
        found = look(self.store, self.config, self._plan(), now, reading=not self._failed).review
        with suppress(OSError):
            self.context.keys.save(now)
        return found

    def known(self, now: datetime) -> Known:
        """All that is known. Mail is known up to now while every mailbox can be read."""
        return known(self.store, self.config, self._plan(), now, reading=not self._failed)

    def _plan(self) -> Plan:
        """The owner's plan. A slip in a file that he is writing does not end the watch: the plan of the last look is
        kept to until it is put right, and the pages say so."""
        try:
            plan = load_plan(self.folder.plan)
        except HomeError:
            before = plan_before(self.store)
            if before is None:
                raise
            self.store.set_note(PLAN_WRONG, self.now().isoformat())
            return before
        self.store.set_note(PLAN_WRONG, None)
        return plan

    def mailboxes(self) -> None:
        """Raise an alarm for mailboxes that have long been unreadable; settle those that can be read again."""
        now = self.now()
        patience = timedelta(minutes=self.config.watch.mailbox_down_minutes)
        for name, (first, last) in list(self._failed.items()):
            if now - last > FAILURES_END:
                del self._failed[name]
                boxes.over(self.store, name)
            elif now - first >= patience:
                self.store.raise_alert(health.down(name, first, now), now, quiet=False)
        for one in self.store.alerts(only_open=True):
            if one.finding.kind is Kind.MAILBOX and one.finding.account not in self._failed:
                self.store.settle(one.finding.id, now)

    def tell(self) -> list[str]:
        """Send what is due: alerts, the digest, the heartbeat. Names of channels that failed."""
        now, alerts = self.now(), self.config.alerts
        failed = alert.deliver(self.store, alerts, self.language, now, self.send)
        for name in failed:
            self.store.set_note(f"unsent:{name}", now.isoformat())
        self._digest(now)
        alert.heartbeat(self.store, alerts, self.language, now, self.send)
        return failed

    def _digest(self, now: datetime) -> None:
        due = last_due(self.config.alerts, now)
        sent = self.store.time_note("digest.sent")
        if sent is None:
            self.store.set_note("digest.sent", due.isoformat())
            return
        if sent >= due:
            return
        again = [
            *reminders(self.store, self.folder, self.config, now),
            *reminder_words(self.folder.path, self.config, now.astimezone(TOKYO).date()),
        ]
        words = digest(self.store, review(self.known(now)), max(sent, due - WEEK), now, again)
        title = "蔵番 今週のまとめ" if self.language == "ja" else "Kuraban: this week"
        channels = [channel for channel in self.config.alerts.channels if channel.digest]
        went_out = [self.send(channel, title, say(words, self.language)) for channel in channels]
        if any(went_out) or not channels:
            self.store.set_note("digest.sent", due.isoformat())

    def step(self) -> None:
        """One round of everything but the mails that are handed over."""
        self.poll()
        self.check_again()
        self.mailboxes()
        self.look()
        self.tell()
        self.beat()

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set."""
        self.begin()
        handed: queue.Queue[Handed] = queue.Queue(HANDED_OVER)
        servers = {box.name: box for box in self.config.mailbox if box.kind == "imap"}
        for box in servers.values():
            if not box.authserv_id:
                with suppress(imap.MailboxError), imap.Mailbox(boxes.server_of(box)) as mailbox:
                    self._learn_from(box, mailbox)
            arguments = (box, self._position(box), handed, stop)
            threading.Thread(target=_listen, args=arguments, daemon=True, name=box.name).start()
        next_poll = last = self.now()
        while not stop.is_set():
            try:
                name, item = handed.get(timeout=IDLE_SECONDS)
                self.take(servers[name], item)
                # A flood of mails must not keep the watch from judging; but half a mailbox is not the owner's life.
                patience = FLOOD if self.store.note("watch.looked") else FIRST_PASS
                if self.now() - last < patience:
                    continue
            except queue.Empty:
                pass
            if self._changed or self.now() >= next_poll:
                self.step()
                last = self.now()
                next_poll = last + timedelta(minutes=self.config.watch.poll_minutes)


def _listen(box: Mailbox, position: Position | None, handed: "queue.Queue[Handed]", stop: threading.Event) -> None:
    """In a thread of its own: hand over what the mailbox yields, waiting while the other side is busy."""
    positions = {box.folder: position} if position is not None else {}
    for item in watching.watch(boxes.server_of(box), [box.folder], stop, positions):
        while not stop.is_set():
            with suppress(queue.Full):
                handed.put((box.name, item), timeout=1.0)
                break


def signature(path: Path) -> str:
    """Something that changes when anything is added below a path: sizes and times of files and folders."""
    try:
        found = path.stat()
        mark = f"{found.st_size}:{found.st_mtime_ns}"
        if not path.is_dir():
            return mark
        newest, count = found.st_mtime_ns, 0
        for here, folders, names in os.walk(path):
            folders[:] = [name for name in folders if not name.startswith(".")]
            count += len(names)
            newest = max(newest, os.stat(here).st_mtime_ns)
            for name in names:
                with suppress(OSError):
                    newest = max(newest, os.stat(os.path.join(here, name)).st_mtime_ns)
    except OSError:
        return "gone"
    return f"{count}:{newest}"
