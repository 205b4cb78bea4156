"""The brokers: domains they send from, addresses of their pages, and the names a forger would borrow.

Only what is published or was seen in genuine mail stands here. Where no source names the domain a broker sends from,
`mail` is empty; mail of the domain of its own pages can be *verified* all the same, as nobody else can send for that.
"""

from functools import lru_cache
from typing import NamedTuple

from kuraban.home.model import Words


class Broker(NamedTuple):
    """One broker.

    mail: registrable domains its mail comes from. senders: single addresses on domains of others that also send for it.
    web: hosts of its pages; what lies below one is its own too. names: as people write them, for display names and
    subjects. marks: tokens that in a host name mean this broker and nobody else. words: tokens that may also be
    somebody else's, which count only together with other evidence.
    """

    key: str
    name: Words
    mail: tuple[str, ...]
    web: tuple[str, ...]
    names: tuple[str, ...]
    marks: tuple[str, ...]
    words: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()


BROKERS = (
    Broker(
        "rakuten",
        Words("楽天証券", "Rakuten Securities"),
        mail=("rakuten-sec.co.jp",),
        web=(
            *("rakuten-sec.co.jp", "rakuten-sec.net", "marketspeed.jp", "ispeed.jp"),
            *("sec.rakuten.com", "rakuten-sec.dga.jp"),
        ),
        names=("楽天証券", "Rakuten Securities", "rakuten-sec"),
        marks=("rakuten-sec", "rakutensec", "rakusec", "marketspeed"),
        words=("rakuten", "ispeed"),
    ),
    Broker(
        "sbi",
        Words("SBI証券", "SBI Securities"),
        mail=("sbisec.co.jp",),
        web=("sbisec.co.jp", "sbisec.akamaized.net"),
        names=("SBI証券", "SBI Securities", "sbisec"),
        marks=("sbisec", "sbi-sec"),
        words=("sbi",),
        senders=("sbi_news_alert@trkd-hs.com",),
    ),
    Broker(
        "monex",
        Words("マネックス証券", "Monex Securities"),
        mail=("monex.co.jp",),
        web=("monex.co.jp",),
        names=("マネックス証券", "Monex Securities", "monex.co.jp"),
        marks=(),
        words=("monex",),
    ),
    Broker(
        "matsui",
        Words("松井証券", "Matsui Securities"),
        mail=(),
        web=("matsui.co.jp",),
        names=("松井証券", "Matsui Securities", "matsui.co.jp"),
        marks=(),
        words=("matsui",),
    ),
    Broker(
        "esmart",
        Words("三菱UFJ eスマート証券", "Mitsubishi UFJ eSmart Securities"),
        mail=("kabu.com",),
        web=("kabu.com",),
        names=("三菱UFJ eスマート証券", "eスマート証券", "auカブコム証券", "auKabucom", "eSmart Securities"),
        marks=("kabucom",),
        words=("kabu",),
    ),
    Broker(
        "nomura",
        Words("野村證券", "Nomura Securities"),
        mail=(),
        web=("nomura.co.jp",),
        names=("野村證券", "野村証券", "Nomura Securities", "nomura.co.jp"),
        marks=("hometrade",),
        words=("nomura",),
    ),
    Broker(
        "daiwa",
        Words("大和証券", "Daiwa Securities"),
        mail=(),
        web=("daiwa.jp",),
        names=("大和証券", "Daiwa Securities"),
        marks=(),
        words=("daiwa",),
    ),
    Broker(
        "connect",
        Words("大和コネクト証券", "Daiwa Connect Securities"),
        mail=(),
        web=("connect-sec.co.jp",),
        names=("大和コネクト証券", "CONNECT証券"),
        marks=("connect-sec",),
    ),
    Broker(
        "nikko",
        Words("SMBC日興証券", "SMBC Nikko Securities"),
        mail=("smbcnikko.co.jp",),
        web=("smbcnikko.co.jp",),
        names=("SMBC日興証券", "日興証券", "SMBC Nikko"),
        marks=("smbcnikko", "smbc-nikko"),
        words=("nikko",),
    ),
    Broker(
        "moomoo",
        Words("moomoo証券", "moomoo Securities"),
        mail=(),
        web=("moomoo.com",),
        names=("moomoo証券", "ムームー証券"),
        marks=(),
        words=("moomoo",),
    ),
    Broker(
        "ib",
        Words("インタラクティブ・ブローカーズ証券", "Interactive Brokers"),
        mail=("interactivebrokers.com",),
        web=("interactivebrokers.com",),
        names=("インタラクティブ・ブローカーズ", "Interactive Brokers", "IBKR"),
        marks=("interactivebrokers", "interactive-brokers"),
        words=("ibkr",),
    ),
    Broker(
        "schwab",
        Words("チャールズ・シュワブ", "Charles Schwab"),
        mail=("schwab.com",),
        web=("schwab.com",),
        names=("Charles Schwab", "Schwab Alerts", "Schwab eConfirms", "チャールズ・シュワブ"),
        marks=("charlesschwab",),
        words=("schwab",),
    ),
    Broker(
        "fidelity",
        Words("フィデリティ（米国）", "Fidelity"),
        mail=("fidelity.com",),
        web=("fidelity.com",),
        names=("Fidelity Alerts", "Fidelity Investments"),
        marks=(),
        words=("fidelity",),
    ),
    Broker(
        "robinhood",
        Words("ロビンフッド", "Robinhood"),
        mail=("robinhood.com",),
        web=("robinhood.com",),
        names=("Robinhood",),
        marks=(),
        words=("robinhood",),
    ),
)

BY_KEY = {broker.key: broker for broker in BROKERS}

# Firms whose names are near a broker's by nature, sister firms among them; a mere likeness to these says nothing.
NEIGHBOURS = frozenset(
    (
        *("rakuten.co.jp", "rakuten.com", "rakuten.ne.jp", "rakuten-bank.co.jp", "rakuten-card.co.jp"),
        *("sbigroup.co.jp", "mitsui.com", "mitsui.co.jp", "money.com", "mufg.jp", "kabutan.jp"),
        *("interactivebrokers.co.jp", "interactivebrokers.com.hk", "interactivebrokers.co.uk", "ibkr.com"),
        *("nomura.com", "monexgroup.jp", "fidelity.co.jp"),
        *("nomuraholdings.com", "nomura-am.co.jp", "daiwahouse.co.jp", "daiwa-grp.jp", "smbc.co.jp"),
    )
)


def of_address(address: str) -> Broker | None:
    """The broker that sends from this address, by its sending domain or as a single named sender."""
    domain = address.rpartition("@")[2]
    for broker in BROKERS:
        if address in broker.senders or any(domain == own or domain.endswith("." + own) for own in broker.mail):
            return broker
    return None


@lru_cache(maxsize=32768)
def of_host(host: str) -> Broker | None:
    """The broker whose pages or mail are at this host."""
    for broker in BROKERS:
        if any(host == own or host.endswith("." + own) for own in (*broker.web, *broker.mail)):
            return broker
    return None
