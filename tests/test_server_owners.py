"""Owners' channels: each told by itself, none that is something else, none into an internal network, none that holds up
the desk."""

import asyncio
import socket
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from desk import Running, running, signed_in, theft
from kuraban.journal import schema
from kuraban.server.meters import Meters
from kuraban.server.outputs import channels, delivery, network, owners
from kuraban.server.outputs.outbox import Outbox
from kuraban.server.outputs.posting import PostError
from kuraban.server.outputs.settings import Outputs, Owners, Webhook
from kuraban.server.outputs.telling import Teller
from receivers import hanging, receiver, until

HERE = frozenset({"127.0.0.1"})
OUTPUTS = Outputs("https://desk.example", owners=Owners(internal_hosts=HERE))


def put(desk: Running, account: str, *urls: str) -> int:
    return desk.client.put(f"/v1/accounts/{account}/contacts", json={"urls": urls}).status_code


def messages(desk: Running) -> dict[str, list[str]]:
    """States of messages by target."""
    with sqlite3.connect(desk.service.journal) as connection:
        rows = connection.execute("SELECT target, state FROM message ORDER BY id").fetchall()
    connection.close()
    found: dict[str, list[str]] = {}
    for target, state in rows:
        found.setdefault(target, []).append(state)
    return found


def test_a_channel_that_fails_is_tried_again_until_it_takes_the_notice_and_the_others_are_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "waits", lambda tries: 0.05)
    with receiver() as mail, receiver() as push, running(tmp_path, OUTPUTS) as desk:
        push.status = 503
        both = [f"ntfy://{each.url.removeprefix('http://')}/topic" for each in (mail, push)]
        assert put(desk, "v", *both) == 200
        desk.send(theft("v"))
        push.until(3)
        until(lambda: "sent" in messages(desk).get("owner/ntfy", []))
        problem = desk.client.get("/metrics").text
        assert 'kuraban_messages_total{outcome="due",target="owner/ntfy"}' in problem
        push.status, tried = 200, len(push.got)
        push.until(tried + 1)
        until(lambda: set(messages(desk)["owner/ntfy"]) == {"sent"})
        told = len(messages(desk)["owner"])
        assert len(mail.got) == told
        assert len(messages(desk)["owner/ntfy"]) == 2 * told


@pytest.mark.parametrize(
    "url",
    [
        "ntfy://h.example/t, json://127.0.0.1:1/internal/admin",
        "ntfy://h.example/t json://127.0.0.1:1/",
        "ntfy://h.example,mailtos://u:p@mail.example",
        "ntfy://h.example/t;mailto://u:p@mail.example",
        "ntfy://h.example/t\nntfy://h.example/u",
        "json://127.0.0.1/",
        "https://ntfy.sh/topic",
        "syslog://",
        "ntfy://",
        "ntfy://169.254.169.254/",
        "ntfy://169.254.169.254/topic",
        "ntfy://10.1.2.3/topic",
        "ntfy://[::1]/topic",
        "ntfy://[::ffff:10.0.0.1]/topic",
        "ntfy://2130706433/topic",
        "ntfy://localhost:8040/topic",
        "jsons://127.1/x",
        "mailto://u:p@localhost?to=a@b.example",
        "ntfy://h.example/t?rto=300",
        "ntfy://h.example/t?RTO=300",
        "ntfy://h.example/t#?cto=300",
        "ntfy://h.example/t?a=1?rto=3",
        "ntfys://h.example/t?verify=no",
        "ntfys://h.example/t?redirect=yes",
        "ntfy://h.example/t?email=u@mail.example",
        "ntfy://h.example/" + "/".join(map(str, range(40))),
        "mailto://u:p@mail.example?smtp=10.0.0.1",
        "mailto://u:p@mail.example?pgp=yes&pgpkey=/etc/passwd",
        "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/?template=/etc/passwd",
        "jsons://h.example/x?+Authorization=x",
    ],
)
def test_what_is_not_one_channel_that_reaches_a_person_is_refused(url: str) -> None:
    with pytest.raises(channels.AddressError) as refused:
        channels.opened(url)
    assert "p@" not in str(refused.value)  # it is shown to whoever asked; passwords are not


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("mailtos://u:p@mail.example:465?to=a@b.example&mode=ssl", "mail"),
        ("NTFYS://u:p@h.example/t?priority=max", "ntfy"),
        ("line://token/user", "line"),
        ("nexmo://AAA:BBBBBBBBBBBBBBBB@12345678901/12345678901", "vonage"),
        ("jsons://h.example/owners/7", "json"),
    ],
)
def test_a_channel_is_known_by_what_apprise_makes_of_it(url: str, kind: str) -> None:
    channel = channels.opened(url)
    assert (channel.kind, channel.plugin.redirects, channel.plugin.verify_certificate) == (kind, False, True)
    assert channels.opened("ntfy://10.1.2.3/topic", frozenset({"10.1.2.3"})).kind == "ntfy"


def test_contacts_of_any_length_and_number_are_counted_right_and_bounded(tmp_path: Path) -> None:
    mail = "mailto://u:p@mail.example?to=a@b.example"
    with running(tmp_path, Outputs("https://desk.example", owners=Owners(require_second_channel=True))) as desk:
        assert put(desk, "a", "ntfy://h.example,mailtos://u:p@mail.example") == 422
        assert put(desk, "a", mail) == 422
    with running(tmp_path, Outputs("https://desk.example", owners=Owners())) as desk:
        with ThreadPoolExecutor(12) as pool:
            assert set(pool.map(lambda _: put(desk, "a", mail), range(12))) == {200}
        assert b"kuraban_owners_by_mail_only 1.0" in desk.client.get("/metrics").content
        assert put(desk, "a" * 129, mail) == 422
        assert put(desk, "a" * 128) == 200


def test_however_often_contacts_are_replaced_the_owner_is_still_told_where_he_was(tmp_path: Path) -> None:
    connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    day = 86_400_000_000
    owners.set_contacts(connection, "v", ["ntfy://h.example/owner"], 0)
    for n in range(40):
        urls = [f"ntfy://h.example/thief-{n}-{m}" for m in range(8)]
        owners.set_contacts(connection, "v", urls, 100 * day + n)
    told = owners.reached_by(connection, "v", 101 * day)
    assert "ntfy://h.example/owner" in told
    assert len(told) == 8 + owners.MOST_KEPT
    assert owners.counts(connection, "v", 101 * day) == (8, owners.MOST_KEPT)
    connection.close()


def test_a_name_that_leads_inside_is_refused_when_it_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, port, *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (HOST, port))]
    )
    monkeypatch.setattr(socket.socket, "connect", socket.socket.connect)
    monkeypatch.setattr(socket.socket, "connect_ex", socket.socket.connect_ex)
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        border = network.Border(frozenset({"push.example.local"}))
        border.close()
        with pytest.raises(network.InternalError):
            socket.create_connection(("harmless.example", port), 5)
        assert border.crossed
        with socket.socket(socket.AF_UNIX) as other, pytest.raises(network.InternalError):
            other.connect("/run/other.sock")
        socket.create_connection(("push.example.local", port), 5).close()


HOST = "127.0.0.1"


def test_notices_lead_nowhere_else_and_end_when_their_time_is_over() -> None:
    async def tell(teller: Teller, url: str) -> str:
        try:
            await teller.tell(url, "ntfy", "title", "body")
        except PostError as error:
            return f"{error}{' (final)' if error.final else ''}"
        return ""

    async def all_of_it(good: str, moved: str, hung: str) -> list[str]:
        inside, outside = Teller(HERE, within=20), Teller()
        try:
            found = [await tell(inside, good), await tell(inside, moved), await tell(outside, "ntfy://10.0.0.1/t")]
            inside._within = 1.0
            return [*found, *await asyncio.gather(*(tell(inside, hung) for _ in range(3)))]
        finally:
            inside.close()
            outside.close()

    with receiver() as good, receiver() as moving, receiver() as inner, hanging() as (slow, _):
        moving.status, moving.leads = 307, inner.url
        urls = [f"ntfy://{each.url.removeprefix('http://')}/topic" for each in (good, moving)]
        found = asyncio.run(all_of_it(urls[0], urls[1], f"ntfy://{slow}/topic"))
        assert (len(good.got), len(moving.got), len(inner.got)) == (1, 1, 0)
    assert found[:2] == ["", "ntfy: answered 307"]
    assert found[2] == f"ntfy: {network.INTERNAL} (final)"
    assert found[3:] == ["ntfy: not done within 1 s"] * 3


def test_addresses_entered_lately_wait_behind_those_that_owners_have_had(tmp_path: Path) -> None:
    connection = schema.connect(tmp_path / "journal.db")
    schema.migrate(connection, schema.MIGRATIONS, schema.APPLICATION)
    day, now = 86_400_000_000, int(time.time() * 1e6)
    owners.set_contacts(connection, "v", ["ntfy://h.example/owner"], now - 30 * day)
    owners.set_contacts(connection, "v", ["ntfy://h.example/thief"], now - day)
    told = dict(owners.told_at(connection, "v", now))
    assert told == {"ntfy://h.example/owner": False, "ntfy://h.example/thief": True}
    box = Outbox(OUTPUTS, b"s" * 32, Meters())
    for url, lately in sorted(told.items(), reverse=True):
        box.queue(connection, "owner/ntfy", url, b"{}", now, due=int(lately))
    due, _ = delivery._due(connection, "owner/ntfy", (), 8)
    assert [each.key[-5:] for each in due] == ["owner", "thief"]
    connection.close()


def test_what_waits_for_its_hour_is_tried_at_once_when_a_receiver_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "waits", lambda tries: 3600.0)
    with receiver() as other:
        other.status = 503
        with running(tmp_path, Outputs(webhooks=(Webhook("core", other.url, b"s" * 24, least=1),))) as desk:
            desk.send(theft("v"))
            until(lambda: len(messages(desk).get("core", [])) > 3)
            other.until(len(messages(desk)["core"]))
            other.status = 200
            desk.client.post(f"/v1/alerts/{_alert(desk)}", json={"state": "takeover", "who": "w"})
            until(lambda: set(messages(desk)["core"]) == {"sent"})


def _alert(desk: Running) -> int:
    return int(desk.client.get("/v1/alerts").json()["alerts"][0]["id"])


def test_an_address_an_earlier_version_took_is_looked_at_when_it_is_used(tmp_path: Path) -> None:
    with receiver() as inner, running(tmp_path, OUTPUTS) as desk:
        host = inner.url.removeprefix("http://")
        stored = [f"ntfy://h.example/t, json://{host}/internal/admin", "webexteams://token"]
        asyncio.run(_store(desk, stored))
        desk.send(theft("v"))
        until(lambda: messages(desk).get("owner/ntfy"))
        until(lambda: set(messages(desk)["owner/ntfy"]) == {"dead"})
        assert "dead" in messages(desk)["owner"]
        problems = {each["problem"] for each in desk.client.get("/v1/messages/dead").json()["messages"]}
        assert any("one address each" in problem for problem in problems)
        assert inner.got == []


async def _store(desk: Running, urls: list[str]) -> None:
    await desk.service.write(lambda connection: owners.set_contacts(connection, "v", urls, desk.service.clock.now()))


def test_channels_that_hang_hold_up_neither_pages_nor_the_stop_and_are_due_again(tmp_path: Path) -> None:
    with hanging() as (slow, connections):
        with running(tmp_path, OUTPUTS) as desk:
            assert put(desk, "v", *(f"ntfy://{slow}/topic-{n}" for n in range(8))) == 200
            desk.send(theft("v"))
            until(lambda: connections() >= 8)
            with signed_in(desk, "yamada") as browser:
                assert browser.get("/console/alerts").status_code == 200
            begun = time.monotonic()
        assert time.monotonic() - begun < delivery_time() / 2
        assert not any(thread.name == "post" for thread in threading.enumerate())
        with running(tmp_path, OUTPUTS) as desk:
            assert set(messages(desk)["owner/ntfy"]) == {"due"}


def delivery_time() -> float:
    """Seconds a notice may take."""
    return Teller()._within
