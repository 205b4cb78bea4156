"""`kuraban serve`: the desk's HTTP API and its console."""

import argparse
import asyncio
import contextlib
import logging
import os
import shlex
import sqlite3
import sys
from pathlib import Path
from urllib.parse import urlsplit

from kuraban.cli.errors import CommandError
from kuraban.console.desk import app, auditing
from kuraban.console.desk.people import People
from kuraban.core.jit import cache_folder, compiled_before
from kuraban.core.policy import ACTIONS, PolicyError, load
from kuraban.journal.secret import SecretError
from kuraban.replay import Replay
from kuraban.server import forgetting, serving
from kuraban.server.desk import Settings
from kuraban.server.guard import is_loopback
from kuraban.server.logs import Relay
from kuraban.server.outputs import settings
from kuraban.server.service import BusyFolderError, Options, Service, warm_up


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("--data", type=Path, default=Path("kuraban-data"), help="data folder (データの保存先)")
    parser.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:8040", help="default: %(default)s")
    parser.add_argument("--instruments", metavar="CSV", type=Path, help="reference data of instruments (銘柄表)")
    parser.add_argument("--ipdb", type=Path, help="MaxMind-format file laid over the shipped network table")
    parser.add_argument("--policy", metavar="TOML", type=Path, help="read again on SIGHUP (ポリシー)")
    parser.add_argument(
        "--two-person",
        action="store_true",
        help="a change of the policy needs a second person; asks for API keys (二人承認)",
    )
    parser.add_argument("--shadow", metavar="TOML", type=Path, help="a policy that only decides along (試行ポリシー)")
    parser.add_argument("--outputs", metavar="TOML", type=Path, help="webhooks, shared signals, owners (通知先)")
    parser.add_argument(
        "--fallback", choices=ACTIONS, help="answer when a deadline passes; default: [broker] fallback of the policy"
    )
    parser.add_argument("--timezone", default="Asia/Tokyo", help="the broker's (default: %(default)s)")
    parser.add_argument("--retention-days", type=_days, help="remove what is older (保存日数); default: keep all")
    parser.add_argument("--audit-retention-days", type=_days, help="the same of the audit log (監査記録の保存日数)")
    parser.add_argument("--snapshot-events", type=int, default=1_000_000, help="a snapshot after so many events")
    parser.add_argument("--tls-cert", type=Path, help="certificate chain, PEM; read again on SIGHUP (証明書)")
    parser.add_argument("--tls-key", type=Path, help="its private key, PEM")
    parser.add_argument("--public-url", metavar="URL", help="the address people open; default: that of --outputs")
    parser.add_argument(
        "--behind-proxy", action="store_true", help="TLS is done by a proxy on the way; asks for API keys"
    )
    parser.add_argument(
        "--prepare", action="store_true", help="only compile the engine, before a new version is started (事前準備)"
    )
    parser.add_argument("--require-key", action="store_true", help="ask for an API key on loopback too")


def _days(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 36_500:
        raise argparse.ArgumentTypeError("a number of days, 1 or more")
    return int(text)


def run(given: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT."""
    if given.prepare:
        return _prepare()
    # What comes to lie in the folder is its owner's alone, also where something more generous has made the folder.
    os.umask(0o077)
    host, _, port = given.listen.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise CommandError("--listen is HOST:PORT, such as 127.0.0.1:8040", 2)
    if given.public_url is not None and not _is_address(given.public_url):
        raise CommandError("--public-url is an address such as https://desk.example.jp, without a path", 2)
    listening = serving.Listening(
        host.strip("[]"),
        int(port),
        given.tls_cert,
        given.tls_key,
        # Without keys nobody could tell who proposed.
        given.require_key or given.two_person,
        given.behind_proxy,
    )
    try:
        service = _service(given)
    except (BusyFolderError, PolicyError, SecretError, settings.OutputsError) as error:
        raise CommandError(str(error)) from error
    except (OSError, sqlite3.Error) as error:
        raise CommandError(f"cannot use the data folder {given.data}: {error}") from error
    try:
        open_ = serving.check(listening, any(key.revoked is None for key in service.keys.all()))
    except serving.ListenError as error:
        service.stop()
        raise CommandError(str(error), 2) from error

    logging.getLogger().addHandler(Relay(service.log))
    # Three threads share the interpreter; the default interval lets one keep the others waiting for 5 ms at a time.
    sys.setswitchinterval(0.001)
    people = People(given.data)
    public_url = (given.public_url or service.outputs.public_url or "").rstrip("/") or None

    def begun(bound: int) -> None:
        scheme = "https" if given.tls_cert else "http"
        shown = f"[{listening.host}]" if ":" in listening.host else listening.host
        sys.stderr.write(f"listening on {scheme}://{shown}:{bound} (受付中), data in {given.data}\n")
        # Passkeys need a name: this computer's own is localhost.
        named = "localhost" if is_loopback(listening.host) else shown
        with contextlib.suppress(sqlite3.Error):  # a full disk: /readyz says so, and links are made later
            people.note("url", public_url or f"{scheme}://{named}:{bound}")
            if not people.all():
                sys.stderr.write(_first(given.data))
        sys.stderr.flush()

    pages = app.routes(
        service,
        people,
        secure=bool(given.tls_cert) or given.behind_proxy,
        public_url=public_url,
        behind_proxy=given.behind_proxy,
    )
    config = serving.configured(service, listening, open=open_, more=list(pages))
    server = serving.Server(config, begun)
    beside = [
        lambda: forgetting.run(service),
        lambda: auditing.run(service, people),
        lambda: serving.leave_when_failed(service, server),
    ]
    clean = asyncio.Runner(loop_factory=config.get_loop_factory()).run(serving.serve(service, server, beside))
    people.close()
    return 0 if clean else 1


def _prepare() -> int:
    warm_up(Replay(lateness_s=0))
    if not compiled_before():
        raise CommandError(f"nothing can be kept in {cache_folder()}: the server will compile at every start")
    sys.stderr.write(f"compiled for this machine, kept in {cache_folder()} (準備完了)\n")
    return 0


def _is_address(text: str) -> bool:
    try:
        found = urlsplit(text)
        return found.scheme in ("http", "https") and bool(found.hostname) and found.path in ("", "/")
    except ValueError:
        return False


def _first(data: Path) -> str:
    """What to do where nobody can sign in to the console yet."""
    return (
        "nobody can use the console yet (コンソールの利用者がいません); make the first one, and a link to sign in by:\n"
        f"    kuraban people add NAME --role manager --data {shlex.quote(str(data))}\n"
    )


def _service(given: argparse.Namespace) -> Service:
    load(given.policy)
    if given.shadow is not None:
        load(given.shadow)
    outputs = settings.load(given.outputs) if given.outputs is not None else None
    options = Options(
        given.data,
        given.instruments,
        given.ipdb,
        given.policy,
        given.shadow,
        given.timezone,
        given.fallback,
        given.retention_days,
        Settings(snapshot_events=given.snapshot_events),
        two_person=given.two_person,
        audit_retention_days=given.audit_retention_days,
    )
    return Service(options, outputs)
