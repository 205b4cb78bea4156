"""The owner's folder, configuration and plan: private, validated, with errors that name the key and the fix."""

import os
import stat
from datetime import date
from pathlib import Path

import pytest

from kuraban.home import config as configs
from kuraban.home import plan as plans
from kuraban.home import setup, tomlfile
from kuraban.home.config import Account, Channel, Config, Mailbox, channel_url
from kuraban.home.folder import Folder, default_folder
from kuraban.home.plan import Plan, Recurring, Trip, Withdrawal
from kuraban.home.problems import HomeError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_and_its_files_are_private_to_the_user(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "kuraban")
    folder.path.mkdir(mode=0o755)
    folder.write(folder.config, "language = 'ja'\n")
    assert (mode(folder.path), mode(folder.config)) == (0o700, 0o600)
    folder.config.chmod(0o644)
    folder.secure()
    assert mode(folder.config) == 0o600


def test_the_folder_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KURABAN_HOME", str(tmp_path / "mine"))
    assert default_folder() == tmp_path / "mine"
    monkeypatch.delenv("KURABAN_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "kuraban"


def test_a_folder_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    own = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: own + 1)
    with pytest.raises(HomeError, match="another user"):
        Folder(tmp_path).prepare()


@pytest.mark.parametrize(
    ("text", "en", "ja"),
    [
        ("langage = 'ja'", "`langage` is not known", "「langage」は知らない名前"),
        ("language = 'fr'", "'fr' is not one of", "使えません"),
        ("[watch]\npoll_minutes = 'often'", "[watch.poll_minutes] write a whole number here, not text", "整数"),
        ("[watch]\npoll_minutes = 0", "int", "int"),
        ("[[mailbox]]\nname = 'm'", "imap needs host and user", "imap には host と user が要ります"),
        ("[rates]\nUSD = -1", "rates", "rates"),
        ("[[mailbox]]\nname = 'm'\naddresses = ['nobody']", "mailbox", "addresses"),
        ("[[mailbox]]\nname = 'm'\nkind = 'mbox'", "mbox needs path", "mbox には path が要ります"),
        ("[[account]]\nbroker = 'sbi'", "[account 1] the key `label` is missing", "「label」がありません"),
        (
            "[[account]]\nlabel='a'\nbroker='sbi'\n[[account]]\nlabel='a'\nbroker='rakuten'",
            "there twice",
            "二つあります",
        ),
        ("[alerts]\nrepeat_minutes = [30, 10]", "rising order", "小さい順"),
        ("password = 'x'", "`password` is not known", "知らない名前"),
        ("x = [", "is not TOML", "TOML として読めません"),
    ],
)
def test_what_is_wrong_in_the_configuration_is_said_with_key_and_fix(
    tmp_path: Path, text: str, en: str, ja: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(HomeError) as caught:
        configs.load(path)
    assert en in caught.value.words.en
    assert ja in caught.value.words.ja
    assert str(path) in caught.value.words.en


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert configs.load(tmp_path / "none.toml") == Config()
    assert plans.load(tmp_path / "none.toml") == Plan()


def test_what_setup_writes_reads_back_as_it_was() -> None:
    made = Config(
        language="ja",
        csv_folder='/home/taro/証券 "CSV"',
        rates={"USD": 151.25, "HKD": 19.0},
        mailbox=[
            Mailbox(name="mail", host="imap.example", user="taro@mail.example", secret_command=["pass", "show", "x y"]),
            Mailbox(name="old", kind="maildir", path="/home/taro/Mail", addresses=["taro@old.example"]),
        ],
        account=[Account("楽天メイン", "rakuten", "0120-000-000")],
        alerts=configs.Alerts(
            channels=[Channel("phone", "ntfy://x/y"), Channel("家族", url_command=["pass"], after_minutes=60)]
        ),
        watch=configs.Watch(poll_minutes=5),
    )
    assert tomlfile.parse(setup.written(made), Config, "x") == made
    assert tomlfile.parse(setup.written(Config()), Config, "x") == Config()


def test_the_interview_asks_for_no_password_and_fills_in_what_is_known_of_the_provider() -> None:
    asked: list[str] = []
    answers = iter(["taro@gmail.com", "imap.gmail.com", "", "~/csv", "rakuten=楽天, sbi", "ntfy://n.example/t"])

    def ask(words: object, default: str) -> str:
        asked.append(f"{words} [{default}]")
        return next(answers)

    made = setup.interview(ask)
    (box,) = made.mailbox
    assert (box.host, box.authserv_id) == ("imap.gmail.com", "mx.google.com")
    assert [account.label for account in made.account] == ["楽天", "sbi"]
    assert made.alerts.channels[0].url == "ntfy://n.example/t"
    assert "imap.gmail.com" in asked[1]
    assert not any("証券会社のパスワード" in question for question in asked)


def test_an_unknown_broker_is_refused_with_the_known_ones() -> None:
    with pytest.raises(HomeError, match=r"known: .*rakuten"):
        setup.assembled([], None, ["rakten"], [])


def test_a_channel_of_a_command_takes_its_first_line_and_a_failure_shows_no_secret() -> None:
    assert channel_url(Channel("c", url_command=["printf", "ntfy://a/b\\nrest"])) == "ntfy://a/b"
    with pytest.raises(HomeError) as caught:
        channel_url(Channel("c", url_command=["sh", "-c", "echo hush-hush; exit 1"]))
    assert "hush-hush" not in str(caught.value)


def test_the_plan_reads_back_as_it_was_written() -> None:
    plan = Plan(
        recurring=[
            Recurring("楽天", 1, 30_000, "オルカン"),
            Recurring("楽天", None, 1_000, "7203.T", "stock", date(2026, 3, 31)),
        ],
        withdrawal=[Withdrawal("SBI", 200_000, 15)],
        quiet=["古い口座"],
        never=["HK", "margin"],
        trading=[date(2026, 4, 1)],
        settings=[date(2026, 4, 2)],
        trip=[Trip(date(2026, 12, 28), date(2027, 1, 5))],
    )
    assert tomlfile.parse(plans.written(plan), Plan, "x") == plan


@pytest.mark.parametrize(
    ("text", "en"),
    [
        ("[[trip]]\nfrom = 2026-01-05\nto = 2026-01-01", "`to` is before `from`"),
        ("never = ['MARS']", "'MARS' is not one of"),
        ("[[recurring]]\naccount = 'a'\nday = 32", "int"),
        ("quiet = ['a']\n[[recurring]]\naccount = 'a'\nkind = 'stock'", "both quiet and"),
        ("trading = ['tomorrow']", "trading"),
    ],
)
def test_what_is_wrong_in_the_plan_is_said(tmp_path: Path, text: str, en: str) -> None:
    path = tmp_path / "plan.toml"
    path.write_text(text)
    with pytest.raises(HomeError) as caught:
        plans.load(path)
    assert en in caught.value.words.en
