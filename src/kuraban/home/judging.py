"""From what happened to what the owner is told: acts outside the plan become findings, in bursts, each told once.

Three rules on top of the scores. A burst (acts of one account within two days) is one finding. Withdrawals are always
asked about, unless planned or like one the owner has confirmed. Settings are always asked about, all accounts of a day
together, unless the change made the account safer or the plan names the day.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from kuraban.events import Event
from kuraban.home.acts import TOKYO, Act
from kuraban.home.eventwords import event_words, setting_words
from kuraban.home.findings import CALL, LOOK, WALK, Finding, Kind, Level, Told, answer_todo, finding_id
from kuraban.home.model import Words
from kuraban.home.plan import Plan
from kuraban.home.scoring import Answer, Score, score
from kuraban.home.wording import called
from kuraban.plurals import counted

BURST = timedelta(days=2)
SITTING = timedelta(days=1)
BEFORE = timedelta(hours=12)  # acts before the one that stood out belong to the same visit
LIKE = 1.5  # times the largest confirmed withdrawal
CONFIRMED_FOR = timedelta(days=400)
DOOR_OPEN = timedelta(days=7)
MOST_DETAILS = 6
SAFER_ON = frozenset({"lock", "notice.login", "notice.execution", "notice.withdrawal", "notice.cash"})
LEVELS = {"allow": Level.INFO, "notify": Level.ASK, "lock": Level.ALARM}


Own = dict[str, tuple[Words, ...]]


class Judged(msgspec.Struct, frozen=True):
    """What judging found: scores of all acts, and the findings, oldest first."""

    scores: tuple[Score, ...]
    findings: tuple[Finding, ...]


def judge(acts: Sequence[Act], answers: Sequence[Answer], plan: Plan, known: dict[str, datetime]) -> Judged:
    """Score all acts and gather what has to be told. Events already answered are not asked about again."""
    scores = score(acts, answers, plan, known)
    answered = {event_id for answer in answers for event_id in answer.about}
    open_scores = [item for item in scores if item.act.id not in answered]
    trading = [item for item in open_scores if item.act.event.type not in {"withdrawal.requested", "setting.changed"}]
    own = _own(scores)
    findings = [
        *_bursts(trading, own),
        *_withdrawals(open_scores, scores, answers, own),
        *_settings(open_scores, plan, own),
    ]
    return Judged(tuple(scores), tuple(sorted(findings, key=lambda finding: (finding.first, finding.id))))


def _own(scores: Sequence[Score]) -> Own:
    """By act, what stands out in it: of the reasons of its visit those that came with an act of its kind.

    A score carries what the visit has shown so far; that nine names were sold says nothing of the login.
    """
    found: Own = {}
    came: dict[str, dict[Words, tuple[str, datetime]]] = defaultdict(dict)  # with which kind, and last when
    for item in scores:
        order, now, of = item.act.event.order, item.act.time, came[item.act.account]
        kind = f"{item.act.event.type} {order.side if order else ''}"
        for words in item.why:
            first, last = of.get(words, (kind, now))
            of[words] = (kind if now - last > SITTING else first, now)
        found[item.act.id] = tuple(words for words in item.why if of[words][0] == kind)[:MOST_DETAILS]
    return found


def _bursts(scores: list[Score], own: Own) -> list[Finding]:
    """Per account, acts that stood out, with everything of the same days around them."""
    by_account: dict[str, list[Score]] = defaultdict(list)
    for item in scores:
        by_account[item.act.account].append(item)
    found: list[Finding] = []
    for account, items in by_account.items():
        at = 0
        while (trigger := next((i for i in range(at, len(items)) if items[i].action != "allow"), None)) is not None:
            start = items[trigger].act.time
            last = start
            at = trigger
            while at < len(items) and items[at].act.time - last <= BURST:
                if items[at].action != "allow":
                    last = items[at].act.time
                at += 1
            around = [i for i in items if start - BEFORE <= i.act.time <= last + BURST and not i.planned]
            found.append(_burst(account, items[trigger], around, own))
    return found


def _burst(account: str, trigger: Score, around: list[Score], own: Own) -> Finding:
    top = max(around, key=lambda item: item.probability)
    level = Level.ALARM if any(item.action == "lock" for item in around) else Level.ASK
    key = finding_id(Kind.ACTS, account, trigger.act.id)
    sentence = _acts_sentence(account, around, level)
    doubt = [] if any(item.act.proved for item in around) else [UNPROVED]
    return Finding(
        id=key,
        kind=Kind.ACTS,
        level=level,
        account=account,
        first=around[0].act.time,
        last=around[-1].act.time,
        about=_about(around),
        sentence=sentence,
        details=(*top.why[:MOST_DETAILS], *doubt),
        acts=_told(around, own),
        todo=(CALL, WALK, answer_todo(key)) if level is Level.ALARM else (LOOK, answer_todo(key)),
        probability=top.probability,
        exposure=top.exposure,
    )


UNPROVED = Words(
    "本物と証明できない通知メールだけが根拠です。メールのリンクは開かないでください",
    "only mails that cannot be proved genuine say so: open no link in them",
)


def _acts_sentence(account: str, around: list[Score], level: Level) -> Words:
    first, last = (item.act.time.astimezone(TOKYO) for item in (around[0], around[-1]))
    kinds = [item.act.event for item in around]
    buys = sum(event.order is not None and event.order.side == "buy" for event in kinds)
    sells = sum(event.order is not None and event.order.side == "sell" for event in kinds)
    logins = sum(event.type == "login.succeeded" for event in kinds)
    tries = sum(event.type in {"login.failed", "notice.received"} for event in kinds)
    ja = [
        f"{word}{n}件"
        for word, n in (("買い", buys), ("売り", sells), ("ログイン", logins), ("認証の試み", tries))
        if n
    ]
    en = [counted(n, word) for word, n in (("buy", buys), ("sale", sells), ("login", logins), ("attempt", tries)) if n]
    who, when = called(account), f"{first:%Y-%m-%d %H:%M}"
    span = (
        when if last - first < timedelta(minutes=1) else f"{when}–{last:%H:%M}" if first.date() == last.date() else when
    )
    what = Words("、".join(ja) or "操作", ", ".join(en) or "acts")
    if level is Level.ALARM:
        return Words(
            f"{who.ja}: 乗っ取りの疑いが強い取引があります({span}、{what.ja})。今すぐ証券会社に連絡してください。",
            f"{who.en}: this looks like a takeover ({span}, {what.en}). Reach the broker now.",
        )
    return Words(
        f"{who.ja}: 普段と違う動きがあります({span}、{what.ja})。自分の操作ですか?",
        f"{who.en}: something unlike you happened ({span}, {what.en}). Was it you?",
    )


def _withdrawals(open_scores: list[Score], scores: list[Score], answers: Sequence[Answer], own: Own) -> list[Finding]:
    mine = {event_id: answer.time for answer in answers if answer.mine for event_id in answer.about}
    confirmed = [item for item in scores if item.act.event.type == "withdrawal.requested" and item.act.id in mine]
    changed = [item.act for item in open_scores if item.act.event.type == "setting.changed" and _opens_door(item.act)]
    groups: dict[str, list[list[Score]]] = defaultdict(list)
    for item in open_scores:
        if item.act.event.type != "withdrawal.requested" or item.planned:
            continue
        usual = any(_like(item.act, other.act, mine[other.act.id]) for other in confirmed)
        if usual and item.action != "lock" and not _after(item.act, changed):
            continue
        mine_so_far = groups[item.act.account]
        if mine_so_far and item.act.time - mine_so_far[-1][-1].act.time <= BURST:
            mine_so_far[-1].append(item)
        else:
            mine_so_far.append([item])
    return [_withdrawal(group, changed, own) for account in groups.values() for group in account]


def _opens_door(act: Act) -> bool:
    """A change after which money can leave unseen: payout account, mail address, telephone, or one not told."""
    name = act.event.setting.name if act.event.setting else None
    return name in {None, "payout_account", "email", "phone", "notice.withdrawal"} and not safer(act.event)


def _after(act: Act, changed: list[Act]) -> bool:
    """Whether a withdrawal follows such a change that the owner has not answered for."""
    return any(c.account == act.account and timedelta(0) <= act.time - c.time <= DOOR_OPEN for c in changed)


def _like(act: Act, other: Act, confirmed: datetime) -> bool:
    """Whether a withdrawal is like one the owner has confirmed: account, destination, no larger than by half."""
    ours, theirs = act.event.cash, other.event.cash
    if act.account != other.account or abs(act.time - confirmed) > CONFIRMED_FOR:
        return False
    if ours is None or theirs is None or ours.destination != theirs.destination:
        return ours is None and theirs is None
    if ours.amount is None or theirs.amount is None:
        return ours.amount is None and theirs.amount is None
    return ours.amount <= LIKE * theirs.amount


def _withdrawal(group: list[Score], changed: list[Act], own: Own) -> Finding:
    """Withdrawals of one account within two days; after an unanswered change of payout account or address an alarm."""
    first, top = group[0].act, max(group, key=lambda item: item.probability)
    key = finding_id(Kind.WITHDRAWAL, first.account, first.id)
    opened = any(_after(item.act, changed) for item in group)
    alarm = opened or any(item.action == "lock" for item in group)
    amounts = [item.act.event.cash.amount if item.act.event.cash else None for item in group]
    ja, en = _money_out([amount for amount in amounts if amount is not None], len(group))
    proved = any(item.act.proved for item in group)
    return Finding(
        id=key,
        kind=Kind.WITHDRAWAL,
        level=Level.ALARM if alarm else Level.ASK,
        account=first.account,
        first=first.time,
        last=group[-1].act.time,
        about=_about(group),
        sentence=Words(
            f"{called(first.account).ja}: {_when(first)} に{ja}がありました。自分の操作ですか?",
            f"{called(first.account).en}: {en} on {_when(first)}. Was it you?",
        ),
        details=(*((OPENED,) if opened else ()), *top.why[:MOST_DETAILS], *(() if proved else (UNPROVED,))),
        acts=_told(group, own),
        todo=(CALL, WALK, answer_todo(key)) if alarm else (LOOK, answer_todo(key)),
        probability=top.probability,
        exposure=top.exposure,
    )


def _money_out(amounts: list[float], times: int) -> tuple[str, str]:
    total = f"{sum(amounts):,.0f}"
    if times > 1:
        ja, en = f"{times}回の出金", counted(times, "withdrawal")
        return (f"合わせて{total}円、{ja}", f"{en}, JPY {total} in all") if amounts else (ja, en)
    return (f"{total}円の出金", f"a withdrawal of JPY {total}") if amounts else ("出金", "a withdrawal")


OPENED = Words(
    "直前に出金先や連絡先が変更されていて、それにもまだ答えがありません",
    "just before, the payout account or an address was changed, and you have not said that it was you",
)


def _settings(open_scores: list[Score], plan: Plan, own: Own) -> list[Finding]:
    """Settings changed, those of one day together whatever the account: the owner sat down once."""
    asked = [
        item
        for item in open_scores
        if item.act.event.type == "setting.changed"
        and not safer(item.act.event)
        and not (item.act.day in plan.settings and item.action == "allow")
    ]
    found: list[Finding] = []
    group: list[Score] = []
    for item in asked:
        if group and item.act.time - group[0].act.time > SITTING:
            found.append(_setting(group, own))
            group = []
        group.append(item)
    return [*found, _setting(group, own)] if group else found


def safer(event: Event) -> bool:
    """A change that makes the account safer: notices or lock on, bank link or aggregator off."""
    setting = event.setting
    if setting is None:
        return False
    if setting.name in {"sweep", "aggregator"}:
        return setting.to == "off"
    return setting.name in SAFER_ON and setting.to == "on"


def _setting(group: list[Score], own: Own) -> Finding:
    accounts = sorted({item.act.account for item in group})
    key = finding_id(Kind.SETTINGS, accounts[0] if len(accounts) == 1 else None, group[0].act.id)
    words = [setting_words(item.act.event) for item in group]
    ja = "・".join(dict.fromkeys(word.ja for word in words))
    en = ", ".join(dict.fromkeys(word.en for word in words))
    level = Level.ALARM if any(item.action == "lock" for item in group) else Level.ASK
    where = [called(account) for account in accounts]
    where_ja, where_en = "・".join(words.ja for words in where), ", ".join(words.en for words in where)
    top = max(group, key=lambda item: item.probability)
    return Finding(
        id=key,
        kind=Kind.SETTINGS,
        level=level,
        account=accounts[0] if len(accounts) == 1 else None,
        first=group[0].act.time,
        last=group[-1].act.time,
        about=_about(group),
        sentence=Words(
            f"{where_ja}: {_when(group[0].act)} に{ja}が変更されました。自分の操作ですか?",
            f"{where_en}: {en} changed on {_when(group[0].act)}. Was it you?",
        ),
        details=(*top.why[:MOST_DETAILS], *(() if any(item.act.proved for item in group) else (UNPROVED,))),
        acts=_told(group, own),
        todo=(CALL, WALK, answer_todo(key)) if level is Level.ALARM else (LOOK, answer_todo(key)),
        probability=top.probability,
        exposure=top.exposure,
    )


def _about(group: list[Score]) -> tuple[str, ...]:
    """Ids of every event that states one of these acts: each fill, each mail, each row."""
    found = ((item.act.id, *(fact.event.id for fact in item.act.facts)) for item in group)
    return tuple(dict.fromkeys(event for ids in found for event in ids))


def _told(group: list[Score], own: Own) -> tuple[Told, ...]:
    """The acts one by one: first purchases, which a victim would know least for his own, else by time."""
    ordered = sorted(group, key=lambda item: (not _bought(item.act), item.act.time))
    return tuple(
        Told(words=summary(item.act), time=item.act.time, about=_about([item]), why=own[item.act.id])
        for item in ordered
    )


def _bought(act: Act) -> bool:
    return act.event.order is not None and act.event.order.side == "buy"


def summary(act: Act) -> Words:
    """One line about an act: its time and what its source says of it, or else what kind of act it is."""
    said = next((fact.summary for fact in act.facts if fact.summary is not None), None) or event_words(act.event)
    return Words(f"{_when(act)} {said.ja}", f"{_when(act)} {said.en}")


def _when(act: Act) -> str:
    return f"{act.day}" if act.facts[0].dated_only else f"{act.time.astimezone(TOKYO):%Y-%m-%d %H:%M}"
