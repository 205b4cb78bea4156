"""The watch: mail as it comes, exports as they appear, mailboxes that fail, stops and new starts."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import home_mailbox
from dovecot import PASSWORD, USER, Dovecot, dovecot
from home_owner import Done, at
from home_pages import savings, theft
from kuraban.home import setup
from kuraban.home.condition import condition
from kuraban.home.config import Account, Alerts, Channel, Config, Mailbox
from kuraban.home.findings import Kind, Level
from kuraban.home.folder import Folder
from kuraban.home.mail.authenticity.keys import Keys, Resolver, offline
from kuraban.home.mail.context import MailContext
from kuraban.home.model import Verdict
from kuraban.home.plan import Withdrawal
from kuraban.home.problems import HomeError
from kuraban.home.store import Store
from kuraban.home.watch import Watcher, signature

DAY = date(2025, 11, 20)
CHANNEL = Alerts(channels=[Channel("phone", "json://localhost/")])


@dataclass
class World:
    """A folder, a Maildir, a clock that is set by hand, and what was sent."""

    root: Path
    now: datetime = field(default_factory=lambda: at(DAY, 8))
    sent: list[tuple[str, str]] = field(default_factory=list)
    number: int = 0

    def __post_init__(self) -> None:
        home_mailbox.write_maildir([], self.root / "mail")

    def deliver(self, *done: Done) -> None:
        """Notices come into the Maildir."""
        for one in done:
            self.number += 1
            mail = home_mailbox.notice(one, self.number)
            (self.root / "mail" / "new" / f"{self.number}.host").write_bytes(mail.raw)

    def watcher(self, **config: object) -> Watcher:
        """A watch begun anew, as after a restart."""
        box = Mailbox(name="mail", kind="maildir", path=str(self.root / "mail"), authserv_id=home_mailbox.PROVIDER)
        given = {"mailbox": [box], "account": [Account("楽天", "rakuten")], "alerts": CHANNEL, **config}
        folder = Folder(self.root / "kuraban")
        labels = {"rakuten": "楽天"}

        def send(channel: Channel, title: str, body: str) -> bool:
            self.sent.append((title, body))
            return True

        context = MailContext(keys=Keys(home_mailbox.resolver()), accounts=labels, now=lambda: self.now)
        made = Config(**given)  # type: ignore[arg-type]
        watcher = Watcher(folder, made, Store.open(folder), "en", context, send, lambda: self.now)
        watcher.begin()
        return watcher

    def later(self, **passed: float) -> None:
        """Time passes."""
        self.now += timedelta(**passed)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_what_comes_while_watching_is_told_within_the_round_and_only_once(world: World) -> None:
    world.deliver(*savings())
    watcher = world.watcher()
    watcher.step()
    assert world.sent == []
    world.now = at(DAY, 12, 40)
    world.deliver(*theft())
    watcher.step()
    watcher.step()
    assert [title for title, _ in world.sent] == ["Kuraban: act now"]
    assert "楽天" in world.sent[0][1]


def test_after_a_restart_nothing_is_told_again_and_nothing_is_lost(world: World) -> None:
    world.deliver(*savings())
    first = world.watcher()
    first.step()
    world.now = at(DAY, 12, 40)
    world.deliver(*theft()[:6])
    first.step()
    told = len(world.sent)
    first.store.close()
    world.deliver(*theft()[6:])
    second = world.watcher()
    second.step()
    assert len(second.store.facts()) == len(savings()) + len(theft())
    assert len(world.sent) >= max(1, told)
    (alert,) = [one for one in second.store.alerts() if one.finding.kind is Kind.ACTS]
    assert len(alert.finding.about) == len(theft())


def test_what_lies_in_the_mailbox_from_before_is_asked_about_quietly(world: World) -> None:
    world.deliver(*savings(), *theft())
    world.now = at(DAY + timedelta(days=20), 8)
    watcher = world.watcher()
    watcher.step()
    assert world.sent == []
    assert [one.finding.kind for one in watcher.store.alerts(only_open=True)] == [Kind.ACTS]


def test_mails_that_came_while_no_name_server_answered_are_checked_when_one_does(world: World) -> None:
    world.deliver(*savings())
    answers: list[Resolver] = [offline]
    seconds = [0.0]
    keys = Keys(lambda name: answers[-1](name), clock=lambda: seconds[0])
    watcher = world.watcher(mailbox=[Mailbox(name="mail", kind="maildir", path=str(world.root / "mail"))])
    watcher.context = replace(watcher.context, keys=keys)
    watcher.step()
    assert {letter.authenticity.verdict for letter in watcher.store.letters()} == {Verdict.UNVERIFIED}
    assert len(watcher.store.waiting()) == len(savings())
    answers.append(home_mailbox.resolver())
    seconds[0] += 3600
    watcher.step()
    assert {letter.authenticity.verdict for letter in watcher.store.letters()} == {Verdict.VERIFIED}
    assert watcher.store.waiting() == []
    assert len(watcher.store.facts()) == len(savings())


def test_a_mailbox_that_stays_unreadable_is_an_alarm_that_ends_when_it_is_back(world: World) -> None:
    watcher = world.watcher()
    watcher.step()
    moved = (world.root / "mail").rename(world.root / "away")
    for _ in range(8):
        watcher.step()
        world.later(minutes=10)
    assert world.sent[0][0] == "Kuraban: act now"
    assert watcher.store.alerts()[0].finding.kind is Kind.MAILBOX
    moved.rename(world.root / "mail")
    watcher.step()
    assert watcher.store.alerts(only_open=True) == []


def test_a_watch_that_did_not_run_says_for_how_long(world: World) -> None:
    world.watcher().store.close()
    world.later(days=5)
    watcher = world.watcher()
    watcher.step()
    (alert,) = watcher.store.alerts()
    assert (alert.finding.kind, alert.finding.level) == (Kind.GAP, Level.ASK)
    assert "120 hours" in alert.finding.sentence.en
    watcher.store.close()
    world.later(hours=9)
    assert world.watcher().store.alerts()[-1].finding.level is Level.INFO


EXPORT = (
    "約定日,受渡日,銘柄コード,銘柄名,市場名称,口座区分,取引区分,売買区分,信用区分,弁済期限,数量［株］,単価［円］,手数料［円］,税金等［円］,"
    "諸費用［円］,税区分,受渡金額［円］,建約定日,建単価［円］,建手数料［円］,建手数料消費税［円］,金利（支払）〔円〕,金利（受取）〔円〕,"
    "逆日歩／特別空売り料（支払）〔円〕,逆日歩（受取）〔円〕,貸株料,事務管理費〔円〕（税抜）,名義書換料〔円〕（税抜）\r\n"
)


def row(code: str, name: str, day: date, side: str = "買付") -> str:
    cells = [f"{day.year}/{day.month}/{day.day}"] * 2 + [
        code,
        name,
        "東証",
        "特定",
        "現物",
        side,
        "-",
        "-",
        "100",
        "2,800.0",
    ]
    cells += ["0", "0", "0", "-", "280,000", "-", "0.0", "0", "0", "0", "0", "0", "0", "0", "0", "0"]
    return ",".join(f'"{cell}"' for cell in cells) + "\r\n"


def test_an_export_that_appears_is_read_once_and_held_against_the_notices(world: World) -> None:
    days = [date(2025, 10, 6) + timedelta(days=7 * n) for n in range(5)]
    world.deliver(
        *savings(),
        *[Done(at(d, 10), "rakuten", "trade", "7203.T", "トヨタ", "buy", 2800, 100, n) for n, d in enumerate(days)],
    )
    exports = world.root / "csv"
    exports.mkdir()
    watcher = world.watcher(csv_folder=str(exports))
    watcher.step()
    rows = [row("7203", "トヨタ", day) for day in days] + [row("6501", "日立", date(2025, 11, 4))]
    (exports / "tradehistory(JP)_20251120.csv").write_bytes((EXPORT + "".join(rows)).encode("cp932"))
    world.later(hours=2)
    watcher.step()
    watcher.step()
    missing = [one for one in watcher.store.alerts() if one.finding.kind is Kind.MISSING_NOTICE]
    assert len(missing) == 1
    assert "2025-11-04" in missing[0].finding.sentence.en
    assert len(watcher.store.exported_on()) == 1


def test_the_digest_comes_once_a_week(world: World) -> None:
    world.deliver(*savings())
    watcher = world.watcher()
    for _ in range(24 * 15):
        watcher.tell()
        world.later(hours=1)
    assert [title for title, _ in world.sent] == ["Kuraban: this week"] * 2
    assert "mails of brokers" in world.sent[0][1]


def test_a_signature_changes_with_anything_below(tmp_path: Path) -> None:
    before = signature(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.csv").write_text("x")
    after = signature(tmp_path)
    assert before != after == signature(tmp_path)
    assert signature(tmp_path / "none") == "gone"


@pytest.fixture
def imap() -> Iterator[Dovecot]:
    # Not pytest's folder, which only its owner may enter: the server reads mail as another user.
    made = tempfile.TemporaryDirectory(prefix="kuraban-imap-", ignore_cleanup_errors=True)
    with made as folder, dovecot(Path(folder)) as running:
        yield running


def test_the_command_watches_a_real_mailbox_through_kill_9_and_leaves_its_flags_alone(
    imap: Dovecot, tmp_path: Path
) -> None:
    folder = Folder(tmp_path / "kuraban")
    box = Mailbox(name="mail", host="127.0.0.1", port=imap.port, user=USER, ca_file=str(imap.certificate),
                  secret_command=["printf", PASSWORD], authserv_id=home_mailbox.PROVIDER)  # fmt: skip
    folder.write(folder.config, setup.written(Config(mailbox=[box])))
    mails = [home_mailbox.notice(done, number) for number, done in enumerate([*savings(), *theft()])]
    for number, mail in enumerate(mails[:8]):
        imap.deliver(mail.raw, f"{number:03d}")
    command = [sys.executable, "-m", "kuraban", "home", "watch", "--offline", "--lang", "en"]
    environment = {**os.environ, "KURABAN_HOME": str(folder.path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            waited(lambda: kept(folder) == 8, process)
        finally:
            os.kill(process.pid, signal.SIGKILL)
    for number, mail in enumerate(mails[8:], 8):
        imap.deliver(mail.raw, f"{number:03d}")
    once = subprocess.run(
        [*command, "--once"], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert once.returncode in {0, 3}, once.stderr
    assert kept(folder) == len(mails)
    assert all("S" not in flags for flags in imap.flags())


def kept(folder: Folder) -> int:
    """How many mails the store holds, while another process writes it."""
    if not folder.store.exists():
        return 0
    store = Store.open(folder)
    count = len(list(store.letters()))
    store.close()
    return count


def waited(happened: object, process: "subprocess.Popen[bytes]") -> None:
    """Until it is so, the process ends, or two minutes have passed."""
    assert callable(happened)
    end = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, process.stdout and process.stdout.read()
        assert time.monotonic() < end
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)


def test_times_are_kept_with_their_offset(world: World) -> None:
    watcher = world.watcher()
    beat = watcher.store.time_note("watch.beat")
    assert beat == world.now
    assert beat.astimezone(UTC) == world.now.astimezone(UTC)


def test_a_slip_in_the_plan_does_not_end_the_watch_and_the_plan_before_it_holds(world: World) -> None:
    plan = Folder(world.root / "kuraban").plan
    watcher = world.watcher()
    plan.write_text('[[withdrawal]]\naccount = "楽天"\n', "utf-8")
    watcher.step()
    plan.write_text('[[withdrawal]]\naccount = "楽天\n', "utf-8")
    world.later(hours=2)
    watcher.step()
    found = condition(watcher.store, watcher.folder, watcher.config, world.now)
    assert found.light == "yellow"
    assert "plan cannot be read" in found.sentence.en
    assert watcher.known(world.now).plan.withdrawal == [Withdrawal("楽天")]
    plan.write_text("", "utf-8")
    watcher.step()
    assert condition(watcher.store, watcher.folder, watcher.config, world.now).light == "green"
    plan.write_text("x", "utf-8")
    with pytest.raises(HomeError, match="line 1"):
        world.watcher()
