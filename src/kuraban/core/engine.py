"""The engine: one event after another, (state, event, reference) → (state, decisions).

`run` walks the rows of a batch in order. For each it asks the network and the instrument what they know, scores the
account, decides, lets the account learn, and only then tells network and instrument what the event added. What they
find out about other accounts (a spray named, a ring growing) changes those accounts' belief at once and is answered by
decisions without an event. Nothing here depends on where a batch begins or ends.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core import instruments as rings
from kuraban.core import layout, networks
from kuraban.core.belief import account_probability, fade_residual, lift, log_odds, logistic, put
from kuraban.core.books import claim_holding, settle, take_back, take_snapshot
from kuraban.core.feedback import owner_said, reset_credentials
from kuraban.core.habits import DAY, MINUTE, SEASONED, experience, low32
from kuraban.core.jit import jit
from kuraban.core.lessons import commit_clean, commit_session, holds_ripe_lesson, keep_login_lesson, keep_order_lesson
from kuraban.core.outcome import ANNOUNCE, HITS, IN_RING, emit, emit_plain, spread_ring, spread_spray
from kuraban.core.population import learn_population, new_day
from kuraban.core.profile import (
    ACTED,
    CHALLENGED,
    COUNTED,
    CROWD,
    DENIED,
    LOGGED_IN,
    MEMBERS,
    NETWORK,
    NETWORKS,
    ODD,
    POPULATION,
    PROFILE,
    SESSION,
    STRONG,
    TRADED,
    VERY_ODD,
)
from kuraban.core.signals import access, cash, credentials, ids, notices, trading
from kuraban.core.teaching import age, teach_login, teach_order
from kuraban.core.visits import NAMELESS, PAUSE, find_session, first_seen, oddness, open_session, silence, watch

# Up to this belief a session teaches at once; beyond, its lessons are held back until proof or a clean day.
SURE = 1e-4
# And up to this one it counts among what owners do.
COMMON = 0.005
# A session this suspect is told to its network as suspicious.
SUSPECT = 0.03
VERY_SUSPECT = 0.3
# Room that must be left in the output before an event is taken: its own decision and those it spreads.
ROOM = 1 + MEMBERS + HITS


@dataclass
class State:
    """Everything the engine knows: four arrays, which are also the snapshot."""

    profiles: np.ndarray  # PROFILE by account code
    crowds: np.ndarray  # CROWD by instrument code
    networks: np.ndarray  # NETWORK, open addressing
    population: np.ndarray  # POPULATION, one record

    @classmethod
    def empty(cls, accounts: int = 1024, instruments: int = 1024) -> "State":
        """A state that has seen nothing, with room for so many accounts and instruments."""
        table = np.zeros(NETWORKS, NETWORK)
        return cls(np.zeros(accounts, PROFILE), np.zeros(instruments, CROWD), table, np.zeros(1, POPULATION))

    def ensure(self, accounts: int, instruments: int) -> None:
        """Make room for account and instrument codes below these numbers."""
        if accounts > self.profiles.size:
            self.profiles = _grown(self.profiles, accounts)
        if instruments > self.crowds.size:
            self.crowds = _grown(self.crowds, instruments)

    def copy(self, accounts: int) -> "State":
        """The same again, for itself, of so many accounts."""
        profiles = np.zeros(self.profiles.size, self.profiles.dtype)
        profiles[:accounts].view(np.uint8)[:] = self.profiles[:accounts].view(np.uint8)
        return State(profiles, self.crowds.copy(), self.networks.copy(), self.population.copy())


def _grown(table: np.ndarray, least: int) -> np.ndarray:
    larger = np.zeros(max(least, table.size * 2), table.dtype)
    # As bytes: NumPy copies records field by field, which takes seven times as long.
    larger[: table.size].view(np.uint8)[:] = table.view(np.uint8)
    return larger


@jit
def run(
    profiles: NDArray[Any],
    crowds: NDArray[Any],
    table: NDArray[Any],
    population: NDArray[Any],
    reference: NDArray[Any],
    market_hours: NDArray[Any],
    policy: NDArray[Any],
    rows: NDArray[Any],
    positions: NDArray[Any],
    about: NDArray[Any],
    out: NDArray[Any],
    begin: Any,
) -> tuple[Any, Any]:
    """Process `rows[begin:]` until they end or `out` has no more room: (next row, decisions written).

    profiles: PROFILE (accounts,); crowds: CROWD (instruments,); table: NETWORK (a power of two,); population:
    POPULATION (1,); reference: INSTRUMENT (instruments,); market_hours: minutes (markets, periods, 2); policy: POLICY
    (1,); rows: EVENT; positions: POSITION; about: uint64; out: DECISION with more than `ROOM` places.
    """
    pop = population[0]
    pol = policy[0]
    hazard = np.float64(pol["hazard"]) / np.float64(pol["overcount"])
    home = pol["home"]
    costs = np.zeros(5)
    keys = np.zeros(4, np.uint64)
    hit_accounts = np.zeros(HITS, np.int64)
    blank = np.zeros(1, SESSION)[0]
    n = 0
    for index in range(begin, rows.size):
        if n + ROOM > out.size:
            return index, n
        row = rows[index]
        kind = np.int64(row["type"])
        account = np.int64(row["account"])
        p = profiles[account]
        if p["born"] == 0:
            first_seen(p, np.int64(row["time"]))
        # Time never runs backwards for one account: what comes late counts as now.
        time = max(np.int64(row["time"]), np.int64(p["last"]))
        minute = time // MINUTE
        day = time // DAY
        pop["events"] += 1
        new_day(pop, day)
        fade_residual(p, time)
        p["last"] = time
        age(p, day)
        trading.fade_windows(p, time)
        if holds_ripe_lesson(p, minute):
            commit_clean(p, minute, account_probability(p, time) > 0.9, pop)

        if kind == layout.ACCOUNT_SNAPSHOT:
            take_snapshot(p, row, positions)
            continue
        instrument = np.int64(row["instrument"])
        home_currency = instrument < 0 or reference[instrument]["currency"] <= 1
        notional = trading.value_of(row, home_currency)
        if kind == layout.ORDER_EXECUTED:
            settle(p, row, notional, minute)
            continue
        if kind == layout.NOTICE_SENT or kind == layout.NOTICE_RECEIVED:
            if row["notice"] == layout.NOTICE_EXECUTION:
                notices.noticed(p)
            continue
        if kind == layout.ORDER_CANCELLED:
            take_back(p, row, notional)
            continue
        if kind == layout.CASH_DEPOSITED:
            if row["amount"] > 0.0 and not math.isnan(np.float64(p["cash"])):
                p["cash"] += row["amount"]
            continue
        if kind == layout.WITHDRAWAL_PAID:
            continue
        if kind == layout.OWNER_CONFIRMED or kind == layout.OWNER_DENIED:
            owner_said(p, row, about, time, minute, kind == layout.OWNER_CONFIRMED, pol, pop)
            continue
        if kind == layout.CREDENTIALS_RESET:
            reset_credentials(p, time, minute, pol)
            continue

        ip = low32(row["ip"])
        net = low32(row["net"])
        ua = low32(row["ua"])
        device = low32(row["device"])
        placed = ip != 0 or ua != 0
        networks.keys_of(row, keys)

        if kind == layout.LOGIN_FAILED:
            gap = max(np.int64(0), minute - np.int64(p["failures_at"]))
            p["failures"] = np.float64(p["failures"]) * math.pow(0.5, gap / 60.0) + 1.0
            p["failures_at"] = minute
            p["failures_net"] = net
            pop["attempts"] += 1.0
            pop["failures"] += 1.0
            hits = networks.tell_login(table, keys, account, time, False, minute, pop, HITS, hit_accounts)
            if hits > 0:
                n = spread_spray(
                    out, n, profiles, hits, hit_accounts, account, time, minute, pol, costs, index, row, ANNOUNCE
                )
            continue

        session = row["session"] if row["session"] != np.uint64(0) else NAMELESS
        planned = row["recurring"] == layout.YES or (row["channel"] == layout.BATCH and row["session"] == np.uint64(0))
        if planned:
            if kind == layout.ORDER_PLACED or kind == layout.CASH_SWEPT or kind == layout.WITHDRAWAL_REQUESTED:
                emit_plain(out, n, p, index, row, time, account, pol, costs, blank)
                n += 1
                if instrument >= 0 and row["side"] == layout.BUY:
                    p["holding"][claim_holding(p, instrument)]["weight"] += 1.0
            continue

        at = find_session(p, session, time, not placed)
        if kind == layout.CHALLENGE_PASSED or kind == layout.CHALLENGE_FAILED:
            if at >= 0:
                s = p["session"][at]
                if time - np.int64(s["last"]) <= PAUSE:
                    s["last"] = time
                if kind == layout.CHALLENGE_PASSED:
                    access.passed(s, np.int64(row["method"]))
                    if s["flags"] & STRONG and log_odds(s) < 0.0:
                        commit_session(p, low32(session), pop)
                else:
                    access.failed(s, np.int64(row["method"]))
            continue
        if kind == layout.SESSION_ENDED:
            if at >= 0:
                p["session"][at]["last"] = time
            continue

        # Only logins and acts are left, each of which is decided upon.
        login = kind == layout.LOGIN_SUCCEEDED
        machine = access.is_machine(row)
        # A visit begins with a login, or with an act after a long pause: apps keep their sessions for days.
        fresh = at < 0 or (login and np.int64(p["session"][at]["start"]) < time)
        fresh = fresh or time - np.int64(p["session"][at]["last"]) > PAUSE
        known = False
        spray = 0.0
        neighbour = 0.0
        new = 0
        shape = 0
        if fresh:
            at = open_session(p, session, row, time, ip, net, ua, device, hazard, machine)
        s = p["session"][at]
        before = log_odds(s)
        if fresh:
            watch(p, s, minute, pol)
            access.dormant(p, s, time)
            notices.score_missing(p, s, minute)
            if placed and machine:
                known = access.score_machine(p, s, pop, row, ua)
            elif placed:
                new, shape = access.score_login(p, s, pop, row, ip, net, ua, device, home)
                access.score_hour(p, s, pop, row)
                access.score_latency(s, pop, row, home)
                access.score_travel(p, s, row, minute, new)
            if placed:
                access.score_failures(p, s, minute, net, new)
                spray, neighbour = networks.ask(table, row, keys, account, time, pop)
                if spray > 0.0 and (new & 2):
                    put(s, ids.SPRAY, 0.9 * spray, 0)
                elif p["spray"] > 0.0 and new & 34:
                    ago = (minute - np.int64(p["spray_at"])) / 1440.0
                    if ago < 60.0:
                        put(s, ids.SPRAY, 0.8 * np.float64(p["spray"]) * math.pow(0.5, ago / 21.0), 0)
                if neighbour > 0.0:
                    put(s, ids.NEIGHBOUR, neighbour, 0)
        if login:
            s["flags"] |= LOGGED_IN
            if row["method"] == layout.PASSKEY or row["method"] == layout.PKI:
                access.passed(s, np.int64(row["method"]))
            pop["attempts"] += 1.0
        elif placed and not fresh:
            access.session_changed(p, s, pop, row, ip, net, ua, device, home)

        ratio = math.nan
        flags = 0
        thin = math.nan
        market = 0
        novel_buy = False
        adv = math.nan
        if not login:
            if not s["flags"] & ACTED:
                s["flags"] |= ACTED
                if placed:
                    access.missing_factor(p, s)
                pop["sessions"] += 1.0
                if p["linked_cash"] > 0.0:
                    pop["linked"] += 1.0
            if kind == layout.SETTING_CHANGED:
                credentials.score_change(p, s, pop, row, minute)
            elif kind == layout.ORDER_PLACED:
                trading.count_order_day(p, pop, day)
                trading.score_activity(p, s, pop, np.int64(row["kind"]))
                trading.score_pace(p, s, pop, time)
                hours = market_hours[0]
                price = 0.0
                if instrument >= 0:
                    adv = np.float64(reference[instrument]["adv"])
                    market = trading.market_slot(np.int64(reference[instrument]["market"]))
                    hours = market_hours[min(np.int64(reference[instrument]["market"]), market_hours.shape[0] - 1)]
                    rings.advance(crowds[instrument], time)
                    price = np.float64(crowds[instrument]["price"])
                    if not price > 0.0:
                        price = np.float64(reference[instrument]["price"])
                if row["kind"] != layout.FUND:
                    flags = trading.score_hours(p, s, pop, row, hours)
                if row["side"] == layout.SELL:
                    trading.score_sale(p, s, pop, row, notional, time)
                elif row["side"] == layout.BUY:
                    bought, thin = trading.score_purchase(p, s, pop, row, notional, adv, market, hours, price, time)
                    flags |= bought
                    if not math.isnan(thin):
                        ratio = math.pow(10.0, thin)
                    novel_buy = bool((bought & 1) != 0 and row["kind"] != layout.FUND and instrument >= 0)
                    if instrument >= 0 and row["kind"] != layout.FUND:
                        c = crowds[instrument]
                        member = rings.member_of(c, account)
                        if novel_buy or member >= 0:
                            value, others = rings.ring_odds(c, account, adv, time, pop)
                            if value > 0.0:
                                worth = rings.member_odds(c, value, others, oddness(s), time, pop)
                                lift(s, ids.RING, worth, np.int64(others + 0.5))
                            novel_buy = True
            elif kind == layout.CASH_SWEPT:
                cash.score_sweep(p, s, pop, np.float64(row["amount"]))
            elif kind == layout.WITHDRAWAL_REQUESTED:
                cash.score_withdrawal(p, s, pop, row, np.float64(row["amount"]), low32(row["destination"]), minute)
        if pol["mutes"]:
            silence(s, pol)
        s["last"] = time
        ring_day = np.int64(crowds[instrument]["ring_day"]) if instrument >= 0 else 0
        d = emit(out, n, p, s, index, index, row, time, account, before, ratio, pol, costs, ring_day)
        n += 1

        # Score first, learn then.
        belief = logistic(log_odds(s))
        unsure = (belief > SURE and not (s["flags"] & STRONG and belief < 0.01)) or s["flags"] & DENIED != 0
        if fresh and machine:
            access.learn_machine(p, pop, row, ua, minute, known, unsure)
        elif fresh:
            pop["visits"][trading.cohort(p)] += 1.0
            if placed:
                group = experience(p)
                if group > 0 and belief < COMMON:
                    pop["pattern_seen"][0 if group < SEASONED else 1, shape] += 1.0
                access.expect(p, pop, new, device)
                learn_population(pop, row, ua, device)
                if not unsure:
                    teach_login(
                        p,
                        ip,
                        net,
                        row["asn"],
                        row["country"],
                        ua,
                        row["browser"],
                        row["os"],
                        device,
                        row["week_minute"],
                        new,
                        minute,
                        1,
                    )
                if unsure or new != 0:
                    keep_login_lesson(p, s, row, minute, ip, net, ua, device, new, shape, unsure)
                if not unsure:
                    access.remember_place(p, row, minute)
                if spray > 2.0 and new & 2:
                    p["spray"] = max(np.float64(p["spray"]), min(5.0, spray))
                    p["spray_at"] = minute
            p["last_login"] = time
        if login:
            p["failures"] = 0.0
        else:
            p["last_act"] = time
            if s["flags"] & COUNTED == 0 and not unsure:
                s["flags"] |= COUNTED
                p["sessions"] += 1.0
                if s["flags"] & LOGGED_IN:
                    p["logged_in"] += 1.0
                if s["flags"] & STRONG:
                    p["strong"] += 1.0
                if s["flags"] & CHALLENGED:
                    p["challenged"] += 1.0
            if kind == layout.ORDER_PLACED:
                if s["flags"] & TRADED == 0:
                    if machine and p["machine_logins"] > 0.5 and p["machine_asn"] == row["asn"]:
                        p["machine_acts"] += 1.0
                    elif not machine and not unsure:
                        p["traded"] += 1.0
                s["flags"] |= TRADED
                s["orders"] += 1 if s["orders"] < 60000 else 0
                if row["side"] != 0:
                    if not unsure:
                        teach_order(
                            p,
                            row["side"] == layout.BUY,
                            instrument,
                            np.int64(row["kind"]),
                            market,
                            notional,
                            thin,
                            flags,
                            1,
                        )
                    if unsure or flags & 1:
                        keep_order_lesson(p, s, row, minute, market, notional, thin, flags, unsure)
            elif kind == layout.CASH_SWEPT:
                if not unsure:
                    p["sweeps"] += 1.0
                if row["amount"] > 0.0:
                    p["swept"] += row["amount"]
                    p["linked_cash"] = max(0.0, np.float64(p["linked_cash"]) - np.float64(row["amount"]))
                    if not math.isnan(np.float64(p["cash"])):
                        p["cash"] += row["amount"]
            elif kind == layout.WITHDRAWAL_REQUESTED:
                if not unsure:
                    p["withdrawals"] += 1.0
                    if row["destination"] != np.uint64(0):
                        p["destination"] = low32(row["destination"])
                if row["amount"] > 0.0:
                    p["taken"] += row["amount"]
                    p["takes"] += 1.0
                    if not math.isnan(np.float64(p["cash"])):
                        p["cash"] = max(0.0, np.float64(p["cash"]) - np.float64(row["amount"]))

        # Tell the network and the instrument what the event added.
        if login and placed:
            networks.tell_login(table, keys, account, time, True, minute, pop, 0, hit_accounts)
        belief = logistic(log_odds(s))
        if placed and belief > SUSPECT and not s["flags"] & ODD:
            s["flags"] |= ODD
            networks.tell_suspicion(table, keys, account, time, belief)
        if placed and belief > VERY_SUSPECT and not s["flags"] & VERY_ODD:
            s["flags"] |= VERY_ODD
            networks.tell_suspicion(table, keys, account, time, belief)
        if kind == layout.ORDER_PLACED and instrument >= 0 and row["side"] == layout.BUY:
            c = crowds[instrument]
            if novel_buy:
                odd = oddness(s)
                unnamed = c["ring_day"] == 0
                if rings.join(c, account, low32(session), odd, time, adv, pop):
                    pop["novel_all"] += 1.0
                    pop["novel_odd"] += odd
                    pop["today_novel"] += 1.0
                    pop["today_odd"] += odd
                if d["group_kind"] == 0 and c["ring_day"] != 0 and s["weight"][ids.RING] >= IN_RING:
                    d["group_kind"] = 1
                    d["group_day"] = c["ring_day"]
                    d["group_key"] = instrument
                named = bool(unnamed and c["ring_day"] != 0)
                n = spread_ring(out, n, profiles, c, account, adv, time, pop, pol, costs, index, row, ANNOUNCE, named)
            rings.note_price(c, np.float64(row["price"]), time)
    return rows.size, n
