"""The desk's pages in a real browser, over a simulated world in which strangers wrote everywhere what they could."""

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
    "groups": "/groups",
    "ring": f"/groups/show?id={RING}",
    "spray": f"/groups/show?id={SPRAY}",
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
    inspected(
        lambda **options: look.signed_in(desk, SCRIPT, MANAGER, **options),
        f"{desk.url}/console{PAGES[name]}",
        f"desk-{name}",
    )
