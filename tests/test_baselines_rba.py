"""The protocol of the RBA login data set, on a made-up file of its form."""

import csv
import gzip
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from kuraban.baselines.rba import Settings, evaluate, render
from kuraban.baselines.rba.attackers import MODELS, NAIVE, TARGETED, VPN, Pools
from kuraban.baselines.rba.methods import ENGINE, FREEMAN, Engine
from kuraban.baselines.rba.reading import COLUMNS, FormatError, Login, logins
from kuraban.baselines.rba.results import Own, limit, results
from kuraban.cli import main

START = datetime(2020, 2, 3, 12)
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 13_4 like Mac OS X) AppleWebKit/605.1.15 Version/13.0 Mobile Safari/604.1"
PC = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/79.0.3945.88 Safari/537.36"
HOMES = (("Oslo", "81.167.144.", 29695), ("Bergen", "84.208.20.", 41164))


def row(user: int, hours: float, **columns: object) -> dict[str, object]:
    """A login from the user's own line and machine; `columns` change what differs."""
    city, net, asn = HOMES[user % 2]
    phone = user % 3 == 0
    plain: dict[str, object] = {
        "index": 0,
        "Login Timestamp": (START + timedelta(hours=hours)).isoformat(sep=" ", timespec="milliseconds"),
        "User ID": -4_324_475_583_306_591_935 + user,
        "Round-Trip Time [ms]": "",
        "IP Address": f"{net}{user + 1}",
        "Country": "NO",
        "Region": "-",
        "City": city,
        "ASN": asn,
        "User Agent String": PHONE if phone else PC,
        "Browser Name and Version": "Mobile Safari 13.0" if phone else "Chrome 79.0.3945",
        "OS Name and Version": "iOS 13.4" if phone else "Windows 10",
        "Device Type": "mobile" if phone else "desktop",
        "Login Successful": True,
        "Is Attack IP": False,
        "Is Account Takeover": False,
    }
    return plain | {name.replace("_", " "): value for name, value in columns.items()}


def abroad(user: int, hours: float, number: int, **columns: object) -> dict[str, object]:
    """A try from a known attacker's address somewhere in the world."""
    place = {"IP_Address": f"45.134.26.{number % 250 + 1}", "Country": "RU", "City": "Moskva", "ASN": 198953}
    software = {"User_Agent_String": "python-requests/2.25", "Browser_Name_and_Version": "Python Requests 2.25"}
    system = {"OS_Name_and_Version": "Other", "Device_Type": "unknown"}
    return row(user, hours, Login_Successful=False, Is_Attack_IP=True) | row(
        user, hours, **place, **software, **system, Login_Successful=False, Is_Attack_IP=True, **columns
    )


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    rows.sort(key=lambda each: str(each["Login Timestamp"]))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows({**each, "index": number} for number, each in enumerate(rows))
    return path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty users with forty daily logins each, tries from abroad, and one real takeover."""
    rows = [row(user, 24 * day + user / 60) for user in range(30) for day in range(40)]
    rows += [abroad(day % 30, 24 * day + 6, day) for day in range(40)]
    rows.append(abroad(5, 24 * 39 + 8, 7) | {"Login Successful": True, "Is Account Takeover": True})
    return write(tmp_path_factory.mktemp("rba") / "rba.csv", rows)


def test_rows_become_logins_with_the_files_own_networks(data: Path) -> None:
    first = next(iter(logins(data)))
    assert isinstance(first, Login)
    assert first.address == ("81.167.144.1", 29695, "NO")
    assert first.software == (PHONE, "Mobile Safari 13.0", "iOS 13.4", "mobile")
    assert first.event().time.endswith("+00:00")


def test_a_compressed_copy_reads_the_same(data: Path, tmp_path: Path) -> None:
    (tmp_path / "rba.csv.gz").write_bytes(gzip.compress(data.read_bytes()))
    assert list(logins(tmp_path / "rba.csv.gz", 50)) == list(logins(data, 50))


def test_another_csv_is_refused_by_its_missing_columns(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("user,ip\n1,2\n")
    with pytest.raises(FormatError, match="User ID"):
        next(iter(logins(tmp_path / "other.csv")))


@pytest.mark.parametrize(
    "broken",
    [{"Login Timestamp": "yesterday"}, {"User ID": " "}, {"ASN": "x"}, {"Login Successful": "perhaps"}],
)
def test_a_row_that_cannot_be_read_is_a_reason(broken: dict[str, object], tmp_path: Path) -> None:
    path = write(tmp_path / "rba.csv", [row(0, 1), row(0, 2) | broken])
    read = list(logins(path))
    assert sum(isinstance(each, str) for each in read) == 1
    assert evaluate(path, Settings()).unreadable == 1


def as_login(**columns: object) -> Callable[[Path], Login]:
    def read(folder: Path) -> Login:
        found = next(iter(logins(write(folder / "one.csv", [row(0, 0) | columns]))))
        assert isinstance(found, Login)
        return found

    return read


def test_attackers_take_what_they_can_know_from_others(data: Path) -> None:
    """Naive: a known attacker's address. VPN: the country. Targeted: the city and the software. Never the victim's."""
    pools, seen = Pools(seed=3), [each for each in logins(data) if isinstance(each, Login)]
    for login in seen:
        pools.see(login)
    victim = next(login for login in seen if login.user == str(-4_324_475_583_306_591_935))
    for model in MODELS:
        for _ in range(20):
            address, software = pools.attack(model, victim)
            assert address.ip != victim.ip
            assert address.attack_ip == (model == NAIVE)
            assert (address.country == "NO") == (model != NAIVE)
            if model == TARGETED:
                assert (address.city, software.software[1:]) == (victim.city, victim.software[1:])


def test_an_attacker_who_finds_nobody_alike_uses_what_the_victim_has(tmp_path: Path) -> None:
    victim = as_login()(tmp_path)
    assert Pools(seed=1).attack(VPN, victim) == (victim, victim)


def test_an_attack_on_a_copy_teaches_nobody(data: Path) -> None:
    """The victim's next login is scored the same to the last bit whether he was attacked in between or not."""
    history = [each for each in logins(data, 900) if isinstance(each, Login)]
    victim = next(each for each in reversed(history) if each.succeeded)
    attack = victim._replace(number=-1, user="attack 1", ip="45.134.26.9", asn=198953, country="RU")
    later = victim._replace(number=10_000, time=victim.time + timedelta(days=2))
    scores = []
    for attacked in (False, True):
        engine = Engine("NO")
        engine.score(history)
        if attacked:
            profile = engine.profile(victim.user)
            first, second = engine.attack([profile, profile], [attack, attack._replace(number=-2, user="attack 2")])
            assert first == second > 1e-4
        scores += engine.score([later])
    assert scores[0] == scores[1] < 1e-4


def test_the_threshold_catches_the_share_it_promises() -> None:
    """Of 100 attacks two may score below it at .98; equal scores are asked."""
    attacks = np.arange(100.0)
    assert limit(attacks, 0.98) == 2.0
    assert limit(attacks, 0.995) == 0.0
    assert limit(np.zeros(10), 0.98) == 0.0


def test_rates_by_hand() -> None:
    """Ann's 2nd to 4th logins score 0, 5, 5; Ben has two logins only; the takeover of Ann's account is not hers.

    Attacks at 3: Ann is asked at two of three. Ben never reached four logins and does not count.
    """
    own = Own(
        np.array([0, 0, 1, 0, 0, 1, 0]),
        np.array([1, 2, 1, 3, 4, 2, 5]),
        np.array([False, False, False, False, False, False, True]),
        {name: np.array([np.nan, 0.0, np.nan, 5.0, 5.0, 9.0, 4.0]) for name in (ENGINE, FREEMAN)},
    )
    found = results(own, {(ENGINE, NAIVE, 4): np.full(200, 3.0)}, (4,), [])
    line = found.lines[0]
    assert line.users == 1
    assert line.median == line.mean == pytest.approx(2 / 3)
    assert (line.takeovers.hits, line.takeovers.total) == (1, 1)


def test_the_published_protocol_runs_on_a_file_of_that_form(data: Path) -> None:
    """Users who always come from home on the same machine are hardly asked, whatever the attacker knows."""
    found = evaluate(data, Settings(share=1.0))
    assert (found.users, found.takeovers, found.logins) == (30, 1, 1201)
    lines = {(x.method, x.attacker, x.true_positive_rate, x.after): x for x in found.lines}
    assert len(lines) == 2 * 3 * 3 * 2
    for method in (ENGINE, FREEMAN):
        assert lines[method, NAIVE, 0.99, 12].attacks == 30
        assert lines[method, NAIVE, 0.99, 39].median == 0.0
    assert lines[FREEMAN, TARGETED, 0.98, 39].published == 0.05
    assert "published" in render(found)


def test_the_command_says_what_it_cannot_use(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate-rba", str(tmp_path / "nowhere.csv")]) == 1
    (tmp_path / "other.csv").write_text("a,b\n")
    assert main(["evaluate-rba", str(tmp_path / "other.csv")]) == 1
    assert main(["evaluate-rba", str(tmp_path / "other.csv"), "--country", "norway"]) == 2
    said = capsys.readouterr().err
    assert "nowhere.csv" in said
    assert "has no column" in said


def test_the_command_prints_both_methods(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate-rba", str(data), "--share", "1", "--most", "600"]) == 0
    printed = capsys.readouterr().out
    assert ENGINE in printed
    assert FREEMAN in printed
