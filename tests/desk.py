"""Shared by the tests of the desk: engines that start quickly, because the tables they look up are loaded once."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from unittest import mock

from kuraban import replay
from kuraban.reference.clients import Clients
from kuraban.reference.networks import Networks


@cache
def _networks(ipdb: Any = None) -> Networks:
    return LOAD(ipdb)


LOAD = Networks.load
_clients = cache(Clients)


@contextmanager
def shared_tables() -> Iterator[None]:
    """While this lasts, every `Replay` uses the same tables."""
    with (
        mock.patch.object(Networks, "load", staticmethod(_networks)),
        mock.patch.object(replay, "Clients", _clients),
    ):
        yield


def quick_replay(**options: Any) -> replay.Replay:
    """A `Replay` that takes events as they come."""
    with shared_tables():
        return replay.Replay(lateness_s=0, **options)
