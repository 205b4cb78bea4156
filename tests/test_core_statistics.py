"""The statistics of the core: probabilities sum to one, habits decay evenly, belief follows the evidence."""

import ast
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kuraban import core
from kuraban.core import belief, habits, networks, teaching
from kuraban.core.profile import (
    ASN,
    CLIENTS,
    COUNTRY,
    HOUR_BINS,
    LEAVES,
    NETWORK,
    POPULATION,
    PROFILE,
    SCALE,
    SESSION,
    SESSIONS,
    SYSTEMS,
)
from kuraban.core.signals import ids
from kuraban.core.signals.catalogue import SIGNALS

SOME = settings(max_examples=60)
WEIGHT = st.floats(0, 200, width=32)
JP, OTHER = 0x4A50, 0x5347
DAY_US = 86_400_000_000

# How many values there are below each, as the shares before any was counted assume.
SYSTEMS_IN_COUNTRY, NETS_IN_SYSTEM, ADDRESSES_IN_NET = 100, 1_000, 256


def population() -> Any:
    return np.zeros(1, POPULATION)[0]


# Usualness.


@SOME
@given(counts=st.lists(WEIGHT, min_size=1, max_size=30), alpha=st.floats(1e-3, 1e3), data=st.data())
def test_backing_off_gives_a_distribution(counts: list[float], alpha: float, data: st.DataObject) -> None:
    shares = np.array(data.draw(st.lists(st.floats(0.01, 1), min_size=len(counts), max_size=len(counts))))
    parents = shares / shares.sum()
    total = sum(counts)
    values = [habits.backed_off(c, total, alpha, parent) for c, parent in zip(counts, parents.tolist(), strict=True)]
    assert sum(values) == pytest.approx(1.0)
    assert all(0.0 < value <= 1.0 for value in values)


@SOME
@given(own=st.lists(WEIGHT, min_size=HOUR_BINS, max_size=HOUR_BINS), seed=st.integers(0, 2**32 - 1))
def test_the_usualness_of_hours_sums_to_one(own: list[float], seed: int) -> None:
    p, pop = np.zeros(1, PROFILE)[0], population()
    p["hours"] = own
    pop["hours"] = np.random.default_rng(seed).random(HOUR_BINS) * 1_000
    starts = [day * 1440 + 180 * step for day in (0, 5) for step in range(8)]
    total = sum(habits.usual_hour(p, pop, np.uint16(minute)) for minute in starts)
    assert total == pytest.approx(1.0)


@SOME
@given(weights=st.lists(WEIGHT, max_size=CLIENTS))
def test_the_usualness_of_software_sums_to_one(weights: list[float]) -> None:
    p, pop = np.zeros(1, PROFILE)[0], population()
    universe = [(b * 131 + o * 7 + 1 + 2_000 * v, b, o) for b in range(5) for o in range(20) for v in range(20)]
    for i, weight in enumerate(weights):
        ua, browser, system = universe[i * 37]
        p["client"][i] = (ua, weight, 0.0, browser, system)
    p["logins"] = sum(weights)
    values = [
        habits.usual_client(p, pop, np.uint32(ua), np.uint16(browser), np.uint16(system))[0]
        for ua, browser, system in universe
    ]
    assert sum(values) == pytest.approx(1.0, abs=1e-4)


@SOME
@given(
    leaves=st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(0, 2), st.floats(0.0625, 50, width=32)),
        max_size=LEAVES,
        unique_by=lambda leaf: leaf[:3],
    )
)
def test_the_usualness_of_networks_sums_to_one_down_to_the_address(
    leaves: list[tuple[int, int, int, float]],
) -> None:
    p, pop = np.zeros(1, PROFILE)[0], population()
    country = {0: JP, 1: JP, 2: OTHER}
    known: dict[int, dict[int, set[int]]] = {}
    for i, (asn, net, address, weight) in enumerate(leaves):
        number = 1 + asn * 1_000_000 + net * 1_000 + address
        p["leaf"][i] = (number, 1 + asn * 1_000 + net, weight)
        known.setdefault(asn, {}).setdefault(net, set()).add(number)
    for i, asn in enumerate(known):
        p["system"][i] = (asn + 1, sum(w for a, _, _, w in leaves if a == asn), country[asn])
    p["logins"] = sum(leaf[3] for leaf in leaves)

    def usual(ip: int, net: int, asn: int, of: int) -> float:
        return float(
            habits.usual_network(p, pop, np.uint32(ip), np.uint32(net), np.uint32(asn), np.uint16(of), np.uint16(JP))[0]
        )

    total = 0.0
    for asn, nets in known.items():
        for net, addresses in nets.items():
            total += sum(usual(ip, 1 + asn * 1_000 + net, asn + 1, country[asn]) for ip in addresses)
            unseen = usual(9_999_999, 1 + asn * 1_000 + net, asn + 1, country[asn])
            total += (ADDRESSES_IN_NET - len(addresses)) * unseen
        unseen = usual(9_999_999, 999_999, asn + 1, country[asn])
        total += (NETS_IN_SYSTEM - len(nets)) * ADDRESSES_IN_NET * unseen
    below = NETS_IN_SYSTEM * ADDRESSES_IN_NET
    for code in (JP, OTHER):
        systems = sum(country[asn] == code for asn in known)
        total += (SYSTEMS_IN_COUNTRY - systems) * below * usual(9_999_999, 999_999, 77, code)
    elsewhere = 674  # countries the account was never seen in
    total += elsewhere * SYSTEMS_IN_COUNTRY * below * usual(9_999_999, 999_999, 77, 0x5553)
    # Before any was counted the shares of countries sum to 1.014; the known ones keep theirs while the unseen are
    # scaled up to one, so that at most as much as goes to a new country is counted twice.
    novel = habits.novelty(p, pop, COUNTRY) / habits.novelty(p, pop, ASN)
    seen = sum(leaf[3] for leaf in leaves)
    alpha = habits.alpha_of(seen, novel)
    assert 0.98 < total < 1.02 + 1.03 * alpha / (seen + alpha)


@SOME
@given(total=st.floats(1.0, 1e4), share=st.floats(1e-3, 0.95))
def test_alpha_leaves_an_unseen_value_the_share_that_was_learned(total: float, share: float) -> None:
    alpha = habits.alpha_of(total, share)
    assert habits.backed_off(0.0, total, alpha, 1.0) == pytest.approx(share, abs=1e-6)


# Decay.


@SOME
@given(days=st.lists(st.integers(1, 200), min_size=1, max_size=8), weight=st.floats(1, 1_000, width=32))
def test_habits_age_the_same_in_one_step_as_in_many(days: list[int], weight: float) -> None:
    once, often = np.zeros(1, PROFILE), np.zeros(1, PROFILE)
    for profile in (once, often):
        for field in ("leaf", "system", "client", "device", "holding"):
            profile[field]["weight"] = weight
        for field in ("hours", "kinds", "markets", "novel", "logins", "buys", "sweeps", "noticed"):
            profile[field] = weight
    teaching.age(once[0], sum(days))
    day = 0
    for step in days:
        day += step
        teaching.age(often[0], day)
    for field in ("leaf", "system", "client", "device", "holding"):
        np.testing.assert_allclose(once[field]["weight"], often[field]["weight"], rtol=1e-4)
    for field in ("hours", "kinds", "markets", "novel", "logins", "buys", "sweeps", "noticed"):
        np.testing.assert_allclose(once[field], often[field], rtol=1e-4)
    assert float(once["logins"][0]) == pytest.approx(weight * 0.5 ** (sum(days) / 120), rel=1e-4)


def test_every_count_of_a_profile_ages_or_says_why_not() -> None:
    profile = np.zeros(1, PROFILE)
    floats = [name for name in PROFILE.names or () if PROFILE[name].base == np.dtype("f4")]
    for name in floats:
        profile[name] = 1.0
    teaching.age(profile[0], 120)
    kept = {name for name in floats if (profile[name] == 1.0).all()}
    means = {"size_mean", "size_square", "thin_mean"}
    windows = {"sold", "bought", "taken", "swept", "takes", "thin_bought", "reference", "gaps"}
    others = {"residual", "failures", "spray", "unnoticed"}  # these fade by the minute, or wait for a notice
    assert kept == means | windows | others


def test_time_that_stands_still_or_runs_backwards_ages_nothing() -> None:
    profile = np.zeros(1, PROFILE)
    profile["decayed"], profile["logins"] = 100, 8.0
    for day in (100, 99, 0):
        teaching.age(profile[0], day)
    assert float(profile["logins"][0]) == 8.0


# Belief.

SIGNAL_WEIGHTS = st.lists(st.integers(-9_000, 9_000), min_size=ids.COUNT, max_size=ids.COUNT)


def session(weights: list[int], prior: float = -9.0) -> np.ndarray:
    s = np.zeros(1, SESSION)
    s["id"], s["prior"], s["base"], s["last"] = 5, prior, prior, 20_000 * DAY_US
    s["weight"] = weights
    return s


@SOME
@given(weights=SIGNAL_WEIGHTS, which=st.integers(0, ids.COUNT - 1), more=st.integers(0, 9_000))
def test_belief_never_falls_when_evidence_against_the_owner_grows(weights: list[int], which: int, more: int) -> None:
    stronger = list(weights)
    stronger[which] += more
    weak, strong = session(weights), session(stronger)
    assert belief.log_odds(strong[0]) >= belief.log_odds(weak[0])
    profiles = np.zeros(2, PROFILE)
    for profile, s in zip(profiles, (weak, strong), strict=True):
        profile["session"][0] = s[0]
        profile["residual"] = 0.01
    low, high = (belief.account_probability(profile, 20_000 * DAY_US) for profile in profiles)
    assert 0.0 <= low <= high <= 1.0


@SOME
@given(odds=st.lists(st.floats(-16, 16), min_size=SESSIONS, max_size=SESSIONS), residual=st.floats(0, 1, width=32))
def test_an_account_is_at_least_as_suspect_as_its_most_suspect_session(odds: list[float], residual: float) -> None:
    profile = np.zeros(1, PROFILE)[0]
    profile["residual"] = residual
    for i, value in enumerate(odds):
        profile["session"][i] = session([0] * ids.COUNT, value)[0]
    probability = belief.account_probability(profile, 20_000 * DAY_US)
    assert probability >= max(residual, *(belief.logistic(value) for value in odds)) - 1e-6
    assert probability <= 1.0


@SOME
@given(x=st.floats(-15.9, 15.9))
def test_log_odds_and_probability_are_inverse(x: float) -> None:
    assert belief.logit(belief.logistic(x)) == pytest.approx(x, abs=1e-6)


@SOME
@given(signal=st.integers(0, ids.COUNT - 1), value=st.floats(-50, 50), fact=st.integers(-10, 10**7))
def test_a_signal_stays_within_its_published_bounds(signal: int, value: float, fact: int) -> None:
    s = session([0] * ids.COUNT)
    belief.put(s[0], signal, value, fact)
    held = float(s["weight"][0][signal]) / SCALE
    assert SIGNALS[signal].low <= held <= SIGNALS[signal].high
    assert held == pytest.approx(min(SIGNALS[signal].high, max(SIGNALS[signal].low, value)), abs=0.001)
    assert 0 <= int(s["fact"][0][signal]) <= 65_535


@SOME
@given(signal=st.integers(0, ids.COUNT - 1), values=st.lists(st.floats(-20, 20), min_size=1, max_size=9))
def test_repeating_an_act_is_worth_as_much_as_its_strongest(signal: int, values: list[float]) -> None:
    once, often = session([0] * ids.COUNT), session([0] * ids.COUNT)
    belief.put(once[0], signal, max(values), 0)
    for value in values:
        belief.lift(often[0], signal, value, 0)
    bounded = float(once["weight"][0][signal]) / SCALE
    assert float(often["weight"][0][signal]) / SCALE == pytest.approx(bounded, abs=0.001) or bounded == 0.0


@SOME
@given(hazards=st.tuples(st.floats(1e-9, 0.01), st.floats(1e-9, 0.01)), away=st.integers(1, 1_000))
def test_the_prior_rises_with_the_hazard(hazards: tuple[float, float], away: int) -> None:
    profile, now = np.zeros(1, PROFILE)[0], 20_000 * DAY_US
    profile["born"], profile["last_login"] = now - 2_000 * DAY_US, now - away * DAY_US
    low, high = (belief.first_odds(profile, -1, now, hazard, False)[0] for hazard in sorted(hazards))
    assert -16.0 <= low <= high <= 0.0


# Sketches.


@pytest.mark.parametrize("accounts", [0, 1, 5, 20, 40])
def test_a_sketch_counts_distinct_accounts(accounts: int) -> None:
    codes, counted = np.random.default_rng(3), []
    for _ in range(30):
        sketch = np.uint64(0)
        for account in codes.choice(1_000_000, accounts, replace=False).tolist():
            sketch |= networks.bit(account) | networks.bit(account)
        counted.append(networks.distinct(sketch))
    assert np.mean(counted) == pytest.approx(accounts, rel=0.15, abs=0.1)


@SOME
@given(failing=st.integers(0, 60), more=st.integers(0, 20), entering=st.integers(0, 20))
def test_a_spray_is_likelier_the_more_accounts_fail_and_less_the_more_get_in(
    failing: int, more: int, entering: int
) -> None:
    def odds(failed: int, succeeded: int) -> float:
        row = np.zeros(1, NETWORK)
        for account in range(failed):
            row["failed"] |= networks.bit(account)
        for account in range(1_000, 1_000 + succeeded):
            row["succeeded"] |= networks.bit(account)
        return float(networks.spray_odds(row[0], -1, population()))

    assert odds(failing + more, 0) >= odds(failing, 0)
    if odds(failing, 0) > 0:
        assert odds(failing, entering) <= odds(failing, 0)


@pytest.mark.parametrize("accounts", [150, 300, 1_000, 4_000, 50_000])
@pytest.mark.parametrize("failing", [0.05, 0.11, 0.2])
def test_a_carriers_gateway_is_no_spray_however_many_come_through_it(accounts: int, failing: float) -> None:
    codes = np.random.default_rng(accounts).choice(1_000_000, accounts, replace=False)
    row = np.zeros(1, NETWORK)
    for i, account in enumerate(codes.tolist()):
        row["failed" if i < failing * accounts else "succeeded"] |= networks.bit(account)
    assert networks.spray_odds(row[0], -1, population()) <= 0.0


def test_a_list_tried_on_thousands_of_accounts_is_a_spray_though_some_of_it_is_good() -> None:
    row = np.zeros(1, NETWORK)
    for i, account in enumerate(np.random.default_rng(5).choice(1_000_000, 4_000, replace=False).tolist()):
        row["failed" if i % 50 else "succeeded"] |= networks.bit(account)
    assert networks.spray_odds(row[0], -1, population()) > 100.0


# Shape.


def test_an_account_takes_at_most_two_kibibytes() -> None:
    assert PROFILE.itemsize <= 2_048
    assert SYSTEMS >= 6


def test_the_core_has_no_clock_no_chance_and_no_socket() -> None:
    forbidden = {"time", "datetime", "random", "secrets", "socket", "logging", "threading", "uuid"}
    for path in sorted(Path(core.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = (
                    [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
                )
                assert not forbidden & {name.split(".")[0] for name in names}, path
            assert not (isinstance(node, ast.Attribute) and node.attr == "random"), path
