"""The checks at the end of the demo: whether the story happened. They decide the exit status."""

from typing import NamedTuple

from kuraban.cli.demo.ingredients import ENTRIES
from kuraban.cli.demo.summary import Family, Say, Summary
from kuraban.core.policy import CHALLENGE
from kuraban.home.findings import Kind
from kuraban.plurals import counted

MOST_FRICTION = 100.0  # days in 10,000 on which an innocent owner is asked or called: more would be no protection
LEAST_STOPPED = 0.5


class Check(NamedTuple):
    """One thing that has to have happened. good: None where this story gave no occasion for it, which is no failure."""

    good: bool | None
    words: str


def checks(summary: Summary, say: Say) -> list[Check]:
    """Whether the story really happened."""
    total = summary.families.get("total", Family(0, 0, 0, 0, 0.0, 0.0, 0.0))
    sent = summary.played.history + summary.played.events
    relayed = [t for t in summary.world.takeovers if t.met >= CHALLENGE and ENTRIES[t.family] == "relay"]
    friction = summary.per_10k(len(summary.broker.friction.days))
    seen, signals = summary.broker.seen, summary.broker.signals
    return [
        Check(
            sent == summary.journaled and not summary.played.refused,
            say(
                f"送った {sent:,} 件をサーバーがすべて記録した",
                f"the server journaled all {counted(sent, 'event')} sent",
            ),
        ),
        _where(
            seen.relayed,
            bool(relayed),
            say("中継された認証を見破った", "relayed logins were challenged, held or locked"),
        ),
        _where(
            seen.liquidations,
            signals["trading.liquidation"] > 0,
            say("保有株の投げ売りに気づいた", "liquidations were seen"),
        ),
        _where(
            total.wanted > 0,
            total.stopped >= LEAST_STOPPED * total.wanted,
            say("盗まれるはずの額の半分以上を止めた", "at least half of the money was stopped"),
        ),
        Check(
            friction <= MOST_FRICTION,
            say("本人への確認は少なかった", "few innocent owners were asked or called"),
        ),
        _where(
            seen.lists,
            bool(summary.groups("spray")),
            say("リスト型攻撃の発信元を見つけた", "lists of passwords were seen"),
        ),
        _where(seen.rings, bool(summary.groups("ring")), say("仕手買いの一味をひとつに束ねた", "a ring was named")),
        _where(
            summary.robbed_by_trading,
            bool(summary.caught),
            say("自宅側が盗みに気づいた", "the owner's side saw the theft"),
        ),
        Check(
            any(told.kind == Kind.FORGED for told in summary.home.told),
            say("自宅側が偽メールを見分けた", "the owner's side told the forged mail"),
        ),
    ]


def _where(occasion: float, good: bool, words: str) -> Check:
    """A check of what has to be found where it was there; what is found is good in any case."""
    return Check(good or (False if occasion else None), words)


MARKS = {True: "✔", False: "✘", None: "–"}


def shown(check: Check, say: Say) -> str:
    """With its mark."""
    absent = say("(この物語には現れませんでした)", " (did not occur in this story)") if check.good is None else ""
    return f"{MARKS[check.good]} {check.words}{absent}"
