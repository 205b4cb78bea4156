"""The page *The watch*: whether it goes on, how each mailbox is read, what could not be read, where alerts go."""

from datetime import datetime, timedelta

from starlette.responses import Response

from kuraban.console.home.light import present
from kuraban.console.home.seat import Page, Visit
from kuraban.home import boxes
from kuraban.home.store import Store
from kuraban.home.wording import VERDICTS

LATELY = timedelta(days=30)
MOST = 50


def page(visit: Visit) -> Response:
    """The whole page."""
    config, store, now = visit.config, visit.store, visit.now()
    unreadable = store.unreadable(now - LATELY)
    return visit.page(
        "watch.html",
        condition=present(visit),
        running=visit.seat.running,
        looked=store.time_note("watch.looked"),
        mailboxes=[(box, boxes.state(store, box.name)) for box in config.mailbox],
        exports=store.exported_on()[-1:],
        csv_folder=config.csv_folder,
        counts=store.verdicts(),
        verdicts=VERDICTS,
        unreadable=unreadable[-MOST:][::-1],
        count=len(unreadable),
        unchecked=len(list(store.waiting())),
        channels=[_channel(store, channel.name) for channel in config.alerts.channels],
        poll=config.watch.poll_minutes,
        folder=str(visit.folder.path),
    )


def _channel(store: Store, name: str) -> tuple[str, datetime | None, datetime | None]:
    """Its name, when it last got a message, and when sending to it last failed, if it got none since."""
    sent, failed = store.last_send(name), store.time_note(f"unsent:{name}")
    return name, sent, failed if failed is not None and (sent is None or failed > sent) else None


PAGES = (Page("GET", "/watch", page),)
