"""`kuraban home …` as it is typed: what it prints and its exit status."""

import csv
import json
import stat
from pathlib import Path

import pytest

import home_mailbox
from home_owner import JP, Habit, Life
from home_pages import savings, theft
from kuraban.cli import main


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    folder = tmp_path / "kuraban"
    monkeypatch.setenv("KURABAN_HOME", str(folder))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    return folder


@pytest.fixture
def robbed(tmp_path: Path) -> Path:
    mails = [home_mailbox.notice(done, number) for number, done in enumerate([*savings(), *theft()])]
    return home_mailbox.write_maildir(mails, tmp_path / "mail")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit status and everything printed."""
    status = main(["home", *words])
    captured = capsys.readouterr()
    return status, captured.out + captured.err


def test_check_needs_no_set_up_and_says_what_it_found_in_the_language_of_the_system(
    capsys: pytest.CaptureFixture[str], robbed: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status, said = run(capsys, "check", "--offline", str(robbed))
    assert status == 3
    assert "takeover" in said
    assert "9 sales" in said
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    status, said = run(capsys, "check", "--offline", str(robbed))
    assert "乗っ取り" in said
    assert "楽天証券" in said
    assert " rakuten" not in said
    assert "kuraban home answer" not in said, "nothing is kept that could be answered"
    assert "この調べは何も記録しない" in said
    assert "ほか" in said
    whole = run(capsys, "check", "--offline", "--full", str(robbed))[1]
    assert [JP[symbol][0] in said for symbol in sorted(JP)[:9]].count(False) == 4
    assert all(JP[symbol][0] in whole for symbol in sorted(JP)[:9])
    assert not home.exists()


def test_check_answers_in_json(capsys: pytest.CaptureFixture[str], robbed: Path) -> None:
    status, said = run(capsys, "check", "--offline", "--json", str(robbed))
    found = json.loads(said)
    assert status == 3
    assert found["light"] == "red"
    assert found["findings"][0]["kind"] == "acts"


def test_check_is_green_where_nothing_happened_and_1_where_nothing_could_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    mails = [home_mailbox.notice(done, number) for number, done in enumerate(savings())]
    box = home_mailbox.write_maildir(mails, tmp_path / "mail")
    assert run(capsys, "check", "--offline", str(box))[0] == 0
    status, said = run(capsys, "check", "--offline", str(tmp_path / "nowhere"))
    assert status == 1
    assert "no such file" in said


def test_from_set_up_to_answer(capsys: pytest.CaptureFixture[str], robbed: Path, home: Path, tmp_path: Path) -> None:
    status, said = run(
        capsys, "setup", "--mail", str(robbed), "--broker", "rakuten=楽天", "--authserv-id", home_mailbox.PROVIDER
    )
    assert status == 0
    assert stat.S_IMODE((home / "config.toml").stat().st_mode) == 0o600
    assert run(capsys, "setup", "--mail", str(robbed))[0] == 1
    assert run(capsys, "status")[0] == 3
    assert run(capsys, "watch", "--once", "--offline")[0] in {0, 3}
    status, said = run(capsys, "status")
    assert status == 3
    assert "楽天" in said
    found = json.loads(run(capsys, "status", "--json")[1])
    key = next(alert["finding"]["id"] for alert in found["alerts"] if alert["finding"]["kind"] == "acts")
    assert run(capsys, "ack", key)[0] == 0
    status, said = run(capsys, "answer", key, "not-mine")
    assert status == 0
    assert "incident" in said
    assert run(capsys, "answer", "zzzzzz", "mine")[0] == 1
    status, said = run(capsys, "digest", "--days", "3650")
    assert "楽天" in said
    assert run(capsys, "incident", "note", "called the broker, reference 123", "--account", "楽天")[0] == 0
    status, said = run(
        capsys, "incident", "package", "--since", "2025-11-01", "--until", "2025-11-30", "--into", str(tmp_path)
    )
    assert status == 0, said
    assert f"{len(theft()) + 1} original mails" in said
    (folder,) = tmp_path.glob("kuraban-incident-*[0-9]")
    names = {path.name for path in folder.rglob("*")}
    assert {"timeline.csv", "timeline-ja.pdf", "timeline-en.pdf", "SHA256SUMS"} <= names
    assert len(list(folder.rglob("*.eml"))) == len(theft()) + 1
    timeline = (folder / "timeline.csv").read_text("utf-8-sig")
    assert timeline.count("not the owner's") >= len(theft())


def test_a_package_begins_before_the_incident_unless_told_otherwise_and_says_what_it_lacks(
    capsys: pytest.CaptureFixture[str], robbed: Path, home: Path, tmp_path: Path
) -> None:
    run(capsys, "setup", "--mail", str(robbed), "--broker", "rakuten=楽天", "--authserv-id", home_mailbox.PROVIDER)
    run(capsys, "watch", "--once", "--offline")
    run(capsys, "answer", "all", "not-mine")
    status, said = run(capsys, "incident", "package", "--since", "2026-06-01", "--into", str(tmp_path / "late"))
    assert status == 3
    assert "neither an event nor an original mail" in said
    status, said = run(capsys, "incident", "package", "--into", str(tmp_path / "usual"))
    assert status == 0
    (folder,) = (tmp_path / "usual").glob("kuraban-incident-*[0-9]")
    timeline = list(csv.DictReader((folder / "timeline.csv").read_text("utf-8-sig").splitlines()))
    alerts = list(csv.DictReader((folder / "alerts.csv").read_text("utf-8-sig").splitlines()))
    assert len([row for row in timeline if "買付" in row["内容(日本語) (what (Japanese))"]]) >= 3
    assert {row["知らせの番号 (alert)"] for row in timeline} - {""} == {alert["番号 (id)"] for alert in alerts}
    reasons = [row["理由 (reasons)"] for row in timeline]
    assert all("銘柄を売却" in alert["理由 (reasons)"] for alert in alerts)
    assert sum("9銘柄を売却" in why for why in reasons) == 1


def test_what_setup_shows_hides_the_tokens_of_channels(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "setup", "--broker", "sbi", "--channel", "phone=ntfy://secret-token@host/topic")
    status, said = run(capsys, "setup", "--show")
    assert status == 0
    assert "secret-token" not in said
    assert 'name = "phone"' in said


def test_the_plan_is_changed_by_words(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    run(capsys, "setup", "--broker", "rakuten=楽天")
    assert (
        run(capsys, "plan", "recurring", "楽天", "--day", "1", "--amount", "30000", "--instrument", "オルカン")[0] == 0
    )
    assert run(capsys, "plan", "never", "HK", "CN")[0] == 0
    assert run(capsys, "plan", "quiet", "rakuten")[0] == 0
    assert run(capsys, "plan", "today")[0] == 0
    assert run(capsys, "plan", "trip", "2026-12-28", "2027-01-05")[0] == 0
    status, said = run(capsys, "plan")
    assert status == 0
    assert 'never = ["HK", "CN"]' in said
    assert 'quiet = ["楽天"]' in said
    assert run(capsys, "plan", "remove", "recurring", "1")[0] == 0
    assert "[[recurring]]" not in (home / "plan.toml").read_text()
    for wrong in (("never", "MARS"), ("quiet", "nobody"), ("trip", "soon", "later"), ("remove", "trip", "9")):
        assert run(capsys, "plan", *wrong)[0] == 1


def test_a_broken_configuration_is_said_in_words_not_by_a_traceback(
    capsys: pytest.CaptureFixture[str], home: Path
) -> None:
    home.mkdir()
    (home / "config.toml").write_text("[watch]\npoll_minutes = 'x'\n")
    status, said = run(capsys, "status")
    assert status == 1
    assert "[watch.poll_minutes]" in said
    assert "Traceback" not in said


def test_links_are_answered_without_opening_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "check-link", "https://www.rakuten-sec.co.jp/ITS/")[0] == 0
    status, said = run(capsys, "check-link", "https://www.rakuten-sec.co.jp.login.top/", "--lang", "ja")
    assert status == 3
    assert "開かないでください" in said


def test_reach_and_harden_begin_from_the_example(
    capsys: pytest.CaptureFixture[str], home: Path, tmp_path: Path
) -> None:
    status, example = run(capsys, "reach", "--example")
    assert status == 0
    assert run(capsys, "reach")[0] == 1
    home.mkdir()
    (home / "reach.toml").write_text(example, encoding="utf-8")
    status, said = run(capsys, "reach", "--svg", str(tmp_path / "reach.svg"))
    assert status == 0
    assert "楽天証券" in said
    assert (tmp_path / "reach.svg").read_text(encoding="utf-8").startswith("<")
    status, listed = run(capsys, "harden", "--ids")
    step, thing, _ = listed.splitlines()[0].split("\t")
    assert run(capsys, "harden", "done", step, thing, "--on", "2026-04-01")[0] == 0
    assert "2026-04-01" in run(capsys, "harden", "record")[1]
    assert run(capsys, "harden", "done", "no-such-step")[0] == 1
    assert run(capsys, "harden")[0] == 0


def test_the_formats_read_their_samples(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "formats", "test")[0] == 0
    assert "sbi" in run(capsys, "formats", "list")[1]


def test_the_guide_of_the_first_hour_is_there_without_any_set_up(capsys: pytest.CaptureFixture[str]) -> None:
    status, said = run(capsys, "incident", "--lang", "ja")
    assert status == 0
    assert "#9110" in said


def test_what_strangers_write_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    raw = b"From: service@rakuten-sec.co.jp\r\nSubject: =?utf-8?B?G1sybRtdMDtvd25lZAfigK5hYmM=?=\r\n\r\nx\r\n"
    (tmp_path / "mail.eml").write_bytes(raw)
    _, said = run(capsys, "check", "--offline", str(tmp_path / "mail.eml"))
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "\u202e" not in said


def test_an_interrupted_year_of_one_habit_is_green_for_the_command_too(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    life = Life(Habit("fund saver", visits=0.4, trades=0.0, settings=0, occasional_withdrawals=0), 3).year()
    mails = [home_mailbox.notice(done, number) for number, done in enumerate(life)]
    box = home_mailbox.write_mbox(mails, tmp_path / "all.mbox")
    status, said = run(capsys, "check", "--offline", str(box), "--lang", "en")
    assert status == 0, said


def test_wrong_usage_is_said_in_the_owners_language(
    capsys: pytest.CaptureFixture[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, said in (("en_US.UTF-8", "required: ID"), ("ja_JP.UTF-8", "足りないものがあります: ID")):
        monkeypatch.setenv("LANG", language)
        with pytest.raises(SystemExit) as ended:
            main(["home", "answer"])
        assert ended.value.code == 2
        assert said in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["home", "status", "--nonsense"])
    assert "知らない言葉があります: --nonsense" in capsys.readouterr().err
