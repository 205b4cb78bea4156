"""`kuraban demo`, which `make demo` runs: the story of spring 2025 in three minutes.

The real server on loopback, a simulated broker of several thousand owners at accelerated time, thieves among them; and
the same story from the mailbox of one of the robbed.
"""

import argparse
import asyncio
import os
import signal
import sqlite3
import sys
from pathlib import Path

from rich.console import Console

from kuraban.cli.demo import place
from kuraban.cli.demo.desk import Desk
from kuraban.cli.demo.home import Served
from kuraban.cli.demo.place import Place
from kuraban.cli.demo.report import show
from kuraban.cli.demo.screen import Screen
from kuraban.cli.demo.summary import Say, Summary
from kuraban.cli.demo.telling import Wanted, tell
from kuraban.cli.errors import CommandError
from kuraban.cli.home.common import Language, language_of
from kuraban.console.home.serving import show as show_browser
from kuraban.home.problems import HomeError

OWNERS, MINUTES, SEED = 4_000, 2.5, 2025
LEAST_OWNERS, MOST_OWNERS = 200, 50_000

_DESCRIPTION = """\
Starts the real server on this computer only, lets a simulated broker run against it at accelerated time, and tells
what was found. Ends by itself; on a terminal it first offers to stay up, so that one can look around.
本物のサーバーをこの機械だけで起動し、模擬の証券会社を早回しで動かして、見つけたものを示します。ひとりでに終わります。

Nothing is asked for and nothing is left behind: ports are free ones of loopback, files lie in a temporary folder.
Without a terminal, or where CI is set, no browser is opened and nothing is waited for; otherwise it is the same.
--headless does so on a terminal, too. Exit status: 0 when the story happened, 1 when a check at the end failed.
"""

_GUIDE = (
    "見どころ: 証券会社側は「現在」(止めた金額、組織的な攻撃)と「アラート」(損失の大きい順)。自宅側は信号の色。\n"
    "証券会社側の時刻は、サーバーが知った今の時刻です(約3週間を早回ししています)。",
    "What to see: the desk's Now (money stopped, rings and sprays) and Alerts (worst first); the owner's light.\n"
    "Times on the desk are today's, when the server was told: some three weeks go by within minutes.",
)


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = _DESCRIPTION
    parser.add_argument("--headless", action="store_true", help="no browser, no waiting at the end (画面なし)")
    parser.add_argument("--owners", type=int, default=OWNERS, metavar="N", help="default %(default)s (口座数)")
    parser.add_argument("--minutes", type=float, default=MINUTES, metavar="M", help="of the attack (再生時間)")
    parser.add_argument("--seed", type=int, default=SEED, metavar="S", help="another seed, another story (乱数の種)")
    parser.add_argument("--no-open", action="store_true", help="open no browser (ブラウザーを開かない)")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="leave world and data there (データを残す)")
    parser.add_argument("--lang", choices=("ja", "en"), help="language; default: the system's (言語)")


def run(given: argparse.Namespace) -> int:
    """Tell the story."""
    if not LEAST_OWNERS <= given.owners <= MOST_OWNERS or not 0 < given.minutes <= 600:
        raise CommandError(f"--owners is from {LEAST_OWNERS} to {MOST_OWNERS}, --minutes up to 600", 2)
    language = language_of(given)

    def say(ja: str, en: str) -> str:
        return ja if language == "ja" else en

    stops: list[signal.Signals] = []
    try:
        with place.given(given.keep) if given.keep is not None else place.temporary() as here:
            here.check_room(given.owners)
            try:
                return asyncio.run(_run(given, here, say, language, stops))
            except BrokenPipeError:
                raise
            except OSError as error:
                raise place.cannot_use(error.filename or here.path, error) from error
            except (sqlite3.Error, HomeError) as error:
                raise CommandError(f"cannot use {here.path}: {error} (書き込めません)") from error
    except asyncio.CancelledError:
        if not stops or signal.SIGINT in stops:
            raise KeyboardInterrupt from None
        raise CommandError("stopped (中断しました)", 128 + stops[0]) from None


async def _run(
    given: argparse.Namespace, here: Place, say: Say, language: Language, stops: list[signal.Signals]
) -> int:
    attended = not given.headless and not os.environ.get("CI") and sys.stdin.isatty() and sys.stdout.isatty()
    up: list[Desk] = []

    def opened(desk: Desk, pages: Served) -> None:
        up.append(desk)
        screen.note(say("証券会社側 ", "the desk  ") + desk.link() + say("  (一回限り)", "  (good once)"))
        screen.note(say("自宅側     ", "the owner ") + pages.address)
        screen.note("API        " + desk.address + "/v1/alerts")
        screen.note(say(*_GUIDE))
        if attended and not given.no_open and not (show_browser(desk.link()) and show_browser(pages.once)):
            screen.note(
                say(
                    "ブラウザーを開けません。上の二つを開いてください。",
                    "No browser could be opened: open these two yourself.",
                )
            )

    async def ended(summary: Summary) -> bool:
        screen.close()
        good = show(summary, say, Console())
        sys.stdout.flush()
        if attended:
            await _stay(say, up[0].link())
        return good

    with Screen(say) as screen:
        _end_on_signals(stops, screen)
        wanted = Wanted(given.owners, given.minutes * 60, given.seed, language)
        good = await tell(wanted, here, screen, opened, ended)
    return 0 if good else 1


async def _stay(say: Say, link: str) -> None:
    """Keep everything up until Enter, or Ctrl-C."""
    words = say("サーバーは動いたままです。Enter で終了。", "Everything stays up to look around in. Enter ends it.")
    sys.stdout.write(f"\n{link}\n{words}\n")
    sys.stdout.flush()
    loop, pressed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, pressed.set)
    try:
        await pressed.wait()
    finally:
        loop.remove_reader(sys.stdin)


def _end_on_signals(stops: list[signal.Signals], screen: Screen) -> None:
    """The first one ends all in good order, a second one this process at once: its children then end by themselves."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def asked(number: signal.Signals) -> None:
        if stops:
            screen.close()
            os._exit(128 + number)
        stops.append(number)
        task.cancel()
        screen.stage("終了しています", "ending", known=False)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            loop.add_signal_handler(number, asked, number)
