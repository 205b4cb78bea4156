"""The page of the HTTP API: its endpoints, the types they take and give, and the problems they answer with."""

import re
from collections import defaultdict
from typing import Any

from kuraban.events import MAX_LINE
from kuraban.server import intake, openapi
from kuraban.server.conditions import CONDITIONS
from kuraban.server.keys import SCOPES
from kuraban.server.problems import WORDS
from pages.markdown import code, fields, table, type_of
from pages.source import calls, texts

HEAD = f"""# The HTTP API

Every endpoint of `kuraban serve`, made from the table the server answers by. A running server gives the same as
OpenAPI 3.1 at `/openapi.json`. How to use it is described in
the [first day](first-day.md) and in [operations](operations.md).

This page is made from the code by `make docs`.

A body has at most {intake.MOST_BODY:,} bytes, {intake.MOST_ITEMS:,} events of {MAX_LINE:,} bytes each, and has to
arrive within {intake.BODY_S:g} seconds. Many events may also come as JSON Lines, with one of the content types
{", ".join(code(each.decode()) for each in intake.LINES)}.

A key is sent as `Authorization: Bearer kbn_…` and has some of the scopes {", ".join(map(code, SCOPES))}; where the
server listens on loopback only, none is asked for unless `--require-key` is given.
"""
# In the reference of events already.
ELSEWHERE = {
    "Event", "Client", "Auth", "Order", "Cash", "Setting", "Holdings", "Position", "Notice", "Decision", "Reason",
}  # fmt: skip


def page() -> str:
    """The whole page."""
    described = openapi.description()
    lines = ["", "## Endpoints", ""]
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            lines += _endpoint(method.upper(), path, operation)
    lines += ["## Types", ""]
    for name, kind in described["components"]["schemas"].items():
        if name not in ELSEWHERE and "properties" in kind:
            lines += [f"### {name}", "", " ".join(kind.get("description", "").split()), "", *fields(kind), ""]
    return HEAD + _linked("\n".join(lines + _problems())) + "\n"


def _linked(text: str) -> str:
    """Types of events and decisions are on their own page."""
    return re.sub(
        r"\]\(#([a-z]+)\)",
        lambda found: f"](reference-events.md#{found[1]})" if found[1].capitalize() in ELSEWHERE else found[0],
        text,
    )


def _endpoint(method: str, path: str, operation: dict[str, Any]) -> list[str]:
    scope = [each["key"][0] for each in operation.get("security", ()) if each]
    lines = [f"### {method} {path}", "", operation["summary"] + ".", ""]
    rows = [("scope", code(scope[0]) if scope else "none: no key is needed")]
    for each in operation["parameters"]:
        words = f" · {each['description']}" if "description" in each else ""
        rows.append((f"{each['in']} {code(each['name'])}", type_of(each["schema"]) + words))
    for media, body in operation.get("requestBody", {}).get("content", {}).items():
        rows.append(("takes", f"{code(media)}: {type_of(body['schema'])}"))
    problems = []
    for status, answer in operation["responses"].items():
        media, body = next(iter(answer["content"].items()))
        if media == "application/problem+json":
            problems.append(code(status))
        else:
            rows.append((code(status), f"{code(media)}: {type_of(body['schema'])}"))
    if problems:
        rows.append((" ".join(problems), "[problem details](#problems)"))
    return [*lines, *table(("", ""), rows), ""]


def _problems() -> list[str]:
    """Every code of a problem, its statuses and its words in both languages."""
    statuses: dict[str, set[int]] = defaultdict(set)
    for given in calls("ProblemError", "server"):
        number = getattr(given[0], "value", None)
        for word in texts(given[1]) if len(given) > 1 and isinstance(number, int) else ():
            statuses[word].add(number)
    rows = [
        (code(word), " ".join(str(each) for each in sorted(statuses[word])) or _STATUS_OF_PAGES.get(word, ""), en, ja)
        for word, (ja, en) in WORDS.items()
    ]
    rows += [(code(each.code), "503", each.en, each.ja) for each in CONDITIONS.values() if each.stops]
    notes = [(code(each.code), each.en, each.ja) for each in CONDITIONS.values() if not each.stops]
    return [
        "## Problems",
        "",
        "Errors are problem details (RFC 9457), `application/problem+json`. `type` is `urn:kuraban:problem:` and one",
        "of these codes, which are stable; `title` and `title_ja` are the words below, `detail` is about the case.",
        "",
        *table(("code", "status", "English", "日本語"), rows),
        "",
        "What is wrong while events are still accepted is told by `/readyz` and the metrics only:",
        "",
        *table(("code", "English", "日本語"), notes),
    ]


# Answered by the router, and by the pages that owners see, under statuses of their own.
_STATUS_OF_PAGES = {
    "method-not-allowed": "405",
    "same-person": "409",
    "link-expired": "410",
    "link-used": "410",
    "link-invalid": "404",
}
