"""The decision is the cheapest one, whatever the policy; a policy file is understood in full or refused by its key."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kuraban.core import layout, policy
from kuraban.core.layout import EVENT
from kuraban.core.policy import ACTIONS, ALLOW, KEYS, LOCK, NOTIFY, POLICY, PolicyError, choose, exposure
from kuraban.core.profile import PROFILE

PROBABILITY = st.floats(0, 1)
YEN = st.floats(0, 1e12)
SOME = settings(max_examples=200)


@st.composite
def policies(draw: st.DrawFn) -> Any:
    """Any record that a policy file could have led to."""
    record = np.zeros(1, POLICY)
    for field, least, most in KEYS.values():
        record[field] = draw(st.floats(least, most))
    record["available"] = [[1, *(draw(st.booleans()) for _ in range(4))]]
    return record[0]


def chosen(p: float, total: float, act: float, pol: Any) -> tuple[int, np.ndarray]:
    costs = np.zeros(5)
    return int(choose(p, total, act, pol, costs)), costs


@SOME
@given(p=PROBABILITY, total=YEN, share=PROBABILITY, pol=policies())
def test_the_action_chosen_is_the_cheapest_the_broker_has(p: float, total: float, share: float, pol: Any) -> None:
    action, costs = chosen(p, total, share * total, pol)
    available = [k for k in range(5) if pol["available"][k]]
    assert action in available
    assert costs[action] == min(costs[k] for k in available)
    assert np.isfinite(costs).all()
    assert (costs >= 0).all()


@SOME
@given(p=PROBABILITY, total=YEN, pol=policies())
def test_of_two_actions_that_cost_the_same_the_gentler_is_chosen(p: float, total: float, pol: Any) -> None:
    action, costs = chosen(p, total, total, pol)
    assert all(costs[k] > costs[action] for k in range(action) if pol["available"][k])


def test_an_owner_beyond_doubt_is_left_alone_and_a_thief_beyond_doubt_is_locked_out() -> None:
    pol = policy.load()[0]
    assert chosen(0.0, 1e9, 0.0, pol)[0] == ALLOW
    assert chosen(1.0, 1e7, 1e5, pol)[0] == LOCK


@SOME
@given(low=PROBABILITY, high=PROBABILITY, total=st.floats(1e4, 1e9))
def test_the_shipped_policy_is_never_gentler_on_the_likelier_thief(low: float, high: float, total: float) -> None:
    pol = policy.load()[0]
    low, high = sorted((low, high))
    assert chosen(low, total, 0.0, pol)[0] <= chosen(high, total, 0.0, pol)[0]


def test_an_action_the_broker_does_not_have_is_never_chosen(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[broker]\nactions = ["allow", "notify"]\n')
    assert chosen(0.999, 1e9, 0.0, policy.load(path)[0])[0] == NOTIFY


ANY = st.one_of(st.just(float("nan")), st.floats(-1e12, 1e12))


@SOME
@given(cash=ANY, positions=ANY, linked=ANY, margin=ANY, money=ANY, ratio=ANY, kind=st.integers(1, 19))
def test_exposure_is_a_number_and_never_negative(
    cash: float, positions: float, linked: float, margin: float, money: float, ratio: float, kind: int
) -> None:
    profile, row = np.zeros(1, PROFILE), np.zeros(1, EVENT)
    profile["cash"], profile["positions"] = cash, positions
    profile["linked_cash"], profile["margin_power"] = linked, margin
    row["type"], row["notional"], row["amount"] = kind, money, money
    total, act = exposure(profile[0], row[0], ratio, policy.load()[0])
    assert 0 <= act <= total < float("inf")


def test_exposure_adds_up_what_a_thief_can_reach() -> None:
    profile, row = np.zeros(1, PROFILE), np.zeros(1, EVENT)
    profile["cash"], profile["positions"], profile["linked_cash"], profile["margin_power"] = 1e6, 1e7, 2e6, 5e6
    row["type"] = layout.LOGIN_SUCCEEDED
    total, act = exposure(profile[0], row[0], float("nan"), policy.load()[0])
    assert (total, act) == (1e6 + 0.4 * 1e7 + 2e6 + 0.3 * 5e6, 0.0)


def test_a_purchase_of_a_twentieth_of_a_days_trade_loses_the_thin_share() -> None:
    profile, row = np.zeros(1, PROFILE), np.zeros(1, EVENT)
    row["type"], row["notional"] = layout.ORDER_PLACED, 1e6
    pol = policy.load()[0]
    assert exposure(profile[0], row[0], 0.05, pol)[1] == pytest.approx(5e5)
    assert exposure(profile[0], row[0], 1e-9, pol)[1] == pytest.approx(5e4)


# Files.


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[cost]\nnotfy = 3\n", "[cost] notfy"),
        ("[costs]\nnotify = 3\n", "[costs] notify"),
        ("notify = 3\n", "`notify` stands outside a section"),
        ('[cost]\nnotify = "3"\n', "[cost] notify must be a number"),
        ("[cost]\nnotify = true\n", "[cost] notify must be a number"),
        ("[cost]\nnotify = [3]\n", "[cost] notify must be a number"),
        ("[cost]\nnotify = -1\n", "[cost] notify must be a number from 0"),
        ("[cost]\nnotify = nan\n", "[cost] notify must be a number"),
        ("[cost]\nnotify = inf\n", "[cost] notify must be a number"),
        ("[effect]\nlock_leaves = 1.5\n", "[effect] lock_leaves must be a number from 0 to 1"),
        ('[broker]\ncountry = "Japan"\n', "[broker] country"),
        ("[broker]\ncountry = 81\n", "[broker] country"),
        ('[broker]\nactions = ["hold"]\n', "[broker] actions"),
        ('[broker]\nactions = ["allow", "explode"]\n', "[broker] actions"),
        ('[broker]\nactions = "allow"\n', "[broker] actions"),
        ("[broker]\nactions = [[1], 2]\n", "[broker] actions"),
        ("[broker]\naction = 1\n", "[broker] action"),
        ('[broker]\nfallback = "wait"\n', "[broker] fallback"),
        ("[broker]\nfallback = [1]\nactions = 5\n", "[broker] fallback"),
        ('[broker]\nfallback = "hold"\nactions = ["allow", "lock"]\n', "[broker] fallback"),
        ("[cost\n", "not a TOML file"),
    ],
)
def test_a_policy_file_that_cannot_be_used_is_refused_naming_the_key(tmp_path: Path, text: str, named: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(PolicyError) as error:
        policy.load(path)
    assert named in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("text", "action"),
    [
        ("", "challenge"),
        ('[broker]\nfallback = "lock"\n', "lock"),
        ('[broker]\nactions = ["allow", "notify", "lock"]\n', "notify"),
        ('[broker]\nactions = ["allow", "hold"]\nfallback = "hold"\n', "hold"),
    ],
)
def test_what_stands_in_for_a_late_decision_is_named_or_the_default_as_far_as_it_can_be_done(
    tmp_path: Path, text: str, action: str
) -> None:
    policy.load(written(tmp_path, text))
    assert policy.fallback(text) == action


@pytest.mark.parametrize(("section", "key"), KEYS)
def test_every_key_takes_its_bounds_and_nothing_beyond_them(tmp_path: Path, section: str, key: str) -> None:
    field, least, most = KEYS[section, key]
    for value in (least, most):
        assert policy.load(written(tmp_path, f"[{section}]\n{key} = {value!r}\n"))[0][field] == value
    for value in (least - 1.0, most * 2.0):
        with pytest.raises(PolicyError, match=key):
            policy.load(written(tmp_path, f"[{section}]\n{key} = {value!r}\n"))


def test_keys_left_out_keep_the_shipped_values(tmp_path: Path) -> None:
    shipped, changed = policy.load()[0], policy.load(written(tmp_path, "[cost]\nhold = 5\n"))[0]
    assert changed["hold"] == 5
    differing = [name for name in POLICY.names or () if np.any(shipped[name] != changed[name])]
    assert differing == ["hold"]


def test_a_file_that_is_not_text_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PolicyError, match="not a TOML file"):
        policy.load(path)
    with pytest.raises(PolicyError, match="cannot read"):
        policy.load(tmp_path / "missing.toml")


def test_the_shipped_policy_sets_every_field() -> None:
    names = set(POLICY.names or ()) - {"mutes", "muted"}  # these are for measuring, not for a file
    assert all(np.any(policy.load()[0][name] != 0) for name in names)
    assert policy.load()[0]["available"].tolist() == [1] * len(ACTIONS)
