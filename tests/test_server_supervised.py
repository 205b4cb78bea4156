"""A desk under a supervisor: it says when it is ready, reads renewed certificates, and logs nothing about people."""

import asyncio
import contextlib
import json
import logging
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.exceptions import HTTPException

from desk import running
from kuraban.server import certificates, routes, serving, supervisor
from kuraban.server.logs import Log, Relay

ACCOUNT = "20114"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """What a supervisor is told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield listening


def until(told: socket.socket, line: str) -> list[str]:
    """All lines up to one that begins so."""
    lines = list[str]()
    while not any(each.startswith(line) for each in lines):
        lines += told.recv(4096).decode().splitlines()
    return lines


def test_a_supervisor_is_told_when_events_are_accepted_what_is_wrong_and_of_the_end(
    told: socket.socket, tmp_path: Path
) -> None:
    with running(tmp_path / "data") as desk:
        before = until(told, "READY=1")
        assert any("recovering: reading the journal back (compiling" in each for each in before)
        assert before[-1] == "STATUS=accepting events"
        desk.service.condition("clock_back", True)
        assert until(told, "STATUS=accepting events; clock_back: ")
        desk.service.condition("disk_full", True)
        assert until(told, "STATUS=not accepting events; clock_back: ")[-1].count("disk_full: ") == 1
        desk.service.condition("disk_full", False)
    assert until(told, "STOPPING=1")


def test_a_desk_that_cannot_read_its_journal_back_is_ready_to_say_so(told: socket.socket, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "journal.db").write_bytes(b"no database at all, but something else" * 200)
    with running(tmp_path / "data") as desk:
        assert until(told, "READY=1")[-1].startswith("STATUS=not accepting events; damaged: ")
        assert desk.client.get("/readyz").status_code == 503


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all", "@kuraban-nobody-listens"])
def test_where_no_supervisor_listens_nothing_happens(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    supervisor.tell("READY=1")


def test_an_abstract_socket_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("\0kuraban-test-abstract")
        monkeypatch.setenv("NOTIFY_SOCKET", "@kuraban-test-abstract")
        supervisor.tell("READY=1", "STATUS=fine")
        assert listening.recv(100) == b"READY=1\nSTATUS=fine"


def certificate(folder: Path, days: int, *, encrypted: bool = False, fitting: bool = True) -> None:
    """A certificate for 127.0.0.1 and its key, written over what is there."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "desk")])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=days))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    (folder / "cert.pem").write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    kept = key if fitting else generate_private_key(SECP256R1())
    secrecy = BestAvailableEncryption(b"a word") if encrypted else NoEncryption()
    (folder / "key.pem").write_bytes(kept.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, secrecy))


def shown(url: str) -> int:
    """The serial number of the certificate that a new caller is shown."""
    host, port = url.removeprefix("https://").split(":")
    found = ssl.get_server_certificate((host, int(port)))
    return x509.load_pem_x509_certificate(found.encode()).serial_number


def serial(folder: Path) -> int:
    return x509.load_pem_x509_certificate((folder / "cert.pem").read_bytes()).serial_number


def test_a_renewed_certificate_is_shown_after_a_reload_and_a_bad_one_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[uvicorn.Config]()
    configured = serving.configured

    def kept(*given: Any, **more: Any) -> uvicorn.Config:
        made.append(configured(*given, **more))
        return made[-1]

    monkeypatch.setattr(serving, "configured", kept)
    certificate(tmp_path, 1)
    listening = serving.Listening(port=0, certificate=tmp_path / "cert.pem", key=tmp_path / "key.pem")
    with running(tmp_path / "data", listening=listening) as desk:
        first = serial(tmp_path)
        assert shown(desk.url) == first

        def reloaded() -> int:
            asyncio.run(serving.reload(desk.service, made[0]))
            return shown(desk.url)

        certificate(tmp_path, 30, fitting=False)
        assert reloaded() == first
        certificate(tmp_path, 30, encrypted=True)
        assert reloaded() == first
        (tmp_path / "cert.pem").write_text("no certificate")
        assert reloaded() == first
        (tmp_path / "cert.pem").unlink()
        assert reloaded() == first
        certificate(tmp_path, 30)
        assert reloaded() == serial(tmp_path) != first
        until = certificates.read_again(made[0])
        assert until is not None
        assert timedelta(days=29) < until - datetime.now(UTC) < timedelta(days=31)


def test_behind_a_proxy_a_key_is_asked_for_on_loopback_too() -> None:
    assert serving.check(serving.Listening("127.0.0.1"), False)
    assert not serving.check(serving.Listening("127.0.0.1", behind_proxy=True), False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_error_is_logged_by_its_route_and_never_by_what_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(*_: object) -> None:
        raise KeyError(ACCOUNT)

    monkeypatch.setattr(routes, "_newest", fails)
    with contextlib.ExitStack() as after, running(tmp_path) as desk:
        relay = Relay(desk.service.log)
        logging.getLogger("uvicorn").addHandler(relay)
        after.callback(logging.getLogger("uvicorn").removeHandler, relay)
        desk.service.log.quiet = False
        assert desk.client.get(f"/v1/accounts/{ACCOUNT}/events").status_code == 500
    found = lines(capsys)
    (error,) = [each for each in found if each["event"] == "error"]
    assert (error["kind"], error["route"]) == ("KeyError", "/v1/accounts/{account}/events")
    traced = [each for each in found if each["event"] == "library"]
    assert any(frame.endswith(" fails") for each in traced for frame in each["trace"])
    assert ACCOUNT not in json.dumps(found)


def test_of_what_libraries_log_no_values_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.Logger("asyncio")
    logger.addHandler(Relay(Log(b"secret")))
    logger.warning("Executing %s took", ACCOUNT)
    logger.error(f"Task exception was never retrieved\nfuture: <Task exception=KeyError({ACCOUNT!r})>")
    logger.info("nothing to see")
    other = logging.Logger("apprise")
    other.addHandler(Relay(Log(b"secret")))
    try:
        raise HTTPException(500, ACCOUNT)
    except HTTPException:
        other.exception(f"Failed to send to {ACCOUNT}")
    took, never, failed = lines(capsys)
    assert (took["problem"], never["problem"]) == ("Executing %s took", "Task exception was never retrieved")
    assert (failed["by"], failed["kind"], "problem" in failed) == ("apprise", "HTTPException", False)
    assert ACCOUNT not in json.dumps([took, never, failed])
