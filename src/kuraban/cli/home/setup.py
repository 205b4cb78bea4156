"""`kuraban home setup`: a few questions, or options, become the configuration."""

import argparse
import getpass
import sys

import msgspec

from kuraban.cli.home.common import Language, language_of, opened, say, show, show_words
from kuraban.home import config as configs
from kuraban.home import setup
from kuraban.home.config import CHANNEL_HOST, Config
from kuraban.home.folder import Folder
from kuraban.home.model import Words
from kuraban.home.problems import HomeError


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = (
        "いくつかの質問に答えると設定ができます。証券会社のパスワードは尋ねません。オプションを付けると質問しません。\n"
        "A few questions make the configuration. No broker password is asked for. With options nothing is asked.\n\n"
        "  kuraban home setup --mail me@gmail.com --secret-command 'pass show gmail-app' --broker rakuten\n"
        "  kuraban home setup --mail ~/Mail --csv-folder ~/Downloads/証券 --channel ntfy://ntfy.example/my-topic"
    )
    parser.add_argument("--mail", metavar="ADDRESS|PATH", help="メールアドレスかフォルダ / address or folder")
    parser.add_argument(
        "--address",
        action="append",
        default=[],
        help="ほかに届くアドレス(転送・別名)/ a further address of yours that mail comes to (alias, forwarding)",
    )
    parser.add_argument("--imap-host", metavar="HOST")
    parser.add_argument("--imap-port", metavar="PORT", type=int, default=993)
    parser.add_argument("--secret-command", metavar="COMMAND", default="", help="アプリパスワードを出すコマンド")
    parser.add_argument("--authserv-id", metavar="NAME", help="メール提供者の Authentication-Results の名前")
    parser.add_argument("--csv-folder", metavar="PATH")
    parser.add_argument("--broker", metavar="KEY[=LABEL]", action="append", default=[])
    parser.add_argument("--channel", metavar="[NAME=]URL", action="append", default=[])
    parser.add_argument("--force", action="store_true", help="今の設定を置き換える / replace what is there")
    parser.add_argument("--show", action="store_true", help="今の設定を表示 / show what is there")
    parser.add_argument(
        "--keep-secret", metavar="NAME", help="メールボックスか送り先の秘密をキーリングへ / into the keyring"
    )
    parser.add_argument("--test-alert", action="store_true", help="知らせを試しに送る / send a test alert")


def run(given: argparse.Namespace) -> int:
    """Ask or take the options, and write."""
    folder, config = opened()
    language = language_of(given, config)
    if given.show:
        show(_hidden(setup.written(config), config))
        return 0
    if given.keep_secret:
        return _keep(given.keep_secret, config, language)
    if given.test_alert:
        return _test(config, language)
    if folder.config.exists() and not given.force:
        raise HomeError.of(
            f"設定はもうあります({folder.config})。書き換えるなら --force を付けるか、ファイルを直してください。",
            f"there is a configuration already ({folder.config}); use --force to replace it, or edit the file",
        )
    if given.mail or given.csv_folder or given.broker or given.channel:
        made = _from_options(given)
    else:
        if not sys.stdin.isatty():
            raise HomeError.of(
                "質問に答える端末がありません。オプションを使ってください。", "no terminal to ask at: use options"
            )
        made = setup.interview(lambda words, default: _ask(words, default, language))
    made = configs.checked(msgspec.structs.replace(made, language=language), str(folder.config))
    folder.write(folder.config, setup.written(made))
    _done(folder, made, language)
    return 0


def _from_options(given: argparse.Namespace) -> Config:
    boxes = []
    if given.mail:
        if "@" in given.mail and not given.mail.startswith(("/", ".", "~")):
            host, authserv = setup.PROVIDERS.get(given.mail.rpartition("@")[2].lower(), ("", None))
            boxes.append(
                setup.imap_mailbox(
                    given.mail, given.imap_host or host, given.secret_command, given.authserv_id or authserv,
                    given.imap_port,
                )
            )  # fmt: skip
        else:
            local = setup.local_mailbox(given.mail)
            boxes.append(msgspec.structs.replace(local, authserv_id=given.authserv_id))
    boxes = [msgspec.structs.replace(box, addresses=given.address) for box in boxes]
    return setup.assembled(boxes, given.csv_folder, given.broker, given.channel)


def _ask(words: Words, default: str, language: Language) -> str:
    shown = f" [{default}]" if default else ""
    return input(f"{say(words, language)}{shown}: ").strip() or default


def _done(folder: Folder, made: Config, language: Language) -> None:
    show_words(f"設定を書きました: {folder.config}", f"written: {folder.config}", language)
    box = next((box for box in made.mailbox if box.kind == "imap" and not box.secret_command), None)
    if box is not None:
        show_words(
            f"次に、メールのアプリパスワードをキーリングへ: kuraban home setup --keep-secret {box.name}",
            f"next, put the mailbox's app password into the keyring: kuraban home setup --keep-secret {box.name}",
            language,
        )
    show_words("見張りを始める: kuraban home watch", "begin to watch: kuraban home watch", language)


def _keep(name: str, config: Config, language: Language) -> int:
    """Read a secret without showing it, and put it into the keyring."""
    box = next((box for box in config.mailbox if box.name == name and box.kind == "imap"), None)
    channel = next((channel for channel in config.alerts.channels if channel.name == name), None)
    if box is None and channel is None:
        raise HomeError.of(f"「{name}」は設定にありません。", f"the configuration has no {name}")
    prompt = f"{name}: "
    secret = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not secret:
        raise HomeError.of("何も入力されませんでした。", "nothing was entered")
    if box is not None:
        configs.store_secret(box.host or "", box.user or "", secret)
    else:
        configs.store_secret(CHANNEL_HOST, name, secret)
    show_words("キーリングに保存しました。", "kept in the keyring", language)
    return 0


def _test(config: Config, language: Language) -> int:
    """Send a harmless message to every channel; 1 where one failed."""
    from kuraban.home.alert import by_apprise

    if not config.alerts.channels:
        raise HomeError.of("知らせの送り先がまだありません。", "no channel is set up")
    failed = 0
    for channel in config.alerts.channels:
        went = by_apprise(channel, "蔵番 / Kuraban", "試験の知らせです。This is a test.")
        failed += not went
        word = ("送りました" if went else "送れませんでした") if language == "ja" else ("sent" if went else "failed")
        show(f"{channel.name}: {word}")
    return 1 if failed else 0


def _hidden(text: str, config: Config) -> str:
    """Without the URLs of channels, which hold tokens."""
    for channel in config.alerts.channels:
        if channel.url:
            text = text.replace(channel.url, channel.url.partition("://")[0] + "://***")
    return text
