"""Reading ahead in a thread changes nothing but the time it takes."""

import threading
from collections.abc import Iterator

import pytest

from kuraban.columns import prefetch


def counted(made: list[int], end: int, error: Exception | None = None) -> Iterator[int]:
    for i in range(end):
        made.append(i)
        yield i
    if error is not None:
        raise error


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "kuraban-prefetch"]


def test_items_come_in_order_and_the_thread_ends() -> None:
    assert list(prefetch(counted([], 1000))) == list(range(1000))
    assert not threads()


def test_an_error_is_raised_in_its_place() -> None:
    items = prefetch(counted([], 3, ValueError("broken off")))
    found = [next(items) for _ in range(3)]
    with pytest.raises(ValueError, match="broken off"):
        next(items)
    assert found == [0, 1, 2]
    assert not threads()


def test_no_more_is_made_ahead_than_asked_for_and_closing_ends_the_thread() -> None:
    made: list[int] = []
    ahead = prefetch(counted(made, 1_000_000), depth=3)
    assert next(ahead) == 0
    ahead.close()
    assert len(made) <= 6  # the one taken, three ready, and one at hand on each side of the queue
    assert not threads()
