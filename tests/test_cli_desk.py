"""The commands around a desk's data folder."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk import running, shared_tables, story, theft
from kuraban.cli import main
from kuraban.core.policy import PolicyError
from kuraban.journal import store
from kuraban.server.keys import open_keys


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "data"
    with running(folder) as desk:
        desk.send(story(300) + theft("v"))
    return folder


@pytest.fixture
def data(served: Path, tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(served, tmp_path / "data")
    with shared_tables():
        yield tmp_path / "data"


def test_a_key_is_shown_once_and_ends_when_it_is_revoked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    assert main(["keys", "create", "order-gateway", "--scope", "decide", "--scope", "read", *data]) == 0
    key = capsys.readouterr().out.strip()
    assert main(["keys", "list", *data]) == 0
    listed = capsys.readouterr().out
    assert "order-gateway" in listed
    assert "decide,read" in listed
    assert key not in listed
    number = key.split("_")[1]
    keys = open_keys(tmp_path)
    assert keys.find(key) is not None
    assert main(["keys", "revoke", number, *data]) == 0
    assert main(["keys", "revoke", number, *data]) == 1
    keys.close()
    keys = open_keys(tmp_path)
    assert keys.find(key) is None
    keys.close()
    assert main(["keys", "create", "x", "--days", "0", *data]) == 2


def test_verify_says_whether_a_folder_is_sound(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(data)]) == 0
    said = capsys.readouterr().out
    assert "BAD" not in said
    seal = said.split("the last hash is ")[1].split()[0]
    assert main(["verify", str(data), "--audit-hash", seal]) == 0
    assert main(["verify", str(data), "--audit-hash", "00" * 31]) == 1
    with sqlite3.connect(data / "journal.db") as connection:
        connection.execute("DELETE FROM block WHERE first = 0")
    connection.close()
    assert main(["verify", str(data)]) == 1
    assert main(["verify", str(data / "state")]) == 1


def test_a_backup_is_as_sound_as_what_it_copies(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    assert main(["backup", str(target), "--data", str(data)]) == 0
    assert main(["verify", str(target)]) == 0
    assert (target / "secret").read_bytes() == (data / "secret").read_bytes()
    assert main(["backup", str(target), "--data", str(data)]) == 2
    assert main(["backup", str(tmp_path / "other"), "--data", str(tmp_path)]) == 1


def test_backtest_of_the_same_policy_changes_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("")
    arguments = ["backtest", "--policy", str(policy), "--data", str(data), "--json", "--since"]
    assert main([*arguments, "2020-01-01"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["events"] == 343
    assert found["then"] == found["now"]
    assert found["changed"] == {}
    assert main([*arguments, "2100-01-01"]) == 0
    assert json.loads(capsys.readouterr().out)["events"] == 0


def test_backtest_shows_what_a_dearer_lock_would_have_changed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[broker]\nactions = ["allow", "notify"]\n')
    assert main(["backtest", "--policy", str(policy), "--data", str(data), "--since", "2020-01-01", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["now"]["actions"]["challenge"] == 0
    assert found["then"]["actions"]["challenge"] + found["then"]["actions"]["lock"] > 0
    assert found["now"]["stopped"] == 0
    assert found["changed"]
    assert main(["backtest", "--policy", str(policy), "--data", str(data), "--since", "2020-01-01"]) == 0
    assert "accounts acted on" in capsys.readouterr().out
    policy.write_text("[nonsense]\nx = 1\n")
    assert main(["backtest", "--policy", str(policy), "--data", str(data), "--since", "2020-01-01"]) == 1


def test_an_address_others_can_reach_is_refused_before_anything_is_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", "--data", str(tmp_path), "--listen", "0.0.0.0:0"]) == 2
    assert "kuraban keys create" in capsys.readouterr().err
    assert main(["serve", "--data", str(tmp_path), "--listen", "nowhere"]) == 2
    (tmp_path / "outputs.toml").write_text("x = 1")
    given = ["--outputs", str(tmp_path / "outputs.toml")]
    assert main(["serve", "--data", str(tmp_path), "--listen", "127.0.0.1:0", *given]) == 1


def test_before_an_upgrade_the_engine_is_compiled_or_it_is_said_that_it_cannot_be_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with shared_tables():
        assert main(["serve", "--prepare"]) == 0
        assert "compiled" in capsys.readouterr().err
        monkeypatch.setattr("kuraban.cli.serve.compiled_before", lambda: False)
        assert main(["serve", "--prepare"]) == 1
    assert "nothing can be kept in" in capsys.readouterr().err


def test_a_policy_that_is_none_is_named_as_such_wherever_it_came_from() -> None:
    with pytest.raises(PolicyError, match=r"^the policy is not a TOML file"):
        store.parsed("nonsense = [")
