"""nginx, with the file that is shipped for it, before a desk: what passes, what does not, and what the desk is told."""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from desk import Running, running, theft
from kuraban.console.desk.people import MANAGER
from kuraban.console.desk.seat import COOKIE
from kuraban.server.keys import open_keys
from kuraban.server.serving import Listening
from test_server_supervised import certificate

CONFIGURATION = (Path(__file__).resolve().parent.parent / "deploy" / "nginx.conf").read_text("utf-8")
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="needs nginx")


@dataclass
class Proxied:
    """A desk behind nginx. url: the address people open. plain: the port without TLS."""

    desk: Running
    url: str
    plain: int
    trusted: ssl.SSLContext
    key: str

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=self.trusted, timeout=30)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def listens(port: int) -> bool:
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def nginx(folder: Path, upstream: int, tls: int, plain: int) -> Iterator[None]:
    """nginx in the foreground, once it listens."""
    site = CONFIGURATION
    for shipped, here in (
        ("server 127.0.0.1:8040;", f"server 127.0.0.1:{upstream};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{tls} ssl;"),
        ("listen 80;", f"listen 127.0.0.1:{plain};"),
        ("listen [::]:443 ssl;", ""),  # not every machine has IPv6
        ("listen [::]:80;", ""),
        ("/etc/ssl/kuraban/chain.pem", str(folder / "cert.pem")),
        ("/etc/ssl/kuraban/key.pem", str(folder / "key.pem")),
        ("desk.example.jp;", "127.0.0.1;"),
    ):
        assert shipped in site
        site = site.replace(shipped, here)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    (folder / "site.conf").write_text(site, "utf-8")
    (folder / "nginx.conf").write_text(
        # Started by root, its workers would be somebody who cannot reach the folder.
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; pid {folder}/pid; error_log stderr;"
        f" events {{}} http {{ {temporary} include site.conf; }}"
    )
    assert NGINX is not None
    process = subprocess.Popen(
        [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"], stderr=subprocess.PIPE, text=True
    )
    try:
        until = time.monotonic() + 30
        while not listens(tls):
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < until
        yield
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder = tmp_path_factory.mktemp("nginx")
    folder.chmod(0o755)
    certificate(folder, 1)
    tls, plain = free_port(), free_port()
    url = f"https://127.0.0.1:{tls}"
    listening = Listening(port=0, behind_proxy=True)
    with running(folder / "data", open=False, listening=listening, public_url=url) as desk:
        keys = open_keys(folder / "data")
        key = keys.create("gateway", frozenset(("decide", "read")))
        keys.close()
        with nginx(folder, int(desk.url.rpartition(":")[2]), tls, plain):
            yield Proxied(desk, url, plain, ssl.create_default_context(cafile=str(folder / "cert.pem")), key)


def test_systems_with_a_key_get_decisions_through_the_proxy_and_others_none(proxied: Proxied) -> None:
    event, *more = theft("proxied")
    headers = {"content-type": "application/json", "authorization": f"Bearer {proxied.key}"}
    with proxied.client() as client:
        first = client.post("/v1/decide", content=event, headers=headers)
        assert (first.status_code, first.json()["action"]) == (200, "allow")
        assert first.headers["strict-transport-security"]
        lines = {**headers, "content-type": "application/x-ndjson"}
        assert client.post("/v1/events", content=b"\n".join(more), headers=lines).json()["accepted"] == len(more)
        assert client.post("/v1/decide", content=event, headers={"content-type": "application/json"}).status_code == 401
        # Who calls himself this computer is still somebody behind the proxy.
        named = {"content-type": "application/json", "host": "localhost"}
        assert client.post("/v1/decide", content=event, headers=named).status_code == 401
        assert client.get("/readyz").json()["status"] == "ready"


def test_a_large_file_of_events_passes_and_one_too_large_is_turned_away_by_either(proxied: Proxied) -> None:
    headers = {"content-type": "application/x-ndjson", "authorization": f"Bearer {proxied.key}"}
    event = b'{"id":"%d","time":"2025-07-01T10:00:00+09:00","account":"bulk","type":"login.failed"}'
    body = b"\n".join(event % n for n in range(20_000))
    assert len(body) > 1 << 20  # what nginx takes unless told otherwise
    with proxied.client() as client:
        assert client.post("/v1/events", content=body, headers=headers).json()["accepted"] == 20_000
        assert client.post("/v1/events", content=b" " * (17 << 20), headers=headers).status_code == 413


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/openapi.json", "/elsewhere"])
def test_what_is_for_the_desks_own_machine_stays_there(proxied: Proxied, path: str) -> None:
    with proxied.client() as client:
        assert client.get(path, headers={"authorization": f"Bearer {proxied.key}"}).status_code == 404


def test_without_tls_callers_are_sent_to_where_there_is_some(proxied: Proxied) -> None:
    answer = httpx.get(f"http://127.0.0.1:{proxied.plain}/console/")
    assert (answer.status_code, answer.headers["location"]) == (301, "https://127.0.0.1/console/")


def test_people_sign_in_by_their_link_and_forms_of_other_sites_are_refused(proxied: Proxied) -> None:
    person = proxied.desk.people.add("佐藤", MANAGER)
    link = f"/console/enter/{proxied.desk.people.link(person)}"
    with proxied.client() as client:
        assert client.get("/").headers["location"] == f"{proxied.url}/console/"
        assert client.get(link).status_code == 200
        assert client.post(link, headers={"sec-fetch-site": "cross-site"}).status_code == 403
        entered = client.post(link, headers={"sec-fetch-site": "same-origin"})
        assert (entered.status_code, entered.headers["location"]) == (303, "/console/")
        said = entered.headers["set-cookie"].lower()
        assert said.startswith(COOKIE) and {"secure", "httponly", "samesite=lax"} <= set(said.split("; "))  # noqa: PT018
        assert client.get("/console/").status_code == 200
        refused = client.post("/console/sign-out", data={"csrf": "guessed"})
        assert refused.status_code == 403


def test_whoever_guesses_links_is_known_by_his_own_address_whatever_he_says_it_is(proxied: Proxied) -> None:
    with proxied.client() as client:
        for n in range(21):
            client.post(f"/console/enter/guess-{n}", headers={"x-forwarded-for": f"192.0.2.{n}"})
        last = client.post("/console/enter/guess", headers={"x-forwarded-for": "192.0.2.99"})
    assert last.status_code == 429
