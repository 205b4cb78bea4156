"""What the demo found: the sums, the checks that say whether the story happened, and the words for both."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from kuraban.cli.demo.broker import Broker
from kuraban.cli.demo.home import Looked, Told
from kuraban.cli.demo.player import Played
from kuraban.cli.demo.world import World
from kuraban.core.policy import CHALLENGE
from kuraban.home.findings import Kind, Level
from kuraban.plurals import counted
from kuraban.sim.families import FAMILIES

MOST_GROUPS = 6
MOST_FRICTION = 100.0  # days in 10,000 on which an innocent owner is asked or called: more would be no protection
LEAST_STOPPED = 0.5
LARGE = 2_000  # owners: in a smaller broker lists are too short and rings too small to be always named

Say = Callable[[str, str], str]
ENTRIES = {family.name: family.entry for family in FAMILIES}
FAMILY_WORDS = {
    "stuffing_ring": ("リスト型+仕手買い", "password list, ring"),
    "relay_ring": ("中継型+仕手買い", "relayed login, ring"),
    "dormant_ring": ("休眠口座+仕手買い", "dormant accounts, ring"),
    "payout": ("出金先の変更", "payout account changed"),
    "cookie_theft": ("セッション盗用", "stolen session"),
    "remote_control": ("遠隔操作", "remote control"),
    "slow_split": ("少しずつ毎日", "a little every day"),
    "sweep_only": ("銀行連携の吸い上げ", "linked bank drained"),
    "rehearsal": ("下見だけ", "look-in only"),
}


class Family(NamedTuple):
    """The takeovers of one family. answered: challenged, held or locked at least once; money: those in which the
    recording takes any; saved: of these, nothing was taken. wanted, lost, stopped: yen."""

    takeovers: int
    answered: int
    money: int
    saved: int
    wanted: float
    lost: float
    stopped: float


class Summary(NamedTuple):
    """Everything the demo says at its end."""

    world: World
    broker: Broker
    played: Played
    home: Looked
    journaled: int  # events that the server says it has accepted
    victim: int  # the takeover shown from the owner's side

    @property
    def families(self) -> dict[str, Family]:
        """By family, and `total`."""
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * 7)
        for each in self.world.takeovers:
            if each.first is None:
                continue
            money = each.wanted > 0
            parts = (1, each.met >= CHALLENGE, money, money and each.lost == 0, each.wanted, each.lost, each.stopped)
            for name in (each.family, "total"):
                sums[name] = [a + b for a, b in zip(sums[name], parts, strict=True)]
        return {name: Family(*map(int, row[:4]), *row[4:]) for name, row in sums.items()}

    @property
    def caught(self) -> list[Told]:
        """What the owner's side says of the time in which the thief was there: alarms and questions about orders."""
        times = [moment.time for moment in self.world.played if moment.thief == self.victim]
        return [
            told
            for level in (Level.ALARM, Level.ASK)
            for told in self.home.of(level, Kind.ACTS, Kind.WITHDRAWAL)
            if told.first <= times[-1] and told.last >= times[0]
        ]

    @property
    def owner_days(self) -> int:
        """Days of innocent owners in the time played: the robbed count until their thief comes."""
        begin, end = self.world.span
        days = (end - begin) // timedelta(days=1) + 1
        gone = sum((end - each.first) // timedelta(days=1) + 1 for each in self.world.takeovers if each.first)
        return max(1, self.world.owners * days - gone)

    def per_10k(self, days: int) -> float:
        """Days in 10,000 of innocent owners."""
        return 1e4 * days / self.owner_days

    def groups(self, kind: str) -> list[tuple[str, int]]:
        """Rings or sprays by the number of accounts named with them."""
        found = [(name, len(each.accounts)) for name, each in self.broker.groups.items() if name.startswith(kind)]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))


class Check(NamedTuple):
    """One thing that has to have happened."""

    good: bool
    words: str


def checks(summary: Summary, say: Say) -> list[Check]:
    """Whether the story really happened."""
    total = summary.families.get("total", Family(0, 0, 0, 0, 0.0, 0.0, 0.0))
    sent = summary.played.history + summary.played.events
    relayed = [t for t in summary.world.takeovers if t.met >= CHALLENGE and ENTRIES[t.family] == "relay"]
    signals = summary.broker.signals
    friction = summary.per_10k(len(summary.broker.friction.days))
    large = summary.world.owners >= LARGE
    found = [
        Check(
            sent == summary.journaled and not summary.played.refused,
            say(
                f"送った {sent:,} 件をサーバーがすべて記録した",
                f"the server journaled all {counted(sent, 'event')} sent",
            ),
        ),
        Check(bool(relayed), say("中継された認証を見破った", "relayed logins were challenged, held or locked")),
        Check(signals["trading.liquidation"] > 0, say("保有株の投げ売りに気づいた", "liquidations were seen")),
        Check(
            total.stopped >= LEAST_STOPPED * total.wanted > 0,
            say("盗まれるはずの額の半分以上を止めた", "more than half of the money was stopped"),
        ),
        Check(
            friction <= MOST_FRICTION,
            say("本人への確認は少なかった", "few innocent owners were asked or called"),
        ),
        Check(
            bool(summary.caught) and any(told.kind == Kind.FORGED for told in summary.home.told),
            say("自宅側が盗みに気づき、偽メールを見分けた", "the owner's side saw the theft and told the forged mail"),
        ),
    ]
    if large:
        found += [
            Check(bool(summary.groups("spray")), say("総当たりの発信元を見つけた", "lists of passwords were seen")),
            Check(bool(summary.groups("ring")), say("仕手買いの一味をひとつに束ねた", "a ring was named")),
        ]
    return found


def show(summary: Summary, say: Say, console: Console) -> bool:
    """Print everything; whether every check is good."""
    begin, end = summary.world.span
    console.print()
    console.rule(say("まとめ", "Summary"))
    console.print(
        say(
            f"{begin:%Y-%m-%d}〜{end:%m-%d}、口座 {summary.world.owners:,}、イベント {summary.played.events:,} 件"
            f"(それ以前の履歴 {summary.played.history:,} 件)。すべて架空です。",
            f"{begin:%Y-%m-%d} to {end:%m-%d}, {counted(summary.world.owners, 'owner')}, "
            f"{counted(summary.played.events, 'event')} (and {summary.played.history:,} of the days before). "
            "All of it is invented.",
        )
    )
    console.print(_table(summary, say))
    for line in (*_money(summary, say), *_named(summary, say), *_friction(summary, say), *_server(summary, say)):
        console.print(line, highlight=False, markup=False)
    for line in _home(summary, say):
        console.print(line, highlight=False, markup=False)
    found = checks(summary, say)
    console.print()
    for check in found:
        console.print(f"{'✔' if check.good else '✘'} {check.words}", highlight=False, markup=False)
    return all(check.good for check in found)


def _table(summary: Summary, say: Say) -> Table:
    table = Table(title=say("乗っ取り(金額は万円)", "Takeovers (money in ¥10,000)"), title_justify="left", box=SIMPLE)
    heads = (
        ("手口", "family"), ("件数", "all"), ("対応", "met"), ("実害型", "money"), ("無傷", "safe"),
        ("対策なし", "wanted"), ("流出", "gone"), ("阻止", "stopped"),
    )  # fmt: skip
    for number, head in enumerate(heads):
        table.add_column(say(*head), justify="left" if number == 0 else "right", no_wrap=True)
    families = summary.families
    for name in [*sorted(family for family in families if family != "total"), "total"]:
        row = families[name]
        words = say("合計", "total") if name == "total" else say(*FAMILY_WORDS.get(name, (name, name)))
        if name == "total":
            table.add_section()
        money = (f"{value / 1e4:,.0f}" for value in (row.wanted, row.lost, row.stopped))
        table.add_row(words, *(str(count) for count in row[:4]), *money)
    return table


def _money(summary: Summary, say: Say) -> Iterable[str]:
    total = summary.families["total"]
    share = int(100 * total.stopped / total.wanted) if total.wanted else 0  # never rounded up to all
    yield say(
        f"対応 = 本人確認・保留・ロックのいずれか。実害型 {total.money} 件のうち {total.saved} 件は、最初の買いや出金が"
        "成立する前に止まりました(無傷)。",
        f"met: challenged, held or locked. Of {total.money} that take money when left alone, {total.saved} were "
        "stopped before the first purchase or withdrawal took effect (safe).",
    )
    yield say(
        f"対策がなければ {total.wanted:,.0f} 円。{total.lost:,.0f} 円は出てしまい、{total.stopped:,.0f} 円"
        f"({share}%)を止めました。",
        f"¥{total.wanted:,.0f} would have gone; ¥{total.lost:,.0f} did, ¥{total.stopped:,.0f} ({share} %) was stopped.",
    )
    yield say(
        "数え方: 約定した買いと実行された出金の額(買った株は残るので、損失の上限)。同じ犯人が同じことをした場合のうち、"
        "lock 以後のすべて、hold された操作、本人確認に答えられない犯人の操作とそのセッションの残りを「止めた」とし、"
        "中継・遠隔操作の犯人は本人確認に通るものとしています。hold・lock の30分後に会社が電話し、認証情報を替えます。",
        "How it is counted: purchases executed and withdrawals paid (shares bought are still there, so this bounds the "
        "loss). Of what the same thieves do unhindered, stopped is: all after a lock, an act that is held, the act and "
        "rest of the session of a thief who cannot answer a challenge; those who relay codes or work by remote control "
        "can. Half an hour after a hold or lock the broker telephones and replaces the credentials.",
    )


_GROUPS = (("ring", "仕手買いの一味", "rings"), ("spray", "総当たりの発信元", "networks that tried lists"))


def _named(summary: Summary, say: Say) -> Iterable[str]:
    for kind, ja, en in _GROUPS:
        found = summary.groups(kind)
        shown = ", ".join(f"{name} ({count})" for name, count in found[:MOST_GROUPS])
        more = len(found) - MOST_GROUPS
        if more > 0:
            shown += say(f" ほか {more}", f" and {more} more")
        yield say(
            f"{ja}: {len(found)}(かっこ内は口座数) {shown}", f"{en} named: {len(found)} (accounts in brackets) {shown}"
        )


def _friction(summary: Summary, say: Say) -> Iterable[str]:
    friction = summary.broker.friction
    asked, held = summary.per_10k(len(friction.days)), summary.per_10k(len(friction.held_days))
    yield say(
        f"本人の迷惑: 本人確認・保留・ロックに会ったのは 1万口座日あたり {asked:.1f} 日、"
        f"うち保留・ロック {held:.1f} 日。",
        f"Innocent owners met a challenge, hold or lock on {asked:.1f} of 10,000 days, a hold or lock on {held:.1f}.",
    )


def _server(summary: Summary, say: Say) -> Iterable[str]:
    played = summary.played
    rate = played.decisions / played.seconds if played.seconds else 0.0
    bulk = played.history / played.history_s if played.history_s else 0.0
    yield say(
        f"サーバー: 判定 {played.decisions:,} 件({rate:,.0f} 件/秒)、応答の中央値 {played.quantile(0.5):.1f} ms、"
        f"p99 {played.quantile(0.99):.1f} ms(送信側と同じ機械で)。履歴は {bulk:,.0f} 件/秒で取り込み。",
        f"Server: {counted(played.decisions, 'decision')} ({rate:,.0f} a second), "
        f"median {played.quantile(0.5):.1f} ms, p99 {played.quantile(0.99):.1f} ms "
        f"with the sender on the same machine; history taken in at {bulk:,.0f} a second.",
    )


def _home(summary: Summary, say: Say) -> Iterable[str]:
    home, victim = summary.home, summary.world.takeovers[summary.victim]
    yield say(
        f"自宅側(口座 {victim.account} の持ち主。この人の証券会社は何もしない、として): メール {home.mails} 通から",
        f"The owner's side (of account {victim.account}, as if his broker did nothing): "
        f"from {counted(home.mails, 'mail')}",
    )
    for told in (*summary.caught, *home.of(Level.INFO, Kind.FORGED)):
        yield f"  - {say(told.ja, told.en)}"
    others = sum(told.level != Level.INFO for told in home.told) - len(summary.caught)
    if others > 0:
        yield say(
            f"  (盗みの後・前の操作についての質問が、ほかに {others} 件)",
            f"  ({counted(others, 'question')} about other acts)",
        )
