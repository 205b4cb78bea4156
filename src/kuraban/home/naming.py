"""Names of securities that mails and exports spell differently, as one."""

import unicodedata

# Characters that Shift_JIS as Microsoft has it (CP932) and as JIS has it (ISO-2022-JP) decode to different code points:
# the same fund would be two, one read from a mail and one from an export.
_TWINS = str.maketrans("\u301c\u2212\u2016\u00a2\u00a3\u00ac\u2014", "~-\u2225\uffe0\uffe1\uffe2\u2015")


def folded(name: str) -> str:
    """The name in NFKC, without spaces, with one code point for each character of Shift_JIS; at most 200 signs."""
    return "".join(unicodedata.normalize("NFKC", name.translate(_TWINS)).split())[:200]


def fund(name: str) -> str:
    """A fund, which notices and exports name without a code: `fund:` and its folded name. Empty names give `fund:`."""
    return f"fund:{folded(name)}"
