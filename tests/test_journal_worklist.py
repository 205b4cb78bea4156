"""The worklist of alerts: pages without gaps whatever the filter, and sums that agree with the alerts themselves."""

import random
import sqlite3
from collections.abc import Iterator

import msgspec
import pytest

from kuraban.core.policy import ACTIONS
from kuraban.decisions import Decision, Reason
from kuraban.journal import alerts, schema, worklist
from kuraban.journal.worklist import Wanted

HOUR = 3_600_000_000
COUNT = 300


def decision(rng: random.Random, account: str) -> Decision:
    reason = Reason(rng.choice(("access.network", "cash.drain")), 2.0, "理由", "reason")
    group = rng.choice((None, None, "ring-7992.T-20250407", "spray-20250407-AS1"))
    loss = round(rng.choice((rng.random() * 1e6, 5_000.0)), 2)
    return Decision("e", account, "2025-04-07T00:00:00Z", 0.5, 1.0, rng.choice(ACTIONS[2:]), loss, (reason,), group)


@pytest.fixture(scope="module")
def connection() -> Iterator[sqlite3.Connection]:
    found = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(found, schema.MIGRATIONS, schema.APPLICATION)
    rng = random.Random(3)
    for n in range(COUNT):
        for _ in range(rng.randint(1, 3)):
            made = decision(rng, f"a{n}")
            alerts.note(found, made, msgspec.json.encode(made), n, n * HOUR // 4)
        if rng.random() < 0.6:
            number = alerts.ranked(found, account=f"a{n}")[0].id
            alerts.step(found, number, rng.choice(alerts.STATES[1:]), "who", "why", n * HOUR // 4)
    yield found
    found.close()


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(),
        Wanted(alerts.STATES),
        Wanted(actions=(3, 4)),
        Wanted(alerts.STATES, group="ring-7992.T-20250407"),
        Wanted(account="a7"),
        Wanted(alerts.STATES, word="cash.drain"),
    ],
)
def test_pages_hold_every_alert_that_fits_once_and_in_order(connection: sqlite3.Connection, wanted: Wanted) -> None:
    every = [alert for state in alerts.STATES for alert in alerts.ranked(connection, state=state, most=COUNT)]
    fitting = [
        alert
        for alert in sorted(every, key=lambda each: (-each.loss, -each.id))
        if alert.state in wanted.states
        and (not wanted.actions or alert.action in wanted.actions)
        and wanted.account in (None, alert.account)
        and wanted.group in (None, alert.ring)
        and (wanted.word or "").encode() in alert.decision
    ]
    found, after = [], None
    while True:
        page = worklist.page(connection, wanted, after, 7)
        found += page.alerts
        after = page.next
        if after is None:
            break
        assert len(page.alerts) == 7
    assert found == fitting


def test_a_search_for_a_word_looks_at_so_many_and_goes_on_from_there(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worklist, "LOOKED_AT", 50)
    wanted, after, looked_at = Wanted(alerts.STATES, word="no such word"), None, []
    while True:
        page = worklist.page(connection, wanted, after, 7)
        assert page.alerts == []
        looked_at.append(page.looked_at)
        after = page.next
        if after is None:
            break
    assert sum(looked_at) == COUNT
    assert max(looked_at) == 50


def test_sums_follow_every_change_of_an_alert(connection: sqlite3.Connection) -> None:
    direct = connection.execute(
        "SELECT state, opened / 3600000000, action, count(*), sum(CAST(round(loss) AS INTEGER)) FROM alert"
        " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    ).fetchall()
    assert connection.execute("SELECT * FROM alert_sum ORDER BY 1, 2, 3").fetchall() == direct


def test_money_at_risk_is_what_nobody_settled_and_money_stopped_what_was_held_or_locked_in_a_day(
    connection: sqlite3.Connection,
) -> None:
    every = [alert for state in alerts.STATES for alert in alerts.ranked(connection, state=state, most=COUNT)]
    now = COUNT * HOUR // 4
    found = worklist.money(connection, now)
    undone = [each for each in every if each.state in worklist.UNDONE]
    stopped = [
        each
        for each in every
        if each.action >= 3 and each.state != alerts.OWNER and each.opened // HOUR > now // HOUR - 24
    ]
    for total, of in ((found.at_risk, undone), (found.stopped, stopped)):
        assert total.alerts == len(of)
        assert total.loss == pytest.approx(sum(each.loss for each in of), abs=len(of))


def test_alerts_of_an_older_journal_are_summed_when_it_is_brought_up_to_date() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrate(connection, schema.MIGRATIONS[:1], schema.APPLICATION)
    rng = random.Random(5)
    for n in range(20):
        made = decision(rng, f"a{n}")
        connection.execute(
            "INSERT INTO alert (account, state, opened, updated, loss, ring, events, last, decision)"
            " VALUES (?, 'open', ?, ?, ?, ?, 1, ?, ?)",
            (made.account, n * HOUR, n * HOUR, made.expected_loss, made.group, n, msgspec.json.encode(made)),
        )
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    assert worklist.money(connection, 20 * HOUR).at_risk.alerts == 20
    for alert in alerts.ranked(connection, most=20):
        assert ACTIONS[alert.action] == msgspec.json.decode(alert.decision, type=Decision).action
    connection.close()
