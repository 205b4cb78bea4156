"""The page *Mails*: what came from brokers, or from somebody who pretends to be one, with its authenticity."""

import re
from typing import NamedTuple

from starlette.responses import Response

from kuraban.console.home.seat import NotFoundError, Page, Visit
from kuraban.home.mailstore import Wanted
from kuraban.home.model import Verdict
from kuraban.home.wording import KINDS, VERDICTS, broker_name

A_PAGE = 20
MOST_TEXT = 100
SHOWN = {
    "genuine": (Verdict.VERIFIED,),
    "unproved": (Verdict.UNVERIFIED,),
    "forged": (Verdict.FORGED, Verdict.LOOKALIKE),
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Host(NamedTuple):
    """An address taken apart, so that its true host is seen. ascii: the host as the network has it, where other signs
    than ASCII may make it look like another."""

    local: str
    host: str
    ascii: str | None


def host(address: str) -> Host:
    """The parts of an address."""
    local, at, name = address.rpartition("@")
    if name.isascii():
        return Host(local + at, name, None)
    try:
        return Host(local + at, name, name.encode("idna").decode())
    except UnicodeError:
        return Host(local + at, name, name.encode("ascii", "backslashreplace").decode())


def mails(visit: Visit) -> Response:
    """The list."""
    query = visit.request.query_params
    kind = query.get("verdict", "")
    heard = visit.store.heard()
    broker = query.get("broker") if query.get("broker") in {one.broker for one in heard} else None
    text = query.get("q", "").strip()[:MOST_TEXT]
    wanted = Wanted(broker, SHOWN.get(kind, ()), text)
    number = query.get("page", "")
    found = visit.store.find_letters(wanted, int(number) if re.fullmatch("[0-9]{1,8}", number) else 0, A_PAGE)
    return visit.page(
        "mails.html",
        heard=heard,
        wanted=wanted,
        kind=kind if kind in SHOWN else "",
        found=found,
        name=lambda key: broker_name(key, visit.config.labels),
        host=host,
        verdicts=VERDICTS,
        kinds=KINDS,
    )


def mail(visit: Visit) -> Response:
    """One mail: what it states, and why it is believed or not."""
    digest = visit.request.path_params["digest"]
    letter = visit.store.letter(f"mail:{digest}") if _SHA256.fullmatch(digest) else None
    if letter is None or letter.authenticity.broker is None:
        raise NotFoundError
    return visit.page(
        "mail.html",
        letter=letter,
        name=broker_name(letter.authenticity.broker, visit.config.labels),
        host=host(letter.sender),
        verdict=VERDICTS[letter.authenticity.verdict],
        kind=KINDS.get(letter.kind or ""),
    )


PAGES = (Page("GET", "/mails", mails), Page("GET", "/mails/{digest}", mail))
