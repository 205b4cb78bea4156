"""The words of the summary that the demo ends with."""

from collections.abc import Iterable

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from kuraban.cli.demo.checks import checks, shown
from kuraban.cli.demo.summary import Say, Summary
from kuraban.home.findings import Kind, Level
from kuraban.plurals import counted

MOST_GROUPS = 6
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
        console.print(shown(check, say), highlight=False, markup=False)
    return all(check.good is not False for check in found)


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
    yield say(
        "コンソールの「止めた金額」とは別の数え方です: ここは犯人が実際に動かそうとした額、コンソールは24時間以内の"
        "アラートのうち保留・ロックになったものの予想損失(確率×失われうる全額)。",
        "The console's «money stopped» counts something else: this is what thieves actually set out to take, the "
        "console's the expected loss (probability × all that can be lost) of the alerts of 24 hours that were held or "
        "locked.",
    )


_GROUPS = (("ring", "仕手買いの一味", "rings"), ("spray", "リスト型攻撃の発信元", "networks that tried lists"))


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
