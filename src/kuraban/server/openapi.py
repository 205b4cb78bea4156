"""The OpenAPI description, generated from the table of endpoints and the types they take and give."""

import re
from typing import Any

import msgspec

from kuraban import __version__
from kuraban.server.endpoint import Endpoint
from kuraban.server.problems import ProblemDetails
from kuraban.server.routes import ENDPOINTS

_LINES = "application/x-ndjson"
_QUERY: dict[str, dict[str, Any]] = {
    "limit": {"type": "integer", "minimum": 1, "maximum": 500},
    "cursor": {"type": "string", "description": "`next` of the page before"},
    "state": {"type": "string", "enum": ["open", "acknowledged", "takeover", "owner"]},
    "account": {"type": "string"},
    "group": {"type": "string"},
    "target": {"type": "string", "description": "the receiver, as its messages name it"},
}
_PROBLEMS = {
    "400": "not a valid request",
    "401": "no valid API key",
    "403": "the key does not allow this, or another person has to",
    "404": "not found",
    "408": "the body took too long",
    "409": "not possible from the present state",
    "413": "too large",
    "415": "content type not supported",
    "422": "understood, but not acceptable",
    "429": "too much is waiting: try again after Retry-After",
    "503": "nothing is accepted at present: the problem says why, Retry-After when to try again",
}


def description() -> dict[str, Any]:
    """OpenAPI 3.1."""
    said = [kind for each in ENDPOINTS for kind in (each.takes, *each.gives.values()) if kind is not None]
    kinds = [kind for each in said for kind in (each if isinstance(each, tuple) else (each,))]
    schemas, components = msgspec.json.schema_components(
        [*kinds, ProblemDetails], ref_template="#/components/schemas/{name}"
    )
    by_kind = {repr(kind): schema for kind, schema in zip([*kinds, ProblemDetails], schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for each in ENDPOINTS:
        paths.setdefault(plain(each.path), {})[each.method.lower()] = _operation(each, by_kind)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Kuraban",
            "version": __version__,
            "description": "Decisions on account events. Errors are problem details (RFC 9457).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "kbn_<id>_<secret>"}},
        },
    }


def plain(path: str) -> str:
    """A path without the kinds of its parameters, which only the router reads."""
    return re.sub(r":(int|path)}", "}", path)


def _operation(each: Endpoint, by_kind: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{each.method.lower()}{plain(each.path)}").strip("_"),
        "summary": each.summary,
        "parameters": [*_path_parameters(each), *_query_parameters(each)],
        "responses": {str(status): _response(kind, by_kind) for status, kind in each.gives.items()},
    }
    if each.path == "/v1/decide":
        found["parameters"].append(
            {
                "name": "X-Decision-Deadline-Ms",
                "in": "header",
                "schema": {"type": "integer", "minimum": 1, "maximum": 60_000},
                "description": "past it the answer is the policy's fallback action, flagged `fallback`",
            }
        )
    if each.takes is not None:
        content = {"application/json": {"schema": by_kind[repr(each.takes)]}}
        if each.path == "/v1/events":
            content[_LINES] = {"schema": {"type": "string"}}
        found["requestBody"] = {"required": True, "content": content}
    if each.scope is not None:
        found["security"] = [{"key": [each.scope]}, {}]
        problem = {"application/problem+json": {"schema": by_kind[repr(ProblemDetails)]}}
        for status, words in _PROBLEMS.items():
            found["responses"].setdefault(status, {"description": words, "content": problem})
    return found


def _path_parameters(each: Endpoint) -> list[dict[str, Any]]:
    found = []
    for name, kind in re.findall(r"\{(\w+)(:int|:path)?\}", each.path):
        schema: dict[str, Any] = (
            {"type": "integer", "minimum": 0} if kind == ":int" else {"type": "string", "minLength": 1}
        )
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    return found


def _query_parameters(each: Endpoint) -> list[dict[str, Any]]:
    return [{"name": name, "in": "query", "required": False, "schema": _QUERY[name]} for name in each.query]


def _response(kind: Any, by_kind: dict[str, Any]) -> dict[str, Any]:
    media = "text/plain" if kind is str else "application/json"
    several = [by_kind[repr(one)] for one in (kind if isinstance(kind, tuple) else (kind,))]
    return {
        "description": "done",
        "content": {media: {"schema": several[0] if len(several) == 1 else {"anyOf": several}}},
    }
