"""The pulse: what each second had and what is usual, the same for everybody who looks and after every restart."""

import os
import signal
import time
import warnings
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from desk import quick_replay, running, signed_in, story, theft
from kuraban.journal import rates, schema
from kuraban.journal.rates import SECONDS, Rate
from kuraban.server import clock as clocks
from kuraban.server.pulse import ENOUGH, RECENT, Pulse
from kuraban.server.service import Options, Service


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day as a desk sees it, seconds since 1970; a test moves it."""
    now = [1_764_000_000.0]
    shown = SimpleNamespace(time_ns=lambda: int(now[0] * 1e9), perf_counter=time.perf_counter)
    monkeypatch.setattr(clocks, "time", shown)
    return now


def figures(pulse: Pulse) -> list[Any]:
    """Everything the page *Now* shows of it."""
    found = [pulse.share(), pulse.series(600, 5), pulse.series(3600, 30)]
    return [*found, *(pulse.totals(seconds) for seconds in (10, 60, 600, 3600))]


def test_the_pulse_counts_by_second_and_forgets_after_an_hour() -> None:
    clock = [1000.0]
    pulse = Pulse(now=lambda: clock[0])
    pulse.add(int(clock[0]), 5, [3, 1, 1, 0, 0])
    clock[0] += 3
    pulse.add(int(clock[0]), 2, [2, 0, 0, 0, 0])
    assert pulse.totals(10) == (7, {"allow": 5, "notify": 1, "challenge": 1, "hold": 0, "lock": 0})
    assert pulse.totals(2)[0] == 2
    series = pulse.series(600, 5)
    assert series.events[-1] is None  # the running step is not whole yet, and what was before it is not known
    clock[0] += 2
    series = pulse.series(600, 5)
    assert series.events[-2:] == [None, 7]
    assert len(series.starts) == len(series.events) == 120
    clock[0] += SECONDS
    assert pulse.totals(SECONDS)[0] == 0


def test_a_surge_of_alerts_is_called_raised_against_what_was_usual_before_it() -> None:
    clock = [0.0]
    pulse = Pulse(now=lambda: clock[0])
    for _ in range(100):
        pulse.add(int(clock[0]), 100, [99, 0, 1, 0, 0])
        clock[0] += 20
    share = pulse.share()
    assert share.usual == pytest.approx(0.01)
    assert not share.raised
    pulse.add(int(clock[0]), 300, [200, 0, 100, 0, 0])
    assert pulse.share().raised
    assert pulse.share().usual == pytest.approx(0.01)


def test_nothing_is_called_usual_before_enough_was_seen() -> None:
    clock = [0.0]
    pulse = Pulse(now=lambda: clock[0])
    pulse.add(int(clock[0]), ENOUGH - 1, [ENOUGH - 1, 0, 0, 0, 0])
    clock[0] += RECENT + 1
    assert pulse.share() == (0, 0, None)
    assert pulse.share().now is None


def test_what_is_usual_does_not_depend_on_how_often_somebody_looks() -> None:
    clock = [0.0]
    watched, alone = (Pulse(now=lambda: clock[0]) for _ in range(2))
    for n in range(200):
        for pulse in (watched, alone):
            pulse.add(int(clock[0]), 50, [48 - n % 3, 0, 1 + n % 3, 1, 0])
        clock[0] += 7
        watched.share()
    clock[0] += RECENT
    assert figures(watched) == figures(alone)


@pytest.mark.parametrize("later", [0, 40, RECENT + 1, SECONDS - 1, SECONDS + RECENT, 90_000])
def test_a_pulse_that_was_kept_goes_on_as_if_it_had_never_stopped(tmp_path: Path, later: int) -> None:
    clock = [1_000_000.0]
    began = int(clock[0])
    pulse = Pulse(now=lambda: clock[0])
    connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    assert rates.since(connection, began) == began
    for n in range(600):  # more than an hour, so that seconds take the place of earlier ones
        counts = [40, 0, n % 3, 0, n % 2]
        for _ in range(1 + n % 2):
            rates.add(connection, Rate(int(clock[0]), 50, counts, pulse.usual()))
            pulse.add(int(clock[0]), 50, counts)
        clock[0] += 1 + n % 15
    clock[0] += later
    back = Pulse(now=lambda: clock[0])
    back.restore(rates.kept(connection), rates.since(connection, int(clock[0])))
    connection.close()
    assert figures(back) == figures(pulse)
    assert back.share().usual is not None


def test_after_a_kill_the_figures_are_those_from_before_it(tmp_path: Path, clock: list[float]) -> None:
    reading, writing = os.pipe()
    quick_replay()  # loads the tables once, for the child too
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads: the child makes its own
        child = os.fork()
    if child == 0:
        try:
            service = started(tmp_path)
            for lines, wait in ((story(3000), RECENT + 20), (theft(), 30), (story(3100)[3000:], 0)):
                take(service, lines)
                clock[0] += wait
            os.write(writing, msgspec.json.encode(figures(service.meters.pulse)) + b"\n")
            signal.pause()
        finally:
            os._exit(3)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.readline()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    clock[0] += RECENT + 50
    service = started(tmp_path)
    found = service.meters.pulse
    assert msgspec.json.encode(figures(found)) + b"\n" == said
    assert found.share().usual is not None
    assert found.share().alerts > 0
    assert service.stop()


def started(folder: Path) -> Service:
    """A desk without HTTP."""
    service = Service(Options(folder), make_replay=quick_replay)
    service.log.quiet = True
    service.start()
    return service


def take(service: Service, lines: list[bytes]) -> None:
    """Have a desk decide on events, durably."""
    done: Future[Exception | None] = Future()
    service.ready().send(lines, False, lambda result, error: done.set_result(error))
    assert done.result(60) is None


def test_the_page_of_a_desk_that_was_restarted_shows_what_was_before(tmp_path: Path, clock: list[float]) -> None:
    with running(tmp_path) as desk:
        desk.send(story(3000)).raise_for_status()
    clock[0] += RECENT + 5
    with running(tmp_path) as desk:
        desk.send(theft()).raise_for_status()
        before = figures(desk.service.meters.pulse)
    with running(tmp_path) as desk, signed_in(desk, "on call") as client:
        assert figures(desk.service.meters.pulse) == before
        page = client.get("/console/now", headers={"accept-language": "en"}).text
        assert "usually" in page
        assert "not known yet" not in page
