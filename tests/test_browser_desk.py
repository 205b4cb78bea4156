"""The desk's pages in a real browser, over a simulated world in which strangers wrote everywhere what they could."""

import sqlite3
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from browser import Look, inspected
from desk import Running
from desk_pages import RING, SCRIPT, SPRAY, shown
from kuraban.console.desk.people import MANAGER

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = {
    "now": "/",
    "alerts": "/alerts",
    "alert": "/alerts/{alert}",
    "act": "/alerts/{alert}/act/takeover",
    "account": f"/account?id={quote(SCRIPT)}",
    "account-of-the-ring": "/account?id=trader-3",
    "event": "/events/{event}",
    "nobody": "/find?account=trader",
    "nothing": "/alerts/99999",
    "groups": "/groups",
    "ring": f"/groups/show?id={RING}",
    "spray": f"/groups/show?id={SPRAY}",
    "policy": "/policy",
    "policy-version": "/policy/versions/1",
    "audit": "/audit",
    "audit-filtered": f"/audit?account={quote(SCRIPT)}",
    "health": "/health",
    "me": "/me",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with shown(tmp_path_factory.mktemp("shown")) as found:
        yield found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_keeps_nobody_out_fits_a_phone_and_runs_nothing_of_strangers(
    desk: Running, look: Look, name: str
) -> None:
    if name in ("nobody", "nothing"):
        look.allow("404")
    with sqlite3.connect(f"file:{desk.service.journal}?mode=ro", uri=True) as connection:
        alert, event = connection.execute("SELECT id, last FROM alert WHERE account = ?", (SCRIPT,)).fetchone()
    connection.close()
    inspected(
        lambda **options: look.signed_in(desk, SCRIPT, MANAGER, **options),
        f"{desk.url}/console{PAGES[name].format(alert=alert, event=event)}",
        f"desk-{name}",
    )
