"""The one folder of the owner's side: private to the user, and written so that no file is ever half there."""

import os
import secrets
import stat
from pathlib import Path

from kuraban.home.problems import HomeError

CONFIG, PLAN, STORE = "config.toml", "plan.toml", "kuraban.sqlite3"


def default_folder() -> Path:
    """KURABAN_HOME where it is set, else `kuraban` in the user's data directory (XDG)."""
    given = os.environ.get("KURABAN_HOME")
    if given:
        return Path(given).expanduser()
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data and Path(data).is_absolute() else Path.home() / ".local" / "share") / "kuraban"


class Folder:
    """The folder and the paths in it. Nothing is made before `prepare`."""

    def __init__(self, path: Path | None = None):
        self.path = path or default_folder()
        self.config = self.path / CONFIG
        self.plan = self.path / PLAN
        self.store = self.path / STORE

    def prepare(self) -> None:
        """Make the folder where it is not there, and take other users' permissions away.

        Raises `HomeError` where it cannot be made, is no folder, or belongs to another user.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.path.stat()
        except OSError as error:
            raise _unusable(self.path, error) from error
        if os.name == "posix":
            if found.st_uid != os.getuid():
                raise HomeError.of(
                    f"フォルダ {self.path} は別のユーザーのものです。KURABAN_HOME に自分のフォルダを指定してください。",
                    f"the folder {self.path} belongs to another user; set KURABAN_HOME to one of your own",
                )
            if stat.S_IMODE(found.st_mode) & 0o077:
                self.path.chmod(0o700)

    def secure(self) -> None:
        """Take other users' permissions away from the files in it."""
        if os.name == "posix" and self.path.is_dir():
            for file in self.path.iterdir():
                if file.is_file() and not file.is_symlink() and stat.S_IMODE(file.stat().st_mode) & 0o077:
                    file.chmod(0o600)

    def write(self, path: Path, text: str) -> None:
        """Replace a file of the folder at once: after a crash it is the old one or the new one. Mode 0600."""
        self.prepare()
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> HomeError:
    why = error.strerror or str(error)
    return HomeError.of(f"{path} を使えません({why})", f"{path} cannot be used: {why}")
