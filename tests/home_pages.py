"""A made-up owner's folder, watched, and the owner's pages served from it on loopback."""

import random
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import httpx

import home_mailbox
from home_mailbox import Mail
from home_owner import JP, THIN, Done, at
from kuraban.console.home.seat import Running
from kuraban.console.home.serving import Pages
from kuraban.home import setup
from kuraban.home.alertstore import Alert
from kuraban.home.condition import condition
from kuraban.home.config import Account, Alerts, Channel, Config, Mailbox
from kuraban.home.folder import Folder
from kuraban.home.mail.authenticity.keys import Keys
from kuraban.home.mail.context import MailContext
from kuraban.home.scoring import Answer
from kuraban.home.store import Store
from kuraban.home.watch import Watcher

DAY = date(2025, 11, 20)
LABELS = {"rakuten": "楽天", "sbi": "SBI"}
HOSTILE = "<img src=x onerror=alert(1)>\u202egpj.exe\u2066'\"&amp;<script>alert(2)</script>"
REACH = """\
[[device]]
name = "スマホ"

[[phone]]
name = "携帯番号"
device = "スマホ"

[[mailbox]]
name = "Gmail"
login = "sms"
code_to = "携帯番号"
password_group = "いつもの"

[[bank]]
name = "楽天銀行"
yen = 2000000

[[broker]]
name = "楽天"
broker = "rakuten"
yen = 5000000
login = "email"
code_to = "Gmail"
password_group = "いつもの"
reset_by = ["Gmail"]
sweep = ["楽天銀行"]
"""


def savings() -> list[Done]:
    """A standing purchase, every month: nothing to ask about."""
    days = [date(2025, month, 10) for month in range(4, 12)]
    return [Done(at(day, 7), "rakuten", "fund", "全世界株式", "全世界株式", quantity=30_000) for day in days]


def theft() -> list[Done]:
    """What a thief does within minutes: everything sold, thin shares bought."""
    sales = [
        Done(at(DAY, 12, n), "rakuten", "trade", s, JP[s][0], "sell", JP[s][1], 100, n)
        for n, s in enumerate(sorted(JP)[:9])
    ]
    buys = [
        Done(at(DAY, 12, 20 + n), "rakuten", "trade", s, THIN[s][0], "buy", 80, 20_000, 50 + n)
        for n, s in enumerate(sorted(THIN)[:3])
    ]
    return [*sales, *buys]


def withdrawal() -> list[Done]:
    """Something that is always asked about."""
    return [Done(at(DAY, 10), "rakuten", "withdrawal", quantity=300_000)]


@dataclass
class Owner:
    """A folder with its configuration, a Maildir, and a clock that is set by hand."""

    root: Path
    now: datetime = field(default_factory=lambda: at(DAY, 8))
    number: int = 0
    channel: bool = False
    sends: bool = True  # whether messages to the owner's channel go out

    def __post_init__(self) -> None:
        self.folder = Folder(self.root / "kuraban")
        self.box = Mailbox(name="mail", kind="maildir", path=str(self.root / "mail"), authserv_id=home_mailbox.PROVIDER)
        self.config = Config(
            mailbox=[self.box],
            account=[Account(label, key) for key, label in LABELS.items()],
            alerts=Alerts(channels=[Channel("phone", "json://localhost/")] if self.channel else []),
        )
        if not (self.root / "mail").exists():
            home_mailbox.write_maildir([], self.root / "mail")
            self.folder.write(self.folder.config, setup.written(self.config))
            self.folder.write(self.folder.path / "reach.toml", REACH)

    def deliver(self, *mails: Mail | Done) -> None:
        """Mails, or the notices of what happened, come into the Maildir."""
        for one in mails:
            self.number += 1
            mail = one if isinstance(one, Mail) else home_mailbox.notice(one, self.number)
            (self.root / "mail" / "new" / f"{self.number:06d}.host").write_bytes(mail.raw)

    def watch(self, hours: float = 0.0) -> None:
        """Time passes, and the watch has a round."""
        self.now += timedelta(hours=hours)
        store = Store.open(self.folder)
        context = MailContext(keys=Keys(home_mailbox.resolver()), accounts=LABELS, now=lambda: self.now)
        watcher = Watcher(self.folder, self.config, store, "ja", context, lambda *_: self.sends, lambda: self.now)
        watcher.begin()
        watcher.step()
        store.close()


def hostile(when: datetime, number: int) -> Mail:
    """A forged mail whose subject and sender's name would like to be markup, and turn the text around."""
    html = (
        '<a href="https://rakuten-sec.example.top/">https://www.rakuten-sec.co.jp/</a><img src="https://t.example/p">'
    )
    raw = (
        f"Subject: 【楽天証券】{HOSTILE}\r\nFrom: 楽天証券 <b>{HOSTILE[28:35]} <service@rakuten-sec.example.top>\r\n"
        f"To: {home_mailbox.OWNER}\r\nDate: {when:%a, %d %b %Y %H:%M:%S +0900}\r\n"
        f"Message-ID: <{number}@evil.example>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n"
    )
    return Mail(when, raw.encode())


def quiet(root: Path, *, channel: bool = False) -> Owner:
    """An owner to whom nothing has happened. channel: whether he has somewhere to be told."""
    owner = Owner(root, channel=channel)
    owner.deliver(*savings())
    owner.watch()
    return owner


def troubled(root: Path, *, sends: bool = True) -> Owner:
    """An owner with a withdrawal to be asked about, a theft, forged mails, hostile ones too."""
    owner = quiet(root, channel=True)
    owner.sends = sends
    draw = random.Random(7)
    owner.deliver(*(home_mailbox.phishing(draw, at(DAY, 7, n), 500 + n) for n in range(6)), hostile(at(DAY, 6), 600))
    owner.deliver(home_mailbox.advertising("sbi", at(DAY, 5), 700))
    owner.now = at(DAY, 12, 40)
    owner.deliver(*withdrawal(), *theft())
    owner.watch()
    return owner


@dataclass
class Opened:
    """Pages that are served. client: a browser that was let in, in Japanese unless it says otherwise."""

    owner: Owner
    pages: Pages
    client: httpx.Client

    @property
    def url(self) -> str:
        """The address without the token."""
        return f"http://127.0.0.1:{self.pages.seat.door.port}"

    def csrf(self) -> str:
        """What a form of the client's pages sends along."""
        word = self.client.cookies[self.pages.seat.door.cookie]
        return self.pages.seat.door.of(word).csrf  # type: ignore[union-attr]

    def waiting(self) -> list[Alert]:
        """What waits for the owner, as the store has it, alarms first."""
        with closing(Store.open(self.owner.folder)) as store:
            return list(condition(store, self.owner.folder, self.owner.config, self.owner.now).waiting)

    def answers(self) -> list[Answer]:
        """What the owner has answered, as the store has it."""
        with closing(Store.open(self.owner.folder)) as store:
            return store.answers()

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as the page would; redirects are followed."""
        return self.client.post(path, data={"csrf": self.csrf(), **fields})


@contextmanager
def opened(owner: Owner, running: Running | None = None) -> Iterator[Opened]:
    """The owner's pages on a free port, with a browser let in."""
    pages = Pages(owner.folder, 0, running or Running("here"))
    pages.seat.now = lambda: owner.now
    try:
        assert pages.begin()
        with httpx.Client(follow_redirects=True, timeout=60, headers={"accept-language": "ja"}) as client:
            assert client.get(pages.address).status_code == 200
            client.base_url = httpx.URL(f"http://127.0.0.1:{pages.seat.door.port}")
            yield Opened(owner, pages, client)
    finally:
        pages.close()
