"""Reading `reach.toml`, and the example to begin from."""

from pathlib import Path

from kuraban.home import tomlfile
from kuraban.home.model import Words
from kuraban.home.problems import HomeError
from kuraban.home.reach.model import Belongings, faults
from kuraban.home.tomlfile import TomlError
from kuraban.home.tomltext import line_of

FILE = "reach.toml"
EXAMPLE = """\
# 持っているものと、そのつながり。パスワードは書きません。
# What you have and what hangs on what. No password belongs here.
# 使い回しのパスワードは、同じ password_group の名前で示します。Shared passwords are shown by a name of the group.
[[device]]
name = "スマホ"

[[phone]]
name = "携帯番号"
device = "スマホ"

[[mailbox]]
name = "Gmail"
login = "sms"
code_to = "携帯番号"
password_group = "いつもの"
signed_in = ["スマホ"]

[[bank]]
name = "楽天銀行"
yen = 2000000

[[broker]]
name = "楽天証券"
broker = "rakuten"
yen = 5000000
login = "email"
code_to = "Gmail"
password_group = "いつもの"
reset_by = ["Gmail"]
sweep = ["楽天銀行"]
"""


def belongings(path: Path) -> Belongings:
    """The owner's file, sound. Raises `HomeError`."""
    if not path.exists():
        raise HomeError.of(
            f"{path} がありません。`kuraban home reach --example` の例を写して書いてください。",
            f"there is no {path}; copy what `kuraban home reach --example` prints and change it",
        )
    return parsed(tomlfile.text_of(path), str(path))


def parsed(text: str, name: str) -> Belongings:
    """What a text of that form says, sound. name: what the file is called in errors. Raises `HomeError`."""
    mine = tomlfile.parse(text, Belongings, name)
    wrong = faults(mine)
    if wrong:
        first = wrong[0]
        plain = text.removeprefix("\ufeff")
        line = line_of(plain, first.kind, first.at, first.key) or line_of(plain, first.kind, first.at)
        words = Words("。".join(w.words.ja for w in wrong[:5]), "; ".join(w.words.en for w in wrong[:5]))
        raise TomlError(tomlfile.placed(name, line, words), line)
    return mine
