"""Telling the owner: one sentence, repeated until he has taken note, on his channels only, not too often."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kuraban.home import alert
from kuraban.home.config import Alerts, Channel
from kuraban.home.findings import Finding, Kind, Level, finding_id
from kuraban.home.model import Words
from kuraban.home.store import Store

NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
PHONE = Channel("phone", "ntfy://x/phone")
FAMILY = Channel("family", "ntfy://x/family", after_minutes=60)
BOTH = Alerts(channels=[PHONE, FAMILY])
Sent = list[tuple[str, str, str]]


def finding(number: int = 0, level: Level = Level.ALARM) -> Finding:
    key = finding_id(Kind.ACTS, "楽天", str(number))
    return Finding(id=key, kind=Kind.ACTS, level=level, account="楽天", first=NOW, last=NOW, about=(f"m{number}",),
                   sentence=Words("7992.T を 3,000,000円", "JPY 3,000,000 of 7992.T"),
                   details=(Words("理由", "reason"),),
                   todo=(Words("連絡する", "call"),), probability=0.5)  # fmt: skip


def run(store: Store, alerts: Alerts, minutes: int, fails: frozenset[str] = frozenset()) -> Sent:
    sent: Sent = []

    def send(channel: Channel, title: str, body: str) -> bool:
        if channel.name in fails:
            return False
        sent.append((channel.name, title, body))
        return True

    alert.deliver(store, alerts, "en", NOW + timedelta(minutes=minutes), send)
    return sent


def raised(*findings: Finding) -> Store:
    store = Store.in_memory()
    for one in findings:
        store.raise_alert(one, NOW, quiet=False)
    return store


def test_an_alarm_is_repeated_and_reaches_further_channels_until_acknowledged() -> None:
    store = raised(finding())
    names = [[name for name, _, _ in run(store, BOTH, minutes)] for minutes in (0, 10, 30, 61, 100, 182)]
    assert names == [["phone"], [], ["phone"], ["family"], [], ["phone", "family"]]
    store.acknowledge(finding().id, NOW)
    assert run(store, BOTH, 3000) == []


def test_a_question_goes_to_the_first_channels_only_and_is_repeated_twice() -> None:
    store = raised(finding(level=Level.ASK))
    names = [name for hours in range(0, 24 * 10, 6) for name, _, _ in run(store, BOTH, 60 * hours)]
    assert names == ["phone"] * 3


def test_what_is_ordinary_or_from_before_the_watch_is_never_sent() -> None:
    store = raised(finding(1, Level.INFO))
    store.raise_alert(finding(2), NOW, quiet=True)
    assert run(store, BOTH, 0) == run(store, BOTH, 5000) == []


def test_a_message_keeps_amounts_and_instruments_at_home_unless_wanted() -> None:
    store = raised(finding())
    ((_, title, body),) = run(store, Alerts(channels=[PHONE]), 0)
    assert title == "Kuraban: act now"
    assert "7992" not in body
    assert "3,000,000" not in body
    assert "reason" not in body
    assert f"kuraban home ack {finding().id}" in body
    ((_, _, told),) = run(raised(finding()), Alerts(channels=[PHONE], details=True), 0)
    assert "7992" in told
    assert "reason" in told


def test_a_failed_channel_is_tried_again_and_does_not_hold_up_the_others() -> None:
    store = raised(finding())
    alerts = Alerts(channels=[PHONE, Channel("mail", "mailto://x")])
    assert [name for name, _, _ in run(store, alerts, 0, frozenset({"phone"}))] == ["mail"]
    assert [name for name, _, _ in run(store, alerts, 1)] == ["phone"]


@given(st.integers(1, 40), st.integers(1, 10))
def test_no_channel_gets_more_messages_an_hour_than_allowed_and_no_alert_is_lost(count: int, most: int) -> None:
    alerts = Alerts(channels=[PHONE], most_per_hour=most)
    store = raised(*(finding(number) for number in range(count)))
    sent = [message for minutes in range(0, 60, 5) for message in run(store, alerts, minutes)]
    assert len(sent) <= most
    assert all(one.channels == ("phone",) for one in store.alerts())


def test_the_heartbeat_comes_as_often_as_configured() -> None:
    store = Store.in_memory()
    alerts = Alerts(channels=[PHONE], heartbeat_hours=24)
    sent: list[str] = []

    def send(channel: Channel, title: str, body: str) -> bool:
        sent.append(body)
        return True

    for hours in range(0, 73, 6):
        alert.heartbeat(store, alerts, "en", NOW + timedelta(hours=hours), send)
    assert len(sent) == 4
    alert.heartbeat(Store.in_memory(), Alerts(channels=[PHONE]), "en", NOW, send)
    assert len(sent) == 4


@contextmanager
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A web server on loopback that keeps what is posted to it."""
    bodies: list[bytes] = []

    class Keep(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Keep) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port, bodies
        finally:
            server.shutdown()
            thread.join()


def test_apprise_sends_to_the_configured_url_and_says_when_it_could_not() -> None:
    with listener() as (port, bodies):
        assert alert.by_apprise(Channel("web", f"json://127.0.0.1:{port}/"), "題", "本文")
    assert "本文" in bodies[0].decode("unicode_escape" if b"\\u" in bodies[0] else "utf-8")
    assert not alert.by_apprise(Channel("bad", "no-such-scheme://x"), "題", "本文")
    assert not alert.by_apprise(Channel("none", url_command=["false"]), "題", "本文")
