"""The page *If it happens*: the first hour step by step, the log, and the evidence package."""

import re
import threading
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from starlette.responses import FileResponse, Response

from kuraban.console.frame import HEADERS
from kuraban.console.home.seat import NotFoundError, Page, Seat, Visit
from kuraban.home import config as configs
from kuraban.home import incident, walk
from kuraban.home import standing as standings
from kuraban.home.acts import TOKYO
from kuraban.home.incident import Action, Package
from kuraban.home.model import Words
from kuraban.home.problems import HomeError
from kuraban.home.standing import Standing
from kuraban.home.store import Store

FOLDER = "evidence"
TWICE = timedelta(seconds=10)
LONGEST = timedelta(days=3660)
_NAME = re.compile(r"kuraban-incident-\d{8}-\d{6}\.zip")
_FAILED = Words("証拠一式を作れませんでした。", "the evidence could not be put together")


@dataclass
class Making:
    """A package that is being made, or was. Reading the mailbox again may take minutes."""

    since: date
    package: Package | None = None
    wrong: Words | None = None
    going: bool = True

    def make(self, seat: Seat) -> None:
        """Gather and write it; what goes wrong is kept in words."""
        now = seat.now()
        since = datetime.combine(self.since, time(0), TOKYO)
        try:
            config = configs.load(seat.folder.config)
            with closing(Store.open(seat.folder)) as store:
                into = seat.folder.path / FOLDER
                self.package = walk.package(store, seat.folder, config, since, now, into, now)
        except HomeError as error:
            self.wrong = error.words
        except Exception as error:
            name = type(error).__name__
            self.wrong = Words(f"{_FAILED.ja}({name})", f"{_FAILED.en} ({name})")
        finally:
            self.going = False


def page(visit: Visit) -> Response:
    """The steps with what was done, the log, and the packages."""
    actions = walk.log(visit.folder)
    lines = incident.first_hour(walk.accounts(visit.folder, visit.config))
    ticked = {(one.step, one.account): one for one in standings.current(actions) if one.step is not None}
    steps = [list(found) for _, found in groupby(lines, key=lambda line: line.step)]
    first = next((line for line in lines if (line.step, line.account) not in ticked), None)
    about = visit.store.alert(visit.request.query_params.get("about", ""))
    return visit.page(
        "incident.html",
        steps=steps,
        ticked=ticked,
        first=first,
        total=len(lines),
        actions=actions[::-1],
        offices=incident.guide().office,
        about=about.finding if about else None,
        standing=_standing(visit),
        today=visit.now().astimezone(TOKYO).date(),
        accounts=[account.label for account in visit.config.account],
        **_making(visit),
    )


def _standing(visit: Visit) -> Standing:
    return standings.standing(visit.store, visit.folder, visit.config, visit.now())


def end(visit: Visit) -> Response:
    """The owner ends the incident, with the day he gives; that steps are left has to be meant."""
    form, now = visit.form, visit.now()
    text = form.get("text", "").strip()
    early = form.get("early") == "yes"
    standings.end(visit.folder, _standing(visit), _day(form.get("on", "")), now, text, early=early)
    return visit.go("/incident")


def resume(visit: Visit) -> Response:
    """It was not over after all."""
    standings.resume(visit.folder, visit.now())
    return visit.go("/incident")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HomeError.of("日付を選んでください。", "choose a date") from None


def _making(visit: Visit) -> dict[str, Any]:
    making: Making | None = visit.seat.jobs.get("package")
    folder = visit.folder.path / FOLDER
    names = [path.name for path in folder.glob("*.zip") if _NAME.fullmatch(path.name)] if folder.is_dir() else []
    now = visit.now()
    usual = standings.usual_since(visit.store, visit.folder, visit.config, now).astimezone(TOKYO).date()
    return {"making": making, "packages": sorted(names, reverse=True)[:10], "folder": str(folder), "usual": usual}


def part(visit: Visit) -> Response:
    """How the package goes, as the page asks again and again while it is made."""
    return visit.page("incident_package.html", **_making(visit))


def note(visit: Visit) -> Response:
    """Keep what the owner did: a step of the guide, or something in his own words."""
    form, now = visit.form, visit.now()
    lines = incident.first_hour(walk.accounts(visit.folder, visit.config))
    step, account = form.get("step") or None, form.get("account") or None
    text = form.get("text", "").strip()[: walk.MOST_TEXT]
    if step is not None:
        line = next((one for one in lines if (one.step, one.account) == (step, account)), None)
        if line is None:
            raise NotFoundError
        text = text or line.what.ja
    elif not text or account not in {None, *(one.label for one in visit.config.account)}:
        raise HomeError.of("したことを書いてください。", "say what was done")
    action = Action(at=now, noted=now, what=text, account=account, step=step)
    if not any(_twice(one, action) for one in walk.log(visit.folder)):
        walk.note(visit.folder, action)
    return visit.go("/incident")


def _twice(one: Action, other: Action) -> bool:
    """A button pressed twice: the same words within moments."""
    same = (one.what, one.account, one.step) == (other.what, other.account, other.step)
    return same and abs(one.noted - other.noted) < TWICE


def make(visit: Visit) -> Response:
    """Begin to make a package; one at a time."""
    since = _day(visit.form.get("since", ""))
    today = visit.now().astimezone(TOKYO).date()
    if not today - LONGEST <= since <= today:
        raise HomeError.of("今日までの日付を選んでください。", "choose a date up to today")
    jobs = visit.seat.jobs
    before: Making | None = jobs.get("package")
    if before is None or not before.going:
        jobs["package"] = making = Making(since)
        threading.Thread(target=making.make, args=(visit.seat,), name="package", daemon=True).start()
    return visit.go("/incident/package")


def package(visit: Visit) -> Response:
    """The page of the packages."""
    return visit.page("package.html", **_making(visit))


def download(visit: Visit) -> Response:
    """A package that was made."""
    name = visit.request.path_params["name"]
    path: Path = visit.folder.path / FOLDER / name
    if not _NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
        raise NotFoundError
    return FileResponse(path, filename=name, media_type="application/zip", headers=HEADERS)


PAGES = (
    Page("GET", "/incident", page),
    Page("POST", "/incident", note),
    Page("POST", "/incident/end", end),
    Page("POST", "/incident/resume", resume),
    Page("GET", "/incident/package", package),
    Page("POST", "/incident/package", make),
    Page("GET", "/incident/package/state", part),
    Page("GET", "/incident/package/{name}", download),
)
