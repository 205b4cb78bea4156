"""Events that say what cannot be: they are refused with the reason, and cost nobody else a decision."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from desk import quick_replay, running, story, theft
from kuraban.events import MOST_NUMBER
from kuraban.journal.live import Live
from kuraban.server import serving
from kuraban.server.service import Options, Service

SNAPSHOT = {"time": "2025-05-20T05:00:00+09:00", "account": "rich", "type": "account.snapshot"}
LOGIN = {"time": "2025-05-20T05:01:00+09:00", "account": "rich", "type": "login.succeeded"}


def event(id: str, **fields: Any) -> bytes:
    return json.dumps({"id": id, **fields}).encode()


@pytest.mark.parametrize("number", ["1.7e308", "1e16", "9007199254740994", "-1e300"])
def test_more_than_anybody_owns_is_no_number(tmp_path: Path, number: str) -> None:
    line = event("s", **SNAPSHOT, holdings={"cash": 0}).replace(b'"cash": 0', b'"cash": ' + number.encode())
    with running(tmp_path) as desk:
        refused = desk.decide(line)
        assert (refused.status_code, refused.json()["detail"].partition(":")[0]) == (422, "bad_number")
        assert desk.decide(event("l", **LOGIN)).status_code == 200


def test_the_largest_numbers_there_are_can_be_decided_on(tmp_path: Path) -> None:
    most = {"cash": MOST_NUMBER, "linked_cash": MOST_NUMBER, "margin_power": MOST_NUMBER}
    positions = [{"instrument": f"{n}.T", "value": MOST_NUMBER} for n in range(100)]
    lines = [
        line.replace(b'"cash": 9000000, "positions": []', json.dumps(most | {"positions": positions}).encode()[1:-1])
        for line in theft("rich")
    ]
    assert sum(b"9007199254740992" in line for line in lines) > 10
    with running(tmp_path) as desk:
        assert desk.send(lines).json()["accepted"] == len(lines)
        alert = desk.client.get("/v1/alerts").json()["alerts"][0]
        assert alert["expected_loss"] > 1e15
        assert desk.decide(event("d", **LOGIN | {"type": "owner.denied"})).status_code == 202


def test_a_time_that_has_not_come_yet_is_refused_and_what_is_known_of_others_stays(tmp_path: Path) -> None:
    def at(days: float) -> str:
        return (datetime.now(UTC) + timedelta(days=days)).isoformat()

    with running(tmp_path) as desk:
        desk.send(story(300))
        before = desk.client.get("/v1/accounts/口座3").json()
        refused = desk.decide(event("2099", **LOGIN | {"time": "2099-11-20T05:01:00+09:00"}))
        assert (refused.status_code, refused.json()["detail"].partition(":")[0]) == (422, "bad_time")
        told = desk.send([event("a", **LOGIN | {"time": at(2)}), event("b", **LOGIN | {"time": at(0.5)})]).json()
        assert (told["outcomes"], told["rejects"][0]["code"]) == (["rejected", "accepted"], "bad_time")
        # Refused is not taken: with its time put right the same id is new.
        assert desk.decide(event("2099", **LOGIN)).status_code == 200
        assert desk.client.get("/v1/accounts/口座3").json() == before


def test_a_server_whose_engine_has_failed_ends_with_an_error_and_a_new_start_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_LOOK_S", 0.01)
    lines, take = story(60), Live.take

    def failing(self: Live, text: bytes, *more: int) -> Any:
        if b'"poison"' in text:
            raise ZeroDivisionError
        return take(self, text, *more)

    monkeypatch.setattr(Live, "take", failing)
    service = Service(Options(tmp_path), make_replay=quick_replay)
    service.log.quiet = True
    bound, status = threading.Event(), list[bool]()
    config = serving.configured(service, serving.Listening(port=0), open=True)

    async def serve() -> None:
        server = serving.Server(config, lambda port: bound.set())
        status.append(await serving.serve(service, server, [lambda: serving.leave_when_failed(service, server)]))

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert bound.wait(30)
    while service.problems:
        threading.Event().wait(0.01)
    assert service.desk is not None
    said = list[Any]()
    service.desk.send(lines, False, lambda result, error: said.append((result, error)))
    service.desk.send([event("poison", **LOGIN)], False, lambda result, error: said.append((result, error)))
    thread.join(60)
    assert not thread.is_alive()
    assert status == [False]
    with running(tmp_path) as desk:
        assert desk.send(lines).json()["duplicates"] == (60 if said[0][1] is None else 0)
