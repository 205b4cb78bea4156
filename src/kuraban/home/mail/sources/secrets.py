"""Where a mailbox's password or token comes from: the keyring of the system, or a command. Never the configuration.

Best is an app password that can read mail and nothing else. Nothing here is kept, shown or logged.
"""

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import keyring
import keyring.errors

from kuraban.home.model import Words

TIMEOUT = 60.0  # seconds for a command, which may ask its user to touch a key
MAX_SECRET = 16 * 1024
SERVICE = "kuraban-mail"  # the name under which passwords lie in the keyring


class SecretError(Exception):
    """A secret cannot be had; words say why, without the secret."""

    def __init__(self, words: Words) -> None:
        super().__init__(words.en)
        self.words = words


@dataclass(frozen=True, slots=True)
class Credential:
    """How to log in.

    kind: `password`, or `xoauth2` for an access token. get: yields the secret, or raises `SecretError`.
    """

    kind: Literal["password", "xoauth2"]
    get: Callable[[], str] = field(repr=False)


def from_keyring(host: str, user: str) -> Credential:
    """The app password of a mailbox, kept in the system's keyring by `store`."""

    def get() -> str:
        try:
            found: str | None = keyring.get_password(SERVICE, f"{user}@{host}")
        except keyring.errors.KeyringError:
            raise SecretError(Words("キーリングを開けません", "the keyring cannot be opened")) from None
        if not found:
            raise SecretError(
                Words(
                    f"キーリングに {user} のパスワードがありません。設定し直してください",
                    f"the keyring holds no password of {user}; set it up again",
                )
            )
        return found

    return Credential("password", get)


def store(host: str, user: str, password: str) -> None:
    """Keep an app password in the system's keyring. Raises `SecretError`."""
    try:
        keyring.set_password(SERVICE, f"{user}@{host}", password)
    except keyring.errors.KeyringError:
        words = Words("キーリングに保存できません", "the keyring does not keep the password")
        raise SecretError(words) from None


def from_command(command: Sequence[str], kind: Literal["password", "xoauth2"] = "password") -> Credential:
    """The first line that a command prints, such as a password manager's. It is run as it stands, by no shell."""
    words = tuple(command)

    def get() -> str:
        try:
            done = subprocess.run(  # noqa: S603, the owner's own command
                words, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False
            )
        except (OSError, subprocess.SubprocessError, ValueError, IndexError):
            raise SecretError(_failed(words)) from None
        first = done.stdout[:MAX_SECRET].decode("utf-8", "replace").split("\n")[0].strip("\r")
        if done.returncode != 0 or not first:
            raise SecretError(_failed(words))
        return first

    return Credential(kind, get)


def _failed(command: tuple[str, ...]) -> Words:
    name = command[0] if command else "?"
    return Words(f"コマンド {name} がパスワードを返しません", f"the command {name} gives no password")
