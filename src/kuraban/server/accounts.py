"""What is known and believed of an account, out of the engine's own profile of it."""

import math
import sqlite3
from typing import Any

from kuraban.core.belief import account_probability, log_odds
from kuraban.journal import alerts
from kuraban.journal.live import Live
from kuraban.reference.countries import country_letters
from kuraban.server.api import AccountView, SessionView
from kuraban.server.clock import written

_MINUTE = 60_000_000


def view(live: Live, connection: sqlite3.Connection, account: str) -> AccountView | None:
    """An account, None where it was never heard of."""
    code = live.replay.reader.accounts.find(account)
    if code is None or code >= live.replay.state.profiles.size:
        return None
    profile = live.replay.state.profiles[code].copy()
    if not profile["born"]:
        return None
    last = int(profile["last"])
    watched = int(profile["watch_until"])
    return AccountView(
        account,
        written(int(profile["born"])),
        written(last),
        float(account_probability(profile, last)),
        _known(profile["cash"]),
        _known(profile["linked_cash"]),
        _known(profile["margin_power"]),
        _known(profile["positions"]),
        round(float(profile["logins"]), 2),
        round(float(profile["buys"]), 2),
        written(watched * _MINUTE) if watched * _MINUTE > last else None,
        [_session(live, session) for session in profile["session"] if session["id"]],
        _open_alert(connection, account),
    )


def _session(live: Live, session: Any) -> SessionView:
    clients = live.replay.clients
    software = f"{clients.browser_name(int(session['browser']))} / {clients.os_name(int(session['os']))}"
    country = country_letters(int(session["country"]))
    belief = round(float(log_odds(session)), 3)
    return SessionView(written(int(session["start"])), written(int(session["last"])), country, software, belief)


def _known(value: Any) -> float | None:
    return None if math.isnan(value) else float(value)


def _open_alert(connection: sqlite3.Connection, account: str) -> int | None:
    for state in (alerts.OPEN, alerts.ACKNOWLEDGED):
        found = alerts.ranked(connection, state=state, account=account, most=1)
        if found:
            return found[0].id
    return None
