"""The HTTP API: what a caller sends, what comes back, and what is refused."""

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from desk import Running, running, story, theft
from kuraban.server import intake, protocol, serving
from kuraban.server.outputs.settings import Outputs

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("desk")) as found:
        yield found


def problem(response: httpx.Response, status: int, code: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["type"] == f"urn:kuraban:problem:{code}"
    assert response.json()["status"] == status


def login(name: str, account: str = "a") -> bytes:
    event = {"id": name, "time": "2025-06-01T10:00:00+09:00", "account": account, "type": "login.succeeded"}
    return json.dumps(event).encode()


def test_one_event_gets_its_decision_and_the_same_one_again(desk: Running) -> None:
    first = desk.decide(login("once", "same"))
    assert first.status_code == 200
    decision = first.json()
    assert (decision["event"], decision["account"], decision["action"]) == ("once", "same", "allow")
    again = desk.decide(login("once", "same"))
    assert again.content == first.content
    counted = desk.client.get("/v1/accounts/same/events").json()["events"]
    assert len(counted) == 1


def test_an_event_that_is_not_decided_upon_is_accepted(desk: Running) -> None:
    line = login("failed", "f").replace(b"login.succeeded", b"login.failed")
    for _ in range(2):
        response = desk.decide(line)
        assert response.status_code == 202
        assert response.json() == {"event": "failed", "account": "f", "outcome": "accepted"}


def test_an_event_spread_over_lines_is_one_event(desk: Running) -> None:
    pretty = json.dumps(json.loads(login("pretty", "p")), indent=2).encode()
    assert desk.decide(pretty).json()["event"] == "pretty"
    kept = desk.client.get("/v1/accounts/p/events").json()["events"][0]["event"]
    assert kept == json.loads(pretty)


def test_many_events_get_an_outcome_each(desk: Running) -> None:
    lines = [login("m1"), login("m1"), b'{"id": 1}', login("m2")]
    found = desk.send(lines).json()
    assert found["outcomes"] == ["accepted", "duplicate", "rejected", "accepted"]
    assert (found["accepted"], found["duplicates"], found["rejected"]) == (2, 1, 1)
    assert found["rejects"][0]["index"] == 2
    assert found["rejects"][0]["code"] == "wrong_type"
    array = b"[" + b",\n".join([login("m2"), login("m3")]) + b"]"
    found = desk.client.post("/v1/events", content=array, headers=JSON).json()
    assert found["outcomes"] == ["duplicate", "accepted"]


def test_unknown_fields_are_kept_as_they_came(desk: Running) -> None:
    line = login("extra", "x")[:-1] + ', "社内": {"担当": "山田"}}'.encode()
    desk.decide(line)
    assert desk.client.get("/v1/accounts/x/events").json()["events"][0]["event"]["社内"] == {"担当": "山田"}


def test_a_timeline_is_paged_newest_first_without_gaps(desk: Running) -> None:
    desk.send([login(f"t{i}", "long") for i in range(23)])
    seen, cursor = [], None
    while True:
        query = {"limit": "10"} | ({"cursor": cursor} if cursor else {})
        page = desk.client.get("/v1/accounts/long/events", params=query).json()
        seen += [item["event"]["id"] for item in page["events"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == [f"t{i}" for i in range(22, -1, -1)]


def test_a_cursor_of_another_account_or_of_nobody_is_refused(desk: Running) -> None:
    desk.send([login(f"c{i}", f"cursor{i % 2}") for i in range(8)])
    page = desk.client.get("/v1/accounts/cursor0/events", params={"limit": "1"}).json()
    other = desk.client.get("/v1/accounts/cursor1/events", params={"cursor": page["next"]})
    problem(other, 400, "invalid-request")
    problem(desk.client.get("/v1/accounts/cursor1/events", params={"cursor": "%%%"}), 400, "invalid-request")


def test_a_theft_becomes_an_alert_and_the_verdict_goes_back_to_the_engine(desk: Running) -> None:
    desk.send(theft("victim"))
    alerts = desk.client.get("/v1/alerts", params={"account": "victim"}).json()["alerts"]
    assert len(alerts) == 1
    number = alerts[0]["id"]
    assert desk.client.get("/v1/accounts/victim").json()["open_alert"] == number
    changed = desk.client.post(
        f"/v1/alerts/{number}", json={"state": "takeover", "who": "analyst-7", "why": "owner called"}
    )
    assert changed.json()["state"] == "takeover"
    desk_view = desk.client.get(f"/v1/alerts/{number}").json()
    assert [(act["who"], act["state"], act["why"]) for act in desk_view["acts"]] == [
        ("analyst-7", "takeover", "owner called")
    ]
    until = time.monotonic() + 20
    while time.monotonic() < until:
        newest = desk.client.get("/v1/accounts/victim/events", params={"limit": "1"}).json()["events"][0]["event"]
        if newest["type"] == "owner.denied":
            break
        threading.Event().wait(0.02)
    assert newest["type"] == "owner.denied"
    assert "victim-theft-4" in newest["about"]
    after = desk.client.get("/v1/accounts/victim").json()
    assert after["probability"] > 0.9
    assert after["watched_until"] is not None
    kinds = [entry["kind"] for entry in desk.client.get("/v1/audit").json()["entries"]]
    assert "alert" in kinds
    assert "decision" in kinds


def test_an_alert_cannot_take_a_step_that_does_not_follow(desk: Running) -> None:
    desk.send(theft("steps"))
    number = desk.client.get("/v1/alerts", params={"account": "steps"}).json()["alerts"][0]["id"]
    path = f"/v1/alerts/{number}"
    assert desk.client.post(path, json={"state": "acknowledged", "who": "b"}).status_code == 200
    problem(desk.client.post(path, json={"state": "acknowledged", "who": "b"}), 409, "conflict")
    problem(desk.client.post("/v1/alerts/999999", json={"state": "owner", "who": "b"}), 404, "not-found")
    problem(desk.client.post(path, json={"state": "gone", "who": "b"}), 422, "invalid-request")
    problem(desk.client.post(path, json={"state": "owner", "who": "b", "more": 1}), 422, "invalid-request")


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", JSON, 400, "invalid-request"),
        (b"{", JSON, 422, "invalid-event"),
        (b"\n{", JSON, 400, "invalid-event"),
        (b"[]", JSON, 422, "invalid-event"),
        (b"\xff\xfe", JSON, 422, "invalid-event"),
        (b'{"a":' * 5000, JSON, 422, "invalid-event"),
        (login("x"), {"content-type": "text/plain"}, 415, "unsupported-type"),
        (login("x"), {}, 415, "unsupported-type"),
        (login("x"), JSON | {"x-decision-deadline-ms": "soon"}, 400, "invalid-request"),
        (login("x"), JSON | {"x-decision-deadline-ms": "0"}, 400, "invalid-request"),
        (login("x"), JSON | {"origin": "https://evil.example"}, 403, "foreign-origin"),
        (login("x"), JSON | {"host": "evil.example"}, 403, "foreign-origin"),
        (login("x"), JSON | {"sec-fetch-site": "cross-site"}, 403, "foreign-origin"),
        (b'{"pad":"' + b"x" * (1 << 21) + b'"}', JSON, 413, "too-large"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(
    desk: Running, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    problem(desk.client.post("/v1/decide", content=body, headers=headers), status, code)


def test_more_events_than_allowed_at_once_are_refused_whole(desk: Running) -> None:
    many = b"[" + b",".join([b"{}"] * (intake.MOST_ITEMS + 1)) + b"]"
    problem(desk.client.post("/v1/events", content=many, headers=JSON), 413, "too-many-items")
    problem(desk.client.post("/v1/events", content=b"[" * 90_000, headers=JSON), 400, "invalid-request")


def test_a_path_or_method_that_is_none_is_a_problem_too(desk: Running) -> None:
    problem(desk.client.get("/v1/nothing"), 404, "not-found")
    problem(desk.client.delete("/v1/alerts"), 405, "method-not-allowed")
    problem(desk.client.get("/v1/accounts/nobody"), 404, "not-found")
    problem(desk.client.get("/v1/alerts?limit=0"), 400, "invalid-request")


def test_a_caller_who_trickles_headers_is_hung_up_on(desk: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    host, _, port = desk.url.removeprefix("http://").partition(":")
    with monkeypatch.context() as impatient:
        impatient.setattr(protocol, "HEADERS_S", 0.2)
        # It may have hung up before any of this was sent.
        with socket.create_connection((host, int(port)), timeout=30) as caller, contextlib.suppress(ConnectionError):
            caller.sendall(b"POST /v1/decide HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            assert caller.recv(1) == b""
    # Everybody else has the time they always have, however busy the machine is.
    assert desk.decide(login("after slow")).status_code == 200


def test_headers_without_end_are_hung_up_on(desk: Running) -> None:
    host, _, port = desk.url.removeprefix("http://").partition(":")
    for piece in (b"X-Long: " + b"x" * 200_000, b"X-Many: x\r\n" * 20_000):
        with socket.create_connection((host, int(port)), timeout=10) as caller, contextlib.suppress(OSError):
            caller.sendall(b"POST /v1/decide HTTP/1.1\r\nHost: localhost\r\n" + piece)
            assert b" 431 " in caller.recv(4096).split(b"\r\n")[0]
    assert desk.decide(login("after long")).status_code == 200


def test_whoever_only_holds_connections_makes_room_for_others(desk: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MOST_CONNECTIONS", 8)
    host, _, port = desk.url.removeprefix("http://").partition(":")
    assert desk.decide(login("before the crowd")).status_code == 200
    with contextlib.ExitStack() as held:
        for n in range(40):
            caller = held.enter_context(socket.create_connection((host, int(port)), timeout=10))
            if n % 2:
                caller.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert b" 200 " in caller.recv(4096).split(b"\r\n")[0]
            # Who is at work keeps his connection.
            assert desk.decide(login(f"in the crowd {n}")).status_code == 200
        with httpx.Client(base_url=desk.url) as other:
            assert other.get("/readyz").status_code == 200


def test_a_body_that_does_not_arrive_is_given_up(desk: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BODY_S", 0.2)
    host, _, port = desk.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as caller:
        head = b"POST /v1/decide HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        caller.sendall(head + b"Content-Length: 99\r\n\r\n{")
        assert b" 408 " in caller.recv(4096).split(b"\r\n")[0]


def test_two_callers_with_the_same_ids_count_each_event_once(desk: Running) -> None:
    lines = [login(f"race{i}", f"race{i % 5}") for i in range(150)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: desk.decide(lines[n % 150]), range(600)))
    assert {answer.status_code for answer in answers} == {200}
    for n in range(150):
        assert len({answers[n + 150 * k].content for k in range(4)}) == 1
    events = desk.client.get("/v1/accounts/race0/events", params={"limit": "500"}).json()["events"]
    assert len(events) == 30


def test_a_deadline_that_passes_gets_the_fallback_flagged_and_recorded(tmp_path: Path) -> None:
    with running(tmp_path, fallback="hold") as desk:
        assert desk.service.desk is not None
        held = threading.Event()
        desk.service.desk.call(lambda live: (held.wait(20), None), lambda result, error: None)
        response = desk.decide(login("late", "l"), **{"x-decision-deadline-ms": "30"})
        held.set()
        assert response.status_code == 200
        assert (response.json()["fallback"], response.json()["action"]) == (True, "hold")
        again = desk.decide(login("late", "l"))
        assert again.json()["action"] == "allow"
        # It is recorded as soon as the writer comes to it; nobody waits for that.
        until = time.monotonic() + 30
        while (kinds := audited(desk)) != ["fallback", "policy"]:
            assert time.monotonic() < until, kinds
            threading.Event().wait(0.01)


def audited(desk: Running) -> list[str]:
    """Kinds of the audit log's entries, newest first."""
    return [entry["kind"] for entry in desk.client.get("/v1/audit").json()["entries"]]


def test_the_fallback_is_the_policys_own_and_changes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[broker]\nfallback = "hold"\n')
    with running(tmp_path / "data", policy=path) as desk:
        assert desk.service.fallback == "hold"
        toml = '[broker]\nactions = ["allow", "notify", "lock"]\n'
        desk.client.post("/v1/policy", json={"toml": toml, "who": "chief"})
        assert desk.service.fallback == "notify"  # the default is nothing this firm can do
        wrong = {"toml": toml + 'fallback = "challenge"\n', "who": "chief"}
        problem(desk.client.post("/v1/policy", json=wrong, headers={}), 422, "invalid-request")
        path.write_text('[broker]\nfallback = "allow"\n')  # the engine's numbers are those of the start again
        asyncio.run(serving.reload(desk.service))
        assert desk.service.fallback == "allow"
    with running(tmp_path / "data", policy=path, fallback="lock") as desk:
        assert (desk.service.control.fallback, desk.service.fallback) == ("allow", "lock")
        assert len(desk.service.policies) == 3


def test_too_much_at_once_is_turned_away_until_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kuraban.server.inbox.MOST_WAITING", 10)
    with running(tmp_path) as desk:
        assert desk.service.desk is not None
        held = threading.Event()
        desk.service.desk.call(lambda live: (held.wait(20), None), lambda result, error: None)
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(desk.send, [login(f"w{i}") for i in range(8)])
            while desk.service.desk.waiting < 8:
                threading.Event().wait(0.01)
            refused = desk.send([login(f"v{i}") for i in range(8)])
            problem(refused, 429, "busy")
            assert refused.headers["retry-after"] == "1"
            held.set()
            assert first.result().json()["accepted"] == 8
        assert desk.send([login(f"v{i}") for i in range(8)]).json()["accepted"] == 8


def test_without_a_valid_key_nothing_but_health_is_answered(tmp_path: Path) -> None:
    with running(tmp_path, open=False) as desk:
        keys = desk.service.keys
        good, reader = keys.create("good", frozenset({"decide"})), keys.create("reader", frozenset({"read"}))
        gone = keys.create("gone", frozenset({"decide"}))
        old = keys.create("old", frozenset({"decide"}), expires=1)
        keys.revoke(gone.split("_")[1])
        number, secret = good.split("_", 2)[1:]
        forged = [f"kbn_{number}_{secret[:-1]}x", f"kbn_{number}_", f"kbn__{secret}", "kbn", "x", f"{number}_{secret}"]
        problem(desk.decide(login("k")), 401, "unauthorized")
        for each in [*forged, gone, old]:
            problem(desk.decide(login("k"), authorization=f"Bearer {each}"), 401, "unauthorized")
        problem(desk.decide(login("k"), authorization=f"Basic {good}"), 401, "unauthorized")
        problem(desk.decide(login("k"), authorization=f"Bearer {reader}"), 403, "forbidden")
        assert desk.decide(login("k"), authorization=f"Bearer {good}").status_code == 200
        for path in ("/v1/alerts", "/v1/audit", "/v1/policy", "/metrics", "/v1/accounts/a", "/v1/groups"):
            problem(desk.client.get(path), 401, "unauthorized")
            problem(desk.client.get(path, headers={"authorization": f"Bearer {good}"}), 403, "forbidden")
        assert desk.client.get("/healthz").status_code == 200
        assert desk.client.get("/readyz").status_code == 200
        assert good not in (tmp_path / "keys.db").read_bytes().decode("latin-1")


@pytest.mark.parametrize(
    ("listening", "has_keys", "words"),
    [
        (serving.Listening("0.0.0.0"), False, "kuraban keys create"),
        (serving.Listening("0.0.0.0"), True, "--tls-cert"),
        (serving.Listening("192.0.2.1", certificate=Path("c")), True, "both"),
    ],
)
def test_an_address_others_can_reach_is_refused_with_the_way_to_fix_it(
    listening: serving.Listening, has_keys: bool, words: str
) -> None:
    with pytest.raises(serving.ListenError, match=words):
        serving.check(listening, has_keys)


def test_a_policy_is_changed_while_serving_and_kept_over_a_restart(tmp_path: Path) -> None:
    lines = theft("v")
    with running(tmp_path) as desk:
        desk.send(lines[:-1])
        toml = '[broker]\nactions = ["allow", "lock"]\n[cost]\nlock = 1\ncase = 1\n'
        changed = desk.client.post("/v1/policy", json={"toml": toml, "who": "chief"})
        assert [each["version"] for each in changed.json()["policies"]] == [2, 1]
        assert desk.decide(lines[-1]).json()["action"] == "lock"
        problem(desk.client.post("/v1/policy", json={"toml": "[cost]\nx = 1", "who": "c"}), 422, "invalid-request")
        timeline = desk.client.get("/v1/accounts/v/events").content
    for path in (tmp_path / "state").iterdir():
        path.unlink()
    with running(tmp_path) as desk:
        assert desk.service.report is not None
        assert (desk.service.report.events, desk.service.report.differing) == (len(lines), 0)
        assert desk.client.get("/v1/accounts/v/events").content == timeline


def test_a_policy_on_trial_decides_along_and_changes_nothing(tmp_path: Path) -> None:
    lines = story(400)
    with running(tmp_path / "a") as desk:
        toml = "[cost]\nchallenge = 0.01\n"
        desk.client.post("/v1/policy", json={"toml": toml, "who": "trial", "shadow": True})
        desk.send(lines)
        pairs = desk.client.get("/v1/policy").json()["shadow_pairs"]
        assert any(pair.endswith("/challenge") and not pair.startswith("challenge") for pair in pairs)
        tried = desk.client.get("/v1/accounts/口座3/events").json()["events"]
    with running(tmp_path / "b") as desk:
        desk.send(lines)
        plain = desk.client.get("/v1/accounts/口座3/events").json()["events"]
    assert [item["decisions"] for item in tried] == [item["decisions"] for item in plain]


def test_a_data_folder_is_served_by_one_process_only(tmp_path: Path) -> None:
    from kuraban.server.service import BusyFolderError, Options, Service

    with running(tmp_path), pytest.raises(BusyFolderError):
        Service(Options(tmp_path), Outputs())


def test_over_tls_callers_can_tell_that_it_is_the_desk(tmp_path: Path) -> None:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate, private = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    listening = serving.Listening(port=0, certificate=certificate, key=private)
    with running(tmp_path / "data", listening=listening) as desk:
        assert desk.url.startswith("https://")
        assert desk.decide(login("tls")).status_code == 200
        with pytest.raises(httpx.TransportError):
            httpx.get(desk.url.replace("https", "http") + "/healthz")
