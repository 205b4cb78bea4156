"""Running an iterator ahead in a thread, so that reading the next batch overlaps with work on this one."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import TypeVar

T = TypeVar("T")

_POLL = 0.1  # seconds between looks at whether anybody still wants what was made


class _End:
    """The last thing in the queue: the iterator's end, or what it raised."""

    def __init__(self, error: BaseException | None):
        self.error = error


def prefetch(items: Iterable[T], depth: int = 2) -> Generator[T, None, None]:
    """The same items, at most `depth` of them made ahead in a thread.

    What the iterable raises is raised here, in its place. Closing the result, or dropping it, ends the thread.
    """
    ready: queue.Queue[T | _End] = queue.Queue(depth)
    stopped = threading.Event()

    def offer(item: T | _End) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=_POLL)
            except queue.Full:
                continue
            return True
        return False

    def work() -> None:
        error: BaseException | None = None
        try:
            for item in items:
                if not offer(item):
                    return
        except BaseException as problem:
            error = problem
        offer(_End(error))

    thread = threading.Thread(target=work, name="kuraban-prefetch", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        thread.join()
