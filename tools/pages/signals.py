"""The page of signals: what each compares, its bounds and sentences, and the attacker's playbook."""

from kuraban.core.signals import access, trading
from kuraban.core.signals.catalogue import SIGNALS

HEAD = """# Signals

Every piece of evidence the engine weighs. A signal's value is a log-likelihood ratio in nats: how much likelier the act
is under a thief (a written playbook, never learned from attacks) than under this owner (his own habits, backed off to
those of comparable accounts). Positive speaks for a thief. Bounds keep one signal from deciding alone. Belief is the
prior in log-odds plus the sum of the signals. «2025» is the wave of takeovers described in [facts](facts.md), «RBA»
the literature on risk-based authentication (Freeman et al., NDSS 2016; Wiefling et al., TOPS 2022); «assumption» says
that nothing published gives the number.

This page is made from the code by `make docs`.

| signal | bounds | what it compares | source |
|---|---|---|---|
"""


def signals_page() -> str:
    """The list of signals with their sentences, and the playbook's tables."""
    rows = [f"| `{s.id}` | {s.low:+.1f} … {s.high:+.1f} | {s.meaning} | {s.source} |" for s in SIGNALS]
    words = ["", "## What people read", "", "| signal | 日本語 | English |", "|---|---|---|"]
    for s in SIGNALS:
        words.append(f"| `{s.id}` | {s.ja} | {s.en} |")
        if s.ja_usual:
            words.append(f"| `{s.id}` (negative) | {s.ja_usual} | {s.en_usual} |")
    return HEAD + "\n".join(rows + words + playbook()) + "\n"


def playbook() -> list[str]:
    """The attacker's side, as the code has it."""
    ways = (
        "from anywhere",
        "from the owner's country",
        "from the owner's network (ASN)",
        "with stolen cookies or session",
        "on the owner's own device",
    )
    rows = [
        "",
        "## The attacker's playbook",
        "",
        "How thieves come in (shares; assumptions within what was reported):",
        "",
    ]
    rows += ["| way | share |", "|---|---|"]
    rows += [f"| {way} | {share:.2f} |" for way, share in zip(ways, access.WAYS, strict=True)]
    rows += ["", "What they then do:", "", "| act | probability |", "|---|---|"]
    rows += [
        f"| a visit leads to an order | {trading.THIEF_TRADES:.2f} |",
        f"| buys what the account never had | {trading.THIEF_NOVEL:.2f} |",
        f"| buys on a market or in a product new to the account | {trading.THIEF_NEW_MARKET:.2f} |",
        f"| buys on margin | {trading.THIEF_MARGIN:.2f} |",
        f"| orders outside market hours | {trading.THIEF_OFF_HOURS:.2f} |",
        f"| buys right after selling half or more | {trading.THIEF_ROTATES:.2f} |",
    ]
    for share, p in zip(trading.SHARES, trading.THIEF_REACHES, strict=True):
        rows.append(f"| sells {share:.0%} of the holdings or more within two days | {p:.2f} |")
    return rows
