"""Fixtures that several files of tests share, and what they need to know of how a test went."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from browser import Look

# How long an example takes says more about the machine than about what is tested.
settings.register_profile("kuraban", deadline=None)
settings.load_profile("kuraban")

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # what comes back is the report, passed on
    report = yield
    if call.excinfo is not None and call.when == "call":
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    from browser import started  # only where a browser is asked for: loading its driver takes a while

    with started() as found:
        yield found


@pytest.fixture
def look(chromium: "Browser", request: pytest.FixtureRequest) -> "Iterator[Look]":
    from browser import Look

    found = Look(chromium, request.node.name)
    yield found
    failed = request.node.stash.get(FAILED, False)
    found.close(failed=failed or bool(found.troubles))
    if not failed:
        found.check()
