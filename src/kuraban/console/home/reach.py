"""The page *Reach*: what hangs on what, as a picture and in words, and what to cut first."""

import threading
from pathlib import Path
from typing import NamedTuple

from starlette.responses import Response

from kuraban.console.frame import HEADERS, language_of
from kuraban.console.home.editing import careful
from kuraban.console.home.reachform import REACH
from kuraban.console.home.seat import NotFoundError, Page, Seat, Visit
from kuraban.home import reach
from kuraban.home.reach import FILE, LEGEND, Advice, Belongings, Graph, Separation

MOST_FALLS = 12


class Found(NamedTuple):
    """What follows from one version of the file."""

    mark: tuple[int, int]
    mine: Belongings
    graph: Graph
    advice: list[Advice]
    best: Separation


class Known:
    """The last version worked out: it may take seconds for somebody who has much."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: Found | None = None

    def of(self, path: Path) -> Found:
        """What follows from the file as it is now. Raises `HomeError`, `NotFoundError` where there is none."""
        with self._lock:
            try:
                status = path.stat()
            except OSError:
                raise NotFoundError from None
            mark = (status.st_mtime_ns, status.st_size)
            if self._found is None or self._found.mark != mark:
                mine = reach.belongings(path)
                graph = reach.graph(mine)
                self._found = Found(mark, mine, graph, reach.ranked(graph), reach.separation(graph))
            return self._found


def _known(seat: Seat) -> Known:
    found: Known = seat.jobs.setdefault("reach", Known())
    return found


def page(visit: Visit) -> Response:
    """The picture, and all it says in words; how to begin where nothing is written yet."""
    try:
        found = _known(visit.seat).of(visit.folder.path / FILE)
    except NotFoundError:
        return visit.page("reach_none.html", example=reach.EXAMPLE, path=str(visit.folder.path / FILE))
    text = reach.as_text(found.graph, found.advice, found.best, language_of(visit.request))
    return visit.page(
        "reach.html",
        mark=f"{found.mark[0]:x}",
        falls=[(reach.start_words(found.graph, one.start), one) for one in reach.all_falls(found.graph)][:MOST_FALLS],
        advice=found.advice,
        best=found.best,
        legend=LEGEND,
        text=text,
    )


def picture(visit: Visit) -> Response:
    """The picture alone, as an image of the page."""
    found = _known(visit.seat).of(visit.folder.path / FILE)
    drawing = reach.svg(found.mine, found.graph, found.advice, language_of(visit.request), legend=False)
    return Response(drawing, media_type="image/svg+xml", headers=HEADERS)


PAGES = (Page("GET", "/reach", careful(page, REACH)), Page("GET", "/reach.svg", picture))
