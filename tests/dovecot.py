"""A real IMAP server for tests: Debian's dovecot, with its own configuration, certificate and mail in one folder."""

import base64
import datetime
import grp
import hashlib
import hmac
import ipaddress
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER = "owner"
PASSWORD = "app password, for tests"
_TOKEN_KEY = b"a key that signs access tokens in tests"

_CONFIG = """
base_dir = {run}
state_dir = {run}
log_path = {root}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
ssl = required
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
mail_location = maildir:{root}/mail/Maildir
first_valid_uid = 1
mail_max_userip_connections = 50
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {root}/users
  mechanisms = plain login
}}
passdb {{
  driver = oauth2
  args = {root}/oauth2.conf
  mechanisms = xoauth2
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {plain}
  }}
  inet_listener imaps {{
    port = {port}
    ssl = yes
  }}
}}
"""


class Dovecot(NamedTuple):
    """A running server. port: TLS from the start; plain: STARTTLS; folder: its Maildir; log: its log file."""

    port: int
    plain: int
    certificate: Path
    folder: Path
    log: Path

    def deliver(self, raw: bytes, name: str, folder: str = "") -> None:
        """Put a mail into a folder (INBOX by default), as a delivery agent does."""
        place = self.folder / (f".{folder}" if folder else "")
        for part in ("cur", "new", "tmp"):
            (place / part).mkdir(parents=True, exist_ok=True)
        (place / "tmp" / name).write_bytes(raw)
        _own(self.folder)
        os.rename(place / "tmp" / name, place / "new" / name)

    def flags(self) -> list[str]:
        """The names of all mails with their flags, which a Maildir keeps in the name."""
        return sorted(
            f"{path.parent.name}/{path.name}"
            for path in self.folder.rglob("*")
            if path.is_file() and path.parent.name in ("cur", "new")
        )


def token(user: str = USER, seconds: int = 3600) -> str:
    """An access token that the server accepts: a JWT signed with the key it knows."""
    now = int(time.time())
    head = {"alg": "HS256", "typ": "JWT"}
    claims = {"sub": user, "iat": now, "exp": now + seconds, "iss": "tests"}
    body = ".".join(_url64(json.dumps(part).encode()) for part in (head, claims))
    return body + "." + _url64(hmac.new(_TOKEN_KEY, body.encode(), hashlib.sha256).digest())


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _certificate(root: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (root / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (root / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _own(path: Path) -> None:
    """Give mail to the user the server reads it as: root may not be one."""
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        for below in (path, *path.rglob("*")):
            with suppress(FileNotFoundError):
                os.chown(below, nobody.pw_uid, nobody.pw_gid)


def _ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(other.getsockname()[1])


def _configure(root: Path, port: int, plain: int) -> Path:
    as_root = os.getuid() == 0
    me = pwd.getpwuid(os.getuid())
    mail = pwd.getpwnam("nobody") if as_root else me
    _certificate(root)
    (root / "users").write_text(f"{USER}:{PASSWORD}\n")
    keys = root / "keys" / "default" / "HS256"
    keys.mkdir(parents=True, exist_ok=True)
    (keys / "default").write_text(base64.b64encode(_TOKEN_KEY).decode())
    (root / "oauth2.conf").write_text(
        f"introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={root}/keys/\n"
        "username_attribute = sub\nissuers = tests\n"
    )
    config = root / "dovecot.conf"
    config.write_text(
        _CONFIG.format(
            root=root,
            run=root / "run",
            port=port,
            plain=plain,
            uid=mail.pw_uid,
            gid=mail.pw_gid,
            internal="dovecot" if as_root else me.pw_name,
            internal_group="dovecot" if as_root else grp.getgrgid(me.pw_gid).gr_name,
            login="dovenull" if as_root else me.pw_name,
        )
    )
    return config


@contextmanager
def dovecot(root: Path) -> Iterator[Dovecot]:
    """A server with an empty mailbox, stopped at the end."""
    root.chmod(0o755)
    folder = root / "mail" / "Maildir"
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    process, port, plain = _started(root)
    try:
        yield Dovecot(port, plain, root / "cert.pem", folder, root / "dovecot.log")
    finally:
        _stop(process)


def _started(root: Path) -> tuple["subprocess.Popen[bytes]", int, int]:
    """A running server and its ports. Another program may take a port between its choice and its use: then again."""
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert program is not None, "install dovecot: apt-get install dovecot-imapd"
    for _ in range(3):
        port, plain = _ports()
        config = _configure(root, port, plain)
        _own(root / "mail")
        quiet = subprocess.DEVNULL
        # It ends with the tests, also where these are killed.
        bound = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        process = subprocess.Popen(
            [*bound, program, "-F", "-c", str(config)], stdout=quiet, stderr=quiet, start_new_session=True
        )
        if _answers(port, process):
            return process, port, plain
        _stop(process)
    log = root / "dovecot.log"
    raise AssertionError(f"dovecot does not start: {log.read_text() if log.exists() else process.returncode}")


def _answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    for _ in range(600):
        if process.poll() is not None:
            return False
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        threading.Event().wait(0.05)
    return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # an orderly end takes it a second
    process.wait(timeout=30)
