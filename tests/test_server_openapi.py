"""The API does what its own description says, whatever is thrown at it."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from desk import Running, running, theft
from kuraban.server.endpoint import Endpoint
from kuraban.server.openapi import description, plain
from kuraban.server.routes import ENDPOINTS

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("desk")) as found:
        found.send(theft("a") + theft("0"))
        yield found


@pytest.fixture(scope="module")
def api(desk: Running) -> Any:
    return schemathesis.openapi.from_url(f"{desk.url}/openapi.json")


@pytest.mark.parametrize("each", ENDPOINTS, ids=lambda each: f"{each.method} {each.path}")
def test_an_endpoint_answers_as_described_to_whatever_is_sent(api: Any, each: Endpoint) -> None:
    operation = api[plain(each.path)][each.method]

    @settings(max_examples=15, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def tried(case: Any) -> None:
        case.call_and_validate(checks=CHECKS, timeout=30)

    tried()


def test_every_endpoint_is_described_with_what_it_gives() -> None:
    found = description()
    described = {(method.upper(), path) for path, methods in found["paths"].items() for method in methods}
    assert described == {(each.method, plain(each.path)) for each in ENDPOINTS}
    for each in ENDPOINTS:
        operation = found["paths"][plain(each.path)][each.method.lower()]
        assert operation["summary"]
        assert {str(status) for status in each.gives} <= operation["responses"].keys()
        assert ("security" in operation) == (each.scope is not None)
