"""From mailbox and exports to the evidence package: what was read is what is handed over."""

import csv
import hashlib
import io
import shutil
from pathlib import Path

import pytest

from kuraban.cli import main
from kuraban.home.mail.formats.testing import SAMPLES as MAILS
from kuraban.home.statements.testing import SAMPLES as EXPORTS

CONFIG = """
csv_folder = "{exports}"
[[mailbox]]
name = "box"
kind = "folder"
path = "{mails}"
[[account]]
label = "うちの楽天"
broker = "rakuten"
"""


@pytest.fixture
def owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the owner's with a mailbox of genuine and forged notices and one export, read once."""
    mails, exports, home = tmp_path / "mails", tmp_path / "exports", tmp_path / "home"
    for folder in (mails, exports, home):
        folder.mkdir()
    for number, path in enumerate(sorted(MAILS.glob("rakuten*/*.eml"))):
        shutil.copy(path, mails / f"{number}.eml")
    shutil.copy(next((EXPORTS / "rakuten-jp").glob("*.csv")), exports / "trades.csv")
    (home / "config.toml").write_text(CONFIG.format(exports=exports, mails=mails), encoding="utf-8")
    monkeypatch.setenv("KURABAN_HOME", str(home))
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    assert main(["home", "watch", "--once", "--offline"]) == 0
    return tmp_path


def package(folder: Path) -> Path:
    assert main(["home", "incident", "package", "--since", "2026-01-01", "--into", str(folder / "out")]) == 0
    (found,) = (path for path in (folder / "out").iterdir() if path.is_dir())
    return found


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))[1:]


def digests(folder: Path) -> set[str]:
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_every_mail_and_export_that_was_read_is_in_the_package_as_it_lies_in_the_mailbox(owner: Path) -> None:
    made = package(owner)
    assert digests(made / "mails") == digests(owner / "mails")
    assert digests(made / "exports") == digests(owner / "exports")
    listed = {row[1] for row in rows(made / "originals.csv")}
    assert listed == digests(owner / "mails") | digests(owner / "exports")


def test_the_timeline_holds_trades_and_the_forged_mails_under_the_owners_label(owner: Path) -> None:
    timeline = rows(package(owner) / "timeline.csv")
    assert any("セブン銀行" in row[4] and row[3] == "うちの楽天" for row in timeline)
    forged = [row for row in timeline if row[4].startswith("偽のメール")]
    assert forged
    assert all(row[3] == "うちの楽天" and row[7] and row[9] for row in forged)


def test_a_mail_that_was_deleted_since_is_named_as_missing(owner: Path) -> None:
    gone = sorted((owner / "mails").iterdir())[0]
    gone.unlink()
    made = package(owner)
    assert digests(made / "mails") == digests(owner / "mails")
    assert "元のメールが見つかりません" in (made / "README.txt").read_text(encoding="utf-8")
