"""The decision is money: whichever action has the least expected cost, under a policy file.

With p the probability that it is not the owner, E what can still be lost from here and A what this act alone can lose:

    allow      p·E
    notify     c_notify + p·E·(1 − η)
    challenge  (1 − p)·c_challenge + p·(β·E + (1 − β)·c_case)
    hold       (1 − p)·c_hold + p·(c_case + ρ·(E − A))
    lock       (1 − p)·c_lock + p·(c_case + λ·E)

(Elkan 2001; Bahnsen et al. 2013, example-dependent costs.) η: share of the loss a notice averts; β: thieves who pass
the challenge; ρ: what is lost by other acts when one is held; λ: what is lost in spite of a lock.
"""

import math
import tomllib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kuraban.core import layout
from kuraban.core.jit import Float, Row, jit
from kuraban.core.signals.ids import COUNT, NAMES

ACTIONS = ("allow", "notify", "challenge", "hold", "lock")
ALLOW, NOTIFY, CHALLENGE, HOLD, LOCK = range(5)

POLICY = np.dtype(
    [
        ("hazard", "f8"),
        ("overcount", "f8"),
        ("watch", "f8"),
        ("watch_days", "f8"),
        ("notify", "f8"),
        ("challenge", "f8"),
        ("hold", "f8"),
        ("lock", "f8"),
        ("case", "f8"),
        ("notice_averts", "f8"),
        ("challenge_passed", "f8"),
        ("hold_leaves", "f8"),
        ("lock_leaves", "f8"),
        ("holdings_lost", "f8"),
        ("margin_lost", "f8"),
        ("thin_lost", "f8"),
        ("purchase_lost", "f8"),
        ("unknown_exposure", "f8"),
        ("home", "u2"),
        ("available", "u1", (5,)),
        ("mutes", "u1"),  # whether any signal is to say nothing, and which
        ("muted", "u1", (COUNT,)),
    ],
    align=True,
)


class PolicyError(ValueError):
    """A policy file that cannot be used; the message says which line to change and how."""


# Section, key → (field, least, most). Anything else in the file is an error: a misspelt key must not be ignored.
KEYS: dict[tuple[str, str], tuple[str, float, float]] = {
    ("prior", "takeovers_per_account_day"): ("hazard", 1e-9, 0.1),
    ("prior", "overcount"): ("overcount", 1.0, 1e4),
    ("prior", "watch_factor"): ("watch", 1.0, 1e5),
    ("prior", "watch_days"): ("watch_days", 0.0, 3650.0),
    ("cost", "notify"): ("notify", 0.0, 1e9),
    ("cost", "challenge"): ("challenge", 0.0, 1e9),
    ("cost", "hold"): ("hold", 0.0, 1e9),
    ("cost", "lock"): ("lock", 0.0, 1e9),
    ("cost", "case"): ("case", 0.0, 1e9),
    ("effect", "notice_averts"): ("notice_averts", 0.0, 1.0),
    ("effect", "challenge_passed_by_thieves"): ("challenge_passed", 0.0, 1.0),
    ("effect", "hold_leaves"): ("hold_leaves", 0.0, 1.0),
    ("effect", "lock_leaves"): ("lock_leaves", 0.0, 1.0),
    ("loss", "holdings"): ("holdings_lost", 0.0, 1.0),
    ("loss", "margin"): ("margin_lost", 0.0, 1.0),
    ("loss", "thin_purchase"): ("thin_lost", 0.0, 1.0),
    ("loss", "purchase"): ("purchase_lost", 0.0, 1.0),
    ("loss", "unknown_exposure"): ("unknown_exposure", 0.0, 1e12),
}


def default_text() -> str:
    """The policy that ships with the package, as TOML."""
    return resources.files("kuraban").joinpath("policy.toml").read_text(encoding="utf-8")


def load(path: str | Path | None = None) -> np.ndarray:
    """A policy as one `POLICY` record: the shipped default, with the keys of `path` laid over it.

    Raises `PolicyError` for a file that is not TOML, unknown keys, or values out of range.
    """
    record = np.zeros(1, POLICY)
    _apply(record, tomllib.loads(default_text()), "the default policy")
    if path is not None:
        try:
            document = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise PolicyError(f"cannot read the policy file {path}: {error.strerror or error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"{path} is not a TOML file: {error}") from error
        _apply(record, document, str(path))
    return record


def fallback(text: str) -> str:
    """The action that stands in for a decision that is late, by a policy's text (which `load` has understood).

    Where the text names none it is the shipped default's, or the gravest below it that the firm can take.
    """
    named = tomllib.loads(default_text())["broker"] | tomllib.loads(text).get("broker", {})
    most = ACTIONS.index(named["fallback"])
    return next(name for name in reversed(ACTIONS[: most + 1]) if name in named["actions"])


def mute(record: NDArray[Any], signals: Sequence[str]) -> NDArray[Any]:
    """The policy with some signals, or whole families of them («trading»), silenced: for ablations.

    Raises `PolicyError` for a name that is neither.
    """
    for name in signals:
        chosen = [k for k, signal in enumerate(NAMES) if name in (signal, signal.split(".")[0])]
        if not chosen:
            raise PolicyError(f"no signal and no family of signals is called {name!r}")
        record["mutes"] = 1
        record["muted"][0, chosen] = 1
    return record


def _apply(record: np.ndarray, document: dict[str, Any], source: str) -> None:
    for section, table in document.items():
        if not isinstance(table, dict):
            raise PolicyError(f"{source}: `{section}` stands outside a section; the sections are {_sections()}")
        for key, value in table.items():
            if section == "broker" and key == "actions":
                _apply_actions(record, value, source)
            elif section == "broker" and key == "country":
                if not (isinstance(value, str) and len(value) == 2 and value.isascii() and value.isupper()):
                    raise PolicyError(f'{source}: [broker] country must be two capital letters, such as "JP"')
                record["home"] = ord(value[0]) << 8 | ord(value[1])
            elif section == "broker" and key == "fallback":
                # No part of the record: the engine never answers late. Who does reads it with `fallback`.
                able = table.get("actions")
                if value not in ACTIONS or (isinstance(able, list) and value not in able):
                    raise PolicyError(f"{source}: [broker] fallback must be one of actions")
            elif (section, key) in KEYS:
                field, least, most = KEYS[section, key]
                if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
                    raise PolicyError(f"{source}: [{section}] {key} must be a number from {least:g} to {most:g}")
                record[field] = float(value)
            else:
                known = ", ".join(sorted(k for s, k in KEYS if s == section)) or _sections()
                raise PolicyError(f"{source}: unknown key [{section}] {key}; known here: {known}")


def _apply_actions(record: np.ndarray, value: object, source: str) -> None:
    if not isinstance(value, list) or "allow" not in value or any(name not in ACTIONS for name in value):
        raise PolicyError(f"{source}: [broker] actions must list some of {', '.join(ACTIONS)}, allow among them")
    record["available"] = [[name in value for name in ACTIONS]]


def _sections() -> str:
    return ", ".join(f"[{name}]" for name in sorted({section for section, _ in KEYS} | {"broker"}))


@jit
def reach(p: Row, pol: Row) -> Any:
    """What a thief in the account can reach: cash, holdings, margin power and linked bank (account currency)."""
    cash = np.float64(p["cash"])
    positions = np.float64(p["positions"])
    total = 0.0
    if math.isnan(cash) and math.isnan(positions):
        total = np.float64(pol["unknown_exposure"])
    if not math.isnan(cash):
        total += max(0.0, cash)
    if not math.isnan(positions):
        total += max(0.0, positions) * np.float64(pol["holdings_lost"])
    linked = np.float64(p["linked_cash"])
    if linked > 0.0:
        total += linked
    margin = np.float64(p["margin_power"])
    if margin > 0.0:
        total += margin * np.float64(pol["margin_lost"])
    return total


@jit
def exposure(p: Row, row: Row, ratio: Float, pol: Row) -> tuple[Any, Any]:
    """What can still be lost from here, and what this act alone can lose (account currency).

    `ratio` is what is being bought against the instrument's average daily value, NaN when it does not apply.
    """
    act = 0.0
    if row["type"] == layout.ORDER_PLACED and row["notional"] > 0.0:
        lost = np.float64(pol["purchase_lost"])
        if ratio > 0.0:
            # Buying a twentieth of a day's trade or more moves the price against the buyer, up to `thin_lost`.
            lost += (np.float64(pol["thin_lost"]) - lost) * min(1.0, ratio / 0.05)
        act = np.float64(row["notional"]) * lost
    elif (row["type"] == layout.WITHDRAWAL_REQUESTED or row["type"] == layout.CASH_SWEPT) and row["amount"] > 0.0:
        act = np.float64(row["amount"])
    return max(reach(p, pol), act), act


@jit
def choose(p: Row, total: Float, act: Any, pol: Row, costs: NDArray[Any]) -> Any:
    """Fill `costs` (5) and return the action with the least; of equals the gentler."""
    case = np.float64(pol["case"])
    costs[0] = p * total
    costs[1] = np.float64(pol["notify"]) + p * total * (1.0 - np.float64(pol["notice_averts"]))
    passed = np.float64(pol["challenge_passed"])
    costs[2] = (1.0 - p) * np.float64(pol["challenge"]) + p * (passed * total + (1.0 - passed) * case)
    costs[3] = (1.0 - p) * np.float64(pol["hold"]) + p * (case + np.float64(pol["hold_leaves"]) * max(0.0, total - act))
    costs[4] = (1.0 - p) * np.float64(pol["lock"]) + p * (case + np.float64(pol["lock_leaves"]) * total)
    best = 0
    for k in range(1, 5):
        if pol["available"][k] and costs[k] < costs[best]:
            best = k
    return best
