"""Acts through the engine: the same decisions as at a broker's, with what only the owner's side knows added to them.

The engine's log-odds and the evidence of `evidence.py` add up; the action with the least expected cost under the home
policy says whether to ask the owner, to warn him, or to leave him in peace. Pure: the same acts, answers and plan give
the same scores.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from importlib import resources
from typing import Any

import msgspec
import numpy as np

from kuraban.core.policy import ALLOW, choose
from kuraban.core.signals import ids
from kuraban.decisions import Reason
from kuraban.events import Event, Notice
from kuraban.home.acts import Act
from kuraban.home.evidence import Habits, Said, Weighed, is_new, weigh
from kuraban.home.model import Words
from kuraban.home.plan import Plan, covers_order, covers_withdrawal
from kuraban.replay import Replay

# The engine's home policy costs a question this many times more for each false one of the last year, up to a limit:
# attention that was spent in vain is not there when it is needed.
DEARER, DEAREST = 3.0, 30.0
# Of an account that is hardly known yet, everything is new: a question has to be worth this many times as much.
COLD = 5.0
YEAR = timedelta(days=365)
CERTAIN_OF = 0.2  # acts believed less than this to be a thief's are learned as the owner's
AGAINST_PLAN = frozenset({"plan.quiet", "plan.market", "plan.trip"})
ATTEMPTS = frozenset({"code", "margin_call"})
COUNTED_TWICE = (ids.DORMANT, ids.ACTIVITY, ids.ROTATION)

_choose: Any = choose  # compiled, so untyped


class Answer(msgspec.Struct, frozen=True):
    """What the owner said of some events, and when. asked: the kind of finding it answered."""

    time: datetime
    about: tuple[str, ...]
    mine: bool
    asked: str = ""


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """One act judged. action: `allow`, `notify` or `lock`; planned: inside the plan; why: heaviest first."""

    act: Act
    probability: float
    exposure: float
    action: str
    planned: bool
    why: tuple[Words, ...]
    new: bool = False


def score(acts: Sequence[Act], answers: Sequence[Answer], plan: Plan, known: dict[str, datetime]) -> list[Score]:
    """Every act that can be decided upon, in time order.

    acts: in time order. known: since when mails or exports tell of an account, by label.
    """
    with policy_file() as path:
        replay = Replay(policy_file=path, lateness_s=0.0)
    stream = _stream(acts, answers, plan)
    if not stream:
        return []
    batch = replay.reader.event_rows([event for event, _ in stream])
    rows = replay.decide(batch)
    decided = {int(row["row"]): row for row in rows if row["row"] >= 0}
    scorer = _Scorer(replay, plan, answers, known)
    found = [
        scorer.score(act, decided[i]) if i in decided else scorer.attempt(act)
        for i, (_, act) in enumerate(stream)
        if act is not None
    ]
    return [item for item in found if item is not None]


def policy_file() -> AbstractContextManager[Any]:
    """The home policy that ships with the package, as a file."""
    return resources.as_file(resources.files("kuraban.home").joinpath("policy.toml"))


def is_planned(act: Act, plan: Plan) -> bool:
    """Whether the act is one the owner's plan names, or the broker says a standing order placed it."""
    order = act.event.order
    if act.event.type == "order.placed" and order is not None:
        return bool(order.recurring) or covers_order(plan, act.event, act.day)
    return act.event.type == "withdrawal.requested" and covers_withdrawal(plan, act.event, act.day)


def _stream(acts: Sequence[Act], answers: Sequence[Answer], plan: Plan) -> list[tuple[Event, Act | None]]:
    """What the engine is told, in time order: acts, their execution and notice, the owner's answers."""
    timed: list[tuple[datetime, int, Event, Act | None]] = []
    for act in acts:
        event = act.event
        if is_planned(act, plan) and event.order is not None:
            event = msgspec.structs.replace(event, order=msgspec.structs.replace(event.order, recurring=True))
        timed.append((act.time, 0, event, act))
        if event.type == "order.placed":
            done = msgspec.structs.replace(event, id=f"{event.id[:120]}+done", type="order.executed")
            told = Event(
                f"{event.id[:120]}+told", event.time, event.account, "notice.received", notice=Notice("execution")
            )
            timed += [(act.time, 1, done, None), (act.time, 2, told, None)]
    account_of = {act.id: act.account for act in acts}
    for n, answer in enumerate(answers):
        by_account: dict[str, list[str]] = defaultdict(list)
        for event_id in answer.about:
            if event_id in account_of:
                by_account[account_of[event_id]].append(event_id)
        for account, about in by_account.items():
            kind = "owner.confirmed" if answer.mine else "owner.denied"
            said = Event(f"answer-{n}-{account}"[:128], answer.time.isoformat(), account, kind, about=about)  # type: ignore[arg-type]
            timed.append((answer.time, 3, said, None))
    timed.sort(key=lambda item: (item[0], item[1], item[2].id))
    return [(event, act) for _, _, event, act in timed]


class _Scorer:
    """Walks the acts in order with the habits of each account."""

    def __init__(self, replay: Replay, plan: Plan, answers: Sequence[Answer], known: dict[str, datetime]):
        self._replay = replay
        self._plan = plan
        self._policy = replay.policy[0]
        confirmed: dict[date, int] = {}
        self._habits: dict[str, Habits] = defaultdict(lambda: Habits(confirmed_sales=confirmed))
        for account, since in known.items():
            self._habits[account].met(since)
        self._mine = {event_id for answer in answers if answer.mine for event_id in answer.about}
        self._denied = {event_id for answer in answers if not answer.mine for event_id in answer.about}
        self._in_vain = [answer.time for answer in answers if answer.mine and answer.asked == "acts"]
        self._shown: set[str] = set()
        self._costs = np.zeros(5)

    def attempt(self, act: Act) -> Score | None:
        """What the engine does not decide upon teaches; codes, failed logins, margin calls may go against the plan.

        Whoever asks for a code or calls for money on an account that should be still is worth a question.
        """
        habits = self._habits[act.account]
        habits.met(act.time)
        if act.event.type == "login.failed" or (act.event.notice and act.event.notice.kind in ATTEMPTS):
            found = [item for item in weigh(act, habits, self._plan, Said()) if item.id.startswith("plan.")]
            odds = _log_odds(float(self._policy["hazard"])) + sum(item.weight for item in found)
            probability, exposure = 1.0 / (1.0 + math.exp(-odds)), float(self._policy["unknown_exposure"])
            action = self._against(found, self._action(probability, exposure, act.time, habits))
            why = tuple(item.words for item in found)
            return Score(act=act, probability=probability, exposure=exposure, action=action, planned=False, why=why)
        if act.event.type == "account.snapshot":
            self._shown.add(act.account)
            for position in (act.event.holdings.positions if act.event.holdings else None) or []:
                habits.bought.add(position.instrument or "")
        return None

    def score(self, act: Act, row: Any) -> Score:
        """The engine's decision and the owner's side's evidence, together."""
        habits = self._habits[act.account]
        habits.met(act.time)
        planned, new = is_planned(act, self._plan), is_new(act, habits)
        if not planned:
            habits.enter(act)
        found = [] if planned else weigh(act, habits, self._plan, self._said(row))
        odds = _log_odds(float(row["probability"])) + sum(item.weight for item in found)
        probability = 1.0 / (1.0 + math.exp(-odds))
        exposure = self._exposure(act, row)
        action = "allow" if planned else self._against(found, self._action(probability, exposure, act.time, habits))
        if act.id in self._mine or (not planned and act.id not in self._denied and probability < CERTAIN_OF):
            habits.learn(act)
            if act.id in self._mine:
                habits.confirm(act)
        elif planned and act.event.order is not None and act.event.order.instrument:
            habits.bought.add(act.event.order.instrument)
            habits.readable += 1
        return Score(
            act=act,
            probability=probability,
            exposure=exposure,
            action=action,
            planned=planned,
            why=self._why(row, found),
            new=new,
        )

    def _said(self, row: Any) -> Said:
        prior = float(row["prior"]) - _log_odds(float(self._policy["hazard"]))
        of = {signal: max(0.0, float(row["weight"][signal]) / 1000.0) for signal in COUNTED_TWICE}
        disuse = of[ids.DORMANT] + of[ids.ACTIVITY] + max(0.0, prior)
        return Said(disuse, of[ids.ROTATION])

    def _exposure(self, act: Act, row: Any) -> float:
        """What can be lost; an account whose holdings were never shown counts as an unknown one."""
        least = 0.0 if act.account in self._shown else float(self._policy["unknown_exposure"])
        return max(float(row["exposure"]), least)

    def _action(self, probability: float, exposure: float, time: datetime, habits: Habits) -> str:
        vain = sum(time - YEAR <= asked <= time for asked in self._in_vain)
        policy = self._policy.copy()
        cost = float(policy["notify"]) * min(DEAREST, DEARER**vain) * (COLD if habits.cold(time) else 1.0)
        policy["notify"] = cost
        policy["lock"] = max(float(policy["lock"]), cost)
        best = _choose(probability, exposure, 0.0, policy, self._costs)
        return "allow" if best == ALLOW else "lock" if best > 1 else "notify"

    @staticmethod
    def _against(found: list[Weighed], action: str) -> str:
        """What goes against the owner's own word is at least asked about, however ordinary it is otherwise."""
        against = any(item.id in AGAINST_PLAN and item.weight >= 5.0 for item in found)
        return "notify" if against and action == "allow" else action

    def _why(self, row: Any, found: list[Weighed]) -> tuple[Words, ...]:
        reasons: list[tuple[float, Words]] = [(item.weight, item.words) for item in found if item.weight > 0]
        told: Callable[[Any], tuple[Reason, ...]] = self._replay.writer.reasons
        reasons += [(reason.weight, Words(reason.ja, reason.en)) for reason in told(row) if reason.weight > 0]
        return tuple(words for weight, words in sorted(reasons, key=lambda item: -item[0]) if math.isfinite(weight))


def _log_odds(probability: float) -> float:
    bounded = min(1.0 - 1e-12, max(1e-12, probability))
    return math.log(bounded / (1.0 - bounded))
