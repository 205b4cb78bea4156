"""Who decides: a few events where they come from, many in the engine's thread, and nobody is forgotten meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from desk import Running, running, story
from kuraban.journal.live import Live, Taken
from kuraban.journal.writer import Work

LINES = story(400)


def only_when_called(desk: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the engine's thread look for work when it is told to and never by itself, as it does every second."""
    assert desk.service.desk is not None
    bell, called = desk.service.desk._bell, threading.Event()
    wait = bell.wait
    monkeypatch.setattr(bell, "wait", lambda timeout: wait())
    desk.service.desk.call(lambda live: (None, None), lambda result, error: called.set())
    assert called.wait(30)


def test_a_few_events_are_decided_where_they_come_from_and_many_by_the_engines_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path) as desk:
        only_when_called(desk, monkeypatch)
        decided: list[tuple[str, int]] = []
        take = Live.take

        def seen(self: Live, text: bytes, *times: int) -> Taken:
            taken = take(self, text, *times)
            decided.append((threading.current_thread().name, len(taken)))
            return taken

        monkeypatch.setattr(Live, "take", seen)
        assert desk.decide(LINES[0]).status_code in (200, 202)
        assert desk.send(LINES[1:300]).json()["accepted"] == 299
        assert desk.send(LINES[300:310]).json()["accepted"] == 10
    assert [count for _, count in decided] == [1, 299, 10]
    assert [name == "engine" for name, _ in decided] == [False, True, False]


def test_what_comes_while_the_writer_is_busy_is_decided_together_when_it_no_longer_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path) as desk, ThreadPoolExecutor(12) as pool:
        assert desk.service.desk is not None
        held, batches = threading.Event(), list[int]()
        take = Live.take

        def seen(self: Live, text: bytes, *times: int) -> Taken:
            taken = take(self, text, *times)
            batches.append(len(taken))
            return taken

        monkeypatch.setattr(Live, "take", seen)
        # The engine's thread must not come to their help: it would after a second, whatever happens here.
        monkeypatch.setattr(desk.service.desk, "_next", lambda: None)
        desk.service.desk.call(lambda live: (None, None), lambda result, error: None)
        desk.service.desk._thread.join(20)
        desk.service.desk.writer.submit(Work(lambda connection: held.wait(20)))
        answers = [pool.submit(desk.decide, line) for line in LINES[:12]]
        while desk.service.desk.waiting < 12:
            threading.Event().wait(0.01)
        assert batches == []
        held.set()
        assert {answer.result(timeout=20).status_code for answer in answers} <= {200, 202}
        assert batches == [12]


def test_the_same_events_give_the_same_decisions_whoever_decides(tmp_path: Path) -> None:
    answers = {}
    for name, before in (("alone", []), ("among others", LINES[:200])):
        with running(tmp_path / name.replace(" ", "-")) as desk:
            if before:
                assert desk.send(before).json()["accepted"] == 200
            else:
                for line in LINES[:200]:
                    assert desk.decide(line).status_code in (200, 202)
            answers[name] = [desk.decide(line).json() for line in LINES[200:240]]
    assert answers["alone"] == answers["among others"]
