"""`kuraban home check-link URL`: is this link a broker's own? Nothing is opened."""

import argparse

from kuraban.cli.home.common import NEEDS_ANSWER, headline, language_of, say, show, show_json
from kuraban.home.mail.authenticity.verdict import check_link
from kuraban.home.model import Verdict, Words

LIGHTS = {
    Verdict.VERIFIED: ("green", Words("証券会社の本物のアドレスです", "this is the broker's own address")),
    Verdict.UNVERIFIED: (
        "yellow",
        Words(
            "知られている証券会社のアドレスではありません。ログイン情報を入れないでください",
            "this is no known broker's address: enter no login there",
        ),
    ),
    Verdict.FORGED: ("red", Words("偽のアドレスです。開かないでください", "this address is false: do not open it")),
    Verdict.LOOKALIKE: (
        "red",
        Words("証券会社に似せた偽のアドレスです。開かないでください", "made to look like a broker's: do not open it"),
    ),
}


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.description = "リンクを開かずに調べます。Looks at a link without opening it.\nExit status: 0 genuine, 3 not."
    parser.add_argument("url", metavar="URL")
    parser.add_argument("--json", action="store_true", help="結果をJSONで / the result as JSON")


def run(given: argparse.Namespace) -> int:
    """Print the verdict."""
    language = language_of(given)
    found = check_link(given.url)
    light, words = LIGHTS[found.verdict]
    if given.json:
        show_json(found)
    else:
        headline(light, say(words, language))
        for why in found.why:
            show(f"   - {say(why.words, language)}")
    return 0 if found.verdict is Verdict.VERIFIED else NEEDS_ANSWER
