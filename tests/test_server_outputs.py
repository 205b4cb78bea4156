"""What others are told: signed, at least once, by every channel; and links that cannot be forged or used twice."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicNumbers,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from desk import Running, running, theft
from kuraban.server.outputs import delivery, letters, settings
from kuraban.server.outputs.settings import Outputs, OutputsError, Owners, Stream, Webhook
from kuraban.server.outputs.signing import Link, LinkError, mark_of, read_link, sign_link, webhook_headers
from receivers import receiver, until

SECRET = b"a secret of more than twenty-four bytes"
KEY = generate_private_key(SECP256R1())


def test_a_webhook_is_signed_and_told_once_of_each_decision(tmp_path: Path) -> None:
    with receiver() as other:
        outputs = Outputs(webhooks=(Webhook("core", other.url + "/hook?x=1", SECRET),))
        with running(tmp_path, outputs) as desk:
            desk.send(theft("v"))
            alert = desk.client.get("/v1/alerts").json()["alerts"][0]
            other.until(1)
            for path, headers, body in other.got:
                assert path == "/hook?x=1"
                signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
                mac = base64.b64encode(hmac.digest(SECRET, signed, hashlib.sha256)).decode()
                assert headers["webhook-signature"] == f"v1,{mac}"
            told = [json.loads(body) for _, _, body in other.got]
            assert all(each["decision"]["action"] in ("challenge", "hold", "lock") for each in told)
            assert told[0]["alert"] == alert["id"]
            desk.send(theft("v"))
            desk.client.post(f"/v1/alerts/{alert['id']}", json={"state": "takeover", "who": "w"})
            until(lambda: any(json.loads(body)["type"] == "verdict" for _, _, body in other.got))
            ids = [headers["webhook-id"] for _, headers, _ in other.got]
            assert len(set(ids)) == len(ids)


def test_a_receiver_that_is_down_is_tried_again_until_dead_and_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "waits", lambda tries: 0.0)
    monkeypatch.setattr(delivery, "_IDLE_S", 0.02)
    monkeypatch.setattr(delivery, "MOST_TRIES", 3)
    with receiver() as other:
        other.status = 500
        outputs = Outputs(webhooks=(Webhook("core", other.url, SECRET, least=4),))
        with running(tmp_path, outputs) as desk:
            lines = theft("v")
            desk.client.post(
                "/v1/policy", json={"toml": '[broker]\nactions = ["allow", "lock"]\n[cost]\nlock = 1\n', "who": "w"}
            )
            desk.send(lines)
            until(lambda: desk.client.get("/v1/messages/dead").json()["messages"])
            dead = desk.client.get("/v1/messages/dead").json()["messages"][0]
            assert (dead["target"], dead["tries"], dead["problem"]) == ("core", 3, "the receiver answered 500")
            assert "outputs_failing" in [each["code"] for each in desk.client.get("/readyz").json()["problems"]]
            assert desk.client.get("/readyz").status_code == 200
            other.status, before = 200, len(other.got)
            assert desk.client.post(f"/v1/messages/{dead['id']}/again").status_code == 200
            other.until(before + 1)
            assert desk.client.post("/v1/messages/99999/again").status_code == 404
            entry = desk.client.get("/v1/audit").json()["entries"][0]
            assert (entry["kind"], entry["who"], entry["body"]["target"]) == ("message-again", "local", "core")


def test_dead_letters_are_paged_and_all_of_one_receiver_sent_again_each_part_audited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "AT_ONCE", 3)
    streams = (Stream("polled", "https://desk.example", "https://other.example", KEY),)
    with receiver() as other:
        outputs = Outputs(webhooks=(Webhook("core", other.url, SECRET),), streams=streams)
        with running(tmp_path, outputs) as desk:

            def store(connection: sqlite3.Connection) -> None:
                for n in range(8):
                    for target in ("core", "polled"):
                        desk.service.outbox.queue(connection, target, f"k{n}", b"{}", n, "dead", "down")

            asyncio.run(desk.service.write(store))
            found, more = [], {"limit": "5"}
            while True:
                page = desk.client.get("/v1/messages/dead", params=more).json()
                found += [(each["id"], each["target"]) for each in page["messages"]]
                if page["next"] is None:
                    break
                more = {"limit": "5", "cursor": page["next"]}
            assert found == sorted(found, reverse=True)
            assert sorted(target for _, target in found) == ["core"] * 8 + ["polled"] * 8
            mine = desk.client.get("/v1/messages/dead", params={"target": "core"}).json()["messages"]
            assert len(mine) == 8
            again = desk.client.post("/v1/messages/again", json={"target": "core"})
            assert again.json() == {"target": "core", "messages": 8}
            other.until(8)
            entries = desk.client.get("/v1/audit").json()["entries"]
            said = [each["body"]["messages"] for each in entries if each["kind"] == "message-again"]
            assert said == [2, 3, 3]
            assert desk.client.post("/v1/messages/again", json={"target": "nobody"}).json()["messages"] == 0
            assert desk.client.post("/v1/messages/again", json={"target": "polled"}).json()["messages"] == 8
            assert len(desk.client.post("/v1/shared-signals/polled/poll", json={}).json()["sets"]) == 8


def test_a_new_message_is_not_taken_for_a_repeat_of_one_whose_number_it_was_given() -> None:
    one, other = (delivery.Due(1, "core", key, b"{}", 0) for key in ("7-e", "8-f"))
    assert delivery.webhook_id(one) != delivery.webhook_id(other)
    assert delivery.webhook_id(one) == delivery.webhook_id(one._replace(id=2, tries=5))


def test_a_receivers_outage_of_a_weekend_makes_no_dead_letter() -> None:
    between = [delivery.waits(tries) for tries in range(delivery.MOST_TRIES - 1)]
    assert sum(between) >= 72 * 3600
    assert max(between) == 3600


def verified(token: str, jwk: dict[str, str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of a token whose signature is right."""

    def raw(text: str) -> bytes:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

    head, claims, mac = token.split(".")
    x, y = (int.from_bytes(raw(jwk[name]), "big") for name in ("x", "y"))
    key = EllipticCurvePublicNumbers(x, y, SECP256R1()).public_key()
    r, s = (int.from_bytes(part, "big") for part in (raw(mac)[:32], raw(mac)[32:]))
    key.verify(encode_dss_signature(r, s), f"{head}.{claims}".encode(), ECDSA(SHA256()))
    return json.loads(raw(head)), json.loads(raw(claims))


def test_identity_systems_get_security_event_tokens_pushed_and_polled(tmp_path: Path) -> None:
    with receiver() as other:
        push = Stream("push", "https://desk.example", "https://idp.example", KEY, other.url + "/set", "token-1")
        poll = Stream("poll", "https://desk.example", "https://other.example", KEY)
        with running(tmp_path, Outputs(streams=(push, poll))) as desk:
            desk.send(theft("v"))
            number = desk.client.get("/v1/alerts").json()["alerts"][0]["id"]
            desk.client.post(f"/v1/alerts/{number}", json={"state": "takeover", "who": "w"})
            jwk = desk.client.get("/.well-known/jwks.json").json()["keys"][0]
            until(lambda: any("credential-change-required" in _claims(body) for _, _, body in other.got))
            path, headers, body = other.got[0]
            assert (path, headers["content-type"]) == ("/set", "application/secevent+jwt")
            assert headers["authorization"] == "Bearer token-1"
            head, claims = verified(body.decode(), jwk)
            assert (head["typ"], head["alg"], head["kid"]) == ("secevent+jwt", "ES256", jwk["kid"])
            assert (claims["iss"], claims["aud"]) == ("https://desk.example", "https://idp.example")
            assert claims["sub_id"] == {"format": "opaque", "id": "v"}
            assert len(claims["events"]) == 1
            assert "exp" not in claims
            first = desk.client.post("/v1/shared-signals/poll/poll", json={"maxEvents": 1}).json()
            assert len(first["sets"]) == 1
            assert first["moreAvailable"]
            (jti,) = first["sets"]
            assert verified(first["sets"][jti], jwk)[1]["jti"] == jti
            again = desk.client.post("/v1/shared-signals/poll/poll", json={"maxEvents": 1}).json()
            assert again["sets"].keys() == {jti}
            rest = desk.client.post("/v1/shared-signals/poll/poll", json={"ack": [jti]}).json()
            assert jti not in rest["sets"]
            assert desk.client.post("/v1/shared-signals/push/poll", json={}).status_code == 404


def test_a_streams_tokens_are_polled_with_its_own_key_alone_and_acknowledging_them_is_audited(tmp_path: Path) -> None:
    streams = tuple(Stream(name, "https://desk.example", f"https://{name}.example", KEY) for name in ("idp", "siem"))
    with running(tmp_path, Outputs(streams=streams), open=False) as desk:
        scopes = ("decide", "read", "manage", "signals:siem", "signals:idp", "signals")
        keys = {scope: desk.service.keys.create(scope, frozenset({scope})) for scope in scopes}
        body = b"\n".join(theft("v"))
        headers = {"authorization": f"Bearer {keys['decide']}", "content-type": "application/x-ndjson"}
        assert desk.client.post("/v1/events", content=body, headers=headers).status_code == 200

        def poll(scope: str, said: dict[str, Any]) -> Any:
            headers = {"authorization": f"Bearer {keys[scope]}"}
            return desk.client.post("/v1/shared-signals/idp/poll", json=said, headers=headers)

        refused = {scope: poll(scope, {}).status_code for scope in scopes[:4]}
        assert refused == dict.fromkeys(scopes[:4], 403)
        first, *others = poll("signals", {}).json()["sets"]
        assert poll("signals:idp", {"ack": [first, "not-one"]}).json()["sets"].keys() == set(others)
        poll("signals:idp", {"ack": [first], "setErrs": {others[0]: {"err": "invalid_key"}}})
        asked = desk.client.get("/v1/audit", headers={"authorization": f"Bearer {keys['read']}"}).json()["entries"]
        said = [(each["who"], each["body"]) for each in asked if each["kind"] == "signals-acknowledged"]
        who = f"key:{keys['signals:idp'].split('_')[1]}"
        assert said == [
            (who, {"stream": "idp", "acknowledged": 0, "refused": 1}),
            (who, {"stream": "idp", "acknowledged": 1, "refused": 0}),
        ]
    with pytest.raises(ValueError, match="scopes are"):
        desk.service.keys.create("x", frozenset({"signals:a,manage"}))


def test_replaced_credentials_are_told_to_identity_systems_once_with_the_time_it_happened(tmp_path: Path) -> None:
    stream = Stream("poll", "https://desk.example", "https://other.example", KEY)
    with running(tmp_path, Outputs(streams=(stream,))) as desk:
        reset = {"id": "r-1", "time": "2025-06-01T10:00:00+09:00", "account": "v", "type": "credentials.reset"}
        for _ in range(2):
            assert desk.decide(json.dumps(reset).encode()).status_code == 202
        jwk = desk.client.get("/.well-known/jwks.json").json()["keys"][0]
        (token,) = desk.client.post("/v1/shared-signals/poll/poll", json={}).json()["sets"].values()
        _, claims = verified(token, jwk)
        assert claims["sub_id"] == {"format": "opaque", "id": "v"}
        assert claims["events"] == {
            "https://schemas.openid.net/secevent/caep/event-type/credential-change": {
                "credential_type": "password",
                "change_type": "update",
                "event_timestamp": 1748739600,
                "initiating_entity": "admin",
            }
        }


@pytest.mark.parametrize(
    ("state", "who", "kinds", "by"),
    [
        ("takeover", "yamada", {"caep:session-revoked", "risc:account-credential-change-required"}, "admin"),
        ("owner", "yamada", {"caep:risk-level-change", "risc:account-enabled"}, "admin"),
    ],
)
def test_a_verdict_says_what_identity_systems_have_to_do_and_who_brought_it_about(
    tmp_path: Path, state: str, who: str, kinds: set[str], by: str
) -> None:
    stream = Stream("poll", "https://desk.example", "https://other.example", KEY, least=4)
    with running(tmp_path, Outputs(streams=(stream,))) as desk:
        desk.send(theft("v")[:-1])
        alert = desk.client.get("/v1/alerts").json()["alerts"][0]["id"]
        desk.client.post(f"/v1/alerts/{alert}", json={"state": state, "who": who})
        jwk = desk.client.get("/.well-known/jwks.json").json()["keys"][0]
        sets = desk.client.post("/v1/shared-signals/poll/poll", json={}).json()["sets"]
        told = [token for jti, token in sets.items() if jti.startswith("poll-alert-")]
        events = [next(iter(verified(token, jwk)[1]["events"].items())) for token in told]
        base = "https://schemas.openid.net/secevent/"
        assert {kind.removeprefix(base).replace("/event-type/", ":") for kind, _ in events} == kinds
        assert {each["initiating_entity"] for kind, each in events if "caep" in kind} == {by}


def _claims(body: bytes) -> str:
    part = body.split(b".")[1]
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4)).decode()


@contextmanager
def told_owner(folder: Path, *schemes: str) -> Iterator[tuple[Running, list[str]]]:
    """A desk that has told an owner of a theft through a real channel, and the links it sent."""
    with receiver() as channel:
        outputs = Outputs("https://desk.example", owners=Owners(internal_hosts=frozenset({"127.0.0.1"})))
        with running(folder, outputs) as desk:
            host = channel.url.removeprefix("http://")
            urls = [f"ntfy://{host}/topic-{n}" for n in range(2)]
            desk.client.put("/v1/accounts/v/contacts", json={"urls": urls[:1]})
            desk.client.put("/v1/accounts/v/contacts", json={"urls": urls[1:]})
            desk.send(theft("v"))
            channel.until(2)
            texts = [body.decode() for _, _, body in channel.got]
            links = [re.findall(r"https://desk\.example(/owner/[\w.\-]+)", text)[0] for text in texts]
            # What passes through the channel names no account.
            assert all(b'"v"' not in base64.urlsafe_b64decode(link[7:].split(".")[0] + "===") for link in links)
            yield desk, links


def test_an_owner_is_told_at_the_old_address_too_and_a_denial_counts_at_once(tmp_path: Path) -> None:
    with told_owner(tmp_path) as (desk, links):
        page = desk.client.get(links[0])
        assert page.status_code == 200
        assert "Was this you?" in page.text
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        state = desk.client.get("/v1/alerts", params={"account": "v"}).json()["alerts"]
        assert len(state) == 1  # opening the link has answered nothing
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert desk.client.post(links[0], content=b"answer=not_me", headers=form).status_code == 200
        found = desk.client.get("/v1/alerts", params={"state": "takeover"}).json()["alerts"]
        assert [each["account"] for each in found] == ["v"]
        used = desk.client.post(links[0], content=b"answer=me", headers=form)
        assert used.status_code == 410
        # The thief, with the other channel's link, cannot make it good.
        assert desk.client.post(links[1], content=b"answer=me", headers=form).status_code == 200
        assert desk.client.get("/v1/alerts", params={"state": "takeover"}).json()["alerts"]
        newest = desk.client.get("/v1/accounts/v/events", params={"limit": "1"}).json()["events"][0]
        assert newest["event"]["type"] == "owner.denied"


GENTLE = "[cost]\nlock = 1e9\nhold = 1e9\nchallenge = 1e8\n"


def denials(desk: Running, account: str) -> list[dict[str, Any]]:
    """Decisions that rest on an owner's denial, in the account's timeline."""
    page = desk.client.get(f"/v1/accounts/{account}/events", params={"limit": "50"}).json()["events"]
    return [decision for item in page if item["event"]["type"] == "owner.denied" for decision in item["decisions"]]


def test_an_owners_denial_locks_his_account_at_once_whatever_the_costs_say(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(GENTLE)
    with receiver() as other:
        stream = Stream("poll", "https://desk.example", "https://idp.example", KEY, least=4)
        hook = Webhook("core", other.url, SECRET, least=4)
        outputs = Outputs("https://desk.example", (hook,), (stream,), Owners())
        with running(tmp_path / "data", outputs, policy=path) as desk:
            desk.send(theft("v")[:-1])
            assert desk.client.get("/v1/alerts").json()["alerts"] == []  # nothing is worth a challenge at such prices
            denied = {"id": "d-1", "time": "2025-05-20T03:10:00+09:00", "account": "v", "type": "owner.denied"}
            for _ in range(2):
                desk.decide(json.dumps(denied | {"about": ["v-theft-3"]}).encode())
            (lock,) = denials(desk, "v")
            assert (lock["event"], lock["account"], lock["action"]) == (None, "v", "lock")
            assert lock["probability"] > 0.9
            assert lock["exposure"] > 1_000_000
            assert [reason["signal"] for reason in lock["reasons"]] == ["feedback.owner"]
            alert = desk.client.get("/v1/alerts").json()["alerts"][0]
            assert (alert["account"], alert["decision"]) == ("v", lock)
            entry = desk.client.get("/v1/audit").json()["entries"][0]
            assert (entry["kind"], entry["who"], entry["body"]) == ("decision", "owner", lock)
            other.until(1)
            assert json.loads(other.got[0][2]) == {"type": "decision", "alert": alert["id"], "decision": lock}
            jwk = desk.client.get("/.well-known/jwks.json").json()["keys"][0]
            sets = desk.client.post("/v1/shared-signals/poll/poll", json={}).json()["sets"].values()
            events = [next(iter(verified(token, jwk)[1]["events"].items())) for token in sets]
            assert [kind.rpartition("/")[2] for kind, _ in events] == ["session-revoked", "account-disabled"]
            assert events[0][1]["initiating_entity"] == "user"
        with running(tmp_path / "data", outputs, policy=path) as desk:
            assert denials(desk, "v") == [lock]


def test_a_denial_by_link_locks_even_where_an_analyst_was_first_and_no_second_alert_is_opened(tmp_path: Path) -> None:
    with told_owner(tmp_path) as (desk, links):
        number = desk.client.get("/v1/alerts").json()["alerts"][0]["id"]
        desk.client.post(f"/v1/alerts/{number}", json={"state": "takeover", "who": "yamada"})
        assert denials(desk, "v") == []  # an analyst's verdict locks nothing
        form = {"content-type": "application/x-www-form-urlencoded"}
        for link in links:
            assert desk.client.post(link, content=b"answer=not_me", headers=form).status_code == 200
        assert [lock["action"] for lock in denials(desk, "v")] == ["lock"]
        assert desk.client.get("/v1/alerts").json()["alerts"] == []
        acts = desk.client.get(f"/v1/alerts/{number}").json()["acts"]
        assert [(act["who"], act["state"]) for act in acts] == [("yamada", "takeover"), ("owner", "takeover")]
        as_owner = desk.client.post(f"/v1/alerts/{number}", json={"state": "owner", "who": "owner"})
        assert as_owner.status_code == 422  # nobody speaks for the owner


def test_a_firm_that_cannot_lock_is_advised_the_gravest_it_can_do(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[broker]\nactions = ["allow", "notify", "challenge"]\n')
    with running(tmp_path / "data", policy=path) as desk:
        desk.send(theft("v"))
        denied = {"id": "d-1", "time": "2025-05-20T03:10:00+09:00", "account": "v", "type": "owner.denied"}
        desk.decide(json.dumps(denied).encode())
        assert [each["action"] for each in denials(desk, "v")] == ["challenge"]


def test_a_word_out_of_a_mailbox_does_not_close_an_alert(tmp_path: Path) -> None:
    with running(tmp_path, Outputs("https://desk.example", owners=Owners())) as desk:
        desk.send(theft("v"))
        number = desk.client.get("/v1/alerts").json()["alerts"][0]["id"]
        later = int(time.time()) + 60
        by_mail = sign_link(desk.service.secret, Link(number, mark_of(desk.service.secret, "v"), "mailto", later, "n1"))
        assert desk.client.post(f"/owner/{by_mail}", content=b"answer=me").status_code == 200
        assert desk.client.get("/v1/alerts").json()["alerts"][0]["id"] == number
        by_phone = sign_link(desk.service.secret, Link(number, mark_of(desk.service.secret, "v"), "line", later, "n2"))
        assert desk.client.post(f"/owner/{by_phone}", content=b"answer=me").status_code == 200
        assert desk.client.get("/v1/alerts").json()["alerts"] == []


def test_a_link_that_is_forged_expired_or_of_another_account_does_nothing(tmp_path: Path) -> None:
    with running(tmp_path, Outputs("https://desk.example", owners=Owners())) as desk:
        desk.send(theft("v"))
        number = desk.client.get("/v1/alerts").json()["alerts"][0]["id"]
        secret, later = desk.service.secret, int(time.time()) + 60
        mark = mark_of(secret, "v")
        good = sign_link(secret, Link(number, mark, "line", later, "n1"))
        said, _, mac = good.partition(".")
        bad = {
            sign_link(b"x" * 32, Link(number, mark, "line", later, "n1")): 404,
            f"{said}.": 404,
            f"{said[:-2]}AA.{mac}": 404,
            said: 404,
            sign_link(secret, Link(number, mark, "line", int(time.time()) - 1, "n3")): 410,
            sign_link(secret, Link(number, mark_of(secret, "other"), "line", later, "n4")): 404,
            sign_link(secret, Link(number + 99, mark, "line", later, "n5")): 404,
        }
        for token, status in bad.items():
            assert desk.client.post(f"/owner/{token}", content=b"answer=not_me").status_code == status, token
        assert desk.client.post(f"/owner/{good}", content=b"answer=maybe").status_code == 404
        assert desk.client.get("/v1/alerts").json()["alerts"][0]["id"] == number


def test_a_signature_changes_with_every_part_of_a_link() -> None:
    link = Link(1, "a", "line", 2_000_000_000, "n")
    assert read_link(SECRET, sign_link(SECRET, link), 1.0) == link
    with pytest.raises(LinkError):
        read_link(SECRET, sign_link(SECRET, link) + "x", 1.0)


def test_channels_that_run_programs_are_not_accepted(tmp_path: Path) -> None:
    with running(tmp_path) as desk:
        for url in ("syslog://", "file:///etc/passwd", "windows://", "json://10.0.0.1/"):
            assert desk.client.put("/v1/accounts/a/contacts", json={"urls": [url]}).status_code == 422


def test_an_owner_reached_by_mail_alone_is_warned_of_and_counted(tmp_path: Path) -> None:
    def put(desk: Running, account: str, *urls: str) -> Any:
        return desk.client.put(f"/v1/accounts/{account}/contacts", json={"urls": urls}).json()

    mail, push = "mailto://u:p@mail.example?to=a@b.example", "ntfys://push.example/topic"
    outputs = Outputs("https://desk.example", owners=Owners())
    with running(tmp_path, outputs) as desk:
        assert put(desk, "a", mail)["warning"]["code"] == "mail-only"
        assert put(desk, "a", mail, mail + "&cc=c@d.example")["warning"]["code"] == "mail-only"
        assert put(desk, "b", push, mail)["warning"] is None
        assert put(desk, "c", mail)["warning"]["code"] == "mail-only"
        assert put(desk, "c")["warning"]["code"] == "no-channel"
    with running(tmp_path, outputs) as desk:
        (problem,) = desk.client.get("/readyz").json()["problems"]
        assert (problem["code"], problem["stops"], problem["detail"]) == ("owners_by_mail_only", False, "1 account")
        assert b"kuraban_owners_by_mail_only 1.0" in desk.client.get("/metrics").content
        assert put(desk, "a", mail, push)["warning"] is None
        assert desk.client.get("/readyz").json()["problems"] == []


def test_a_desk_that_asks_for_a_second_channel_refuses_mail_alone(tmp_path: Path) -> None:
    outputs = Outputs("https://desk.example", owners=Owners(require_second_channel=True))
    with running(tmp_path, outputs) as desk:
        path = "/v1/accounts/a/contacts"
        for urls, status in ((["mailto://u:p@mail.example"], 422), (["mailto://u:p@m.example", "line://t/u"], 200)):
            response = desk.client.put(path, json={"urls": urls})
            assert response.status_code == status
        assert response.json()["channels"] == 2


PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[webhook]]\nname = "a"\nurl = "http://x.example"\nsecret_file = "{s}"', "must be https"),
        ('[[webhook]]\nname = "a"\nurl = "https://x.example"\nsecret_file = "{short}"', "24 bytes"),
        ('[[webhook]]\nname = "a"\nurl = "https://x.example"\nsecret_file = "{mangled}"', "be base64"),
        ('public_url = "https://x.example"\n[owners]\ninternal_hosts = ["http://a"]', "list of host names"),
        ('[[webhook]]\nname = "owner/mail"\nurl = "https://x.example"\nsecret_file = "{s}"', "every name once"),
        ('[[webhook]]\nname = "a"\nurl = "https://x.example"\nsecret = "x"', "unknown secret"),
        ('[[webhook]]\nname = "a"\nurl = "https://x.example"\nsecret_file = "{s}"\nleast = "allow"', "least is one of"),
        ('[[shared_signals]]\nname = "a"\ndelivery = "pull"', "push"),
        ('[[shared_signals]]\nname = "a"\ndelivery = "poll"\nkey_file = "{s}"', "not a private key"),
        ('[owners]\nleast = "hold"', "needs public_url"),
        ('[owners]\nrequire_second_channel = "yes"', "true or false"),
        ("nonsense = 1", "unknown nonsense"),
    ],
)
def test_a_settings_file_that_cannot_be_right_is_refused_with_the_reason(tmp_path: Path, text: str, words: str) -> None:
    secret, short, mangled = tmp_path / "s", tmp_path / "short", tmp_path / "mangled"
    mangled.write_bytes(b"whsec_" + SECRET)
    secret.write_bytes(SECRET)
    short.write_bytes(b"short")
    path = tmp_path / "outputs.toml"
    path.write_text(text.replace("{s}", str(secret)).replace("{short}", str(short)).replace("{mangled}", str(mangled)))
    with pytest.raises(OutputsError, match=words):
        settings.load(path)


@pytest.mark.parametrize("secret", ["whsec_" + base64.b64encode(SECRET).decode(), base64.b64encode(SECRET).decode()])
def test_the_check_of_webhooks_that_the_documents_show_believes_the_desk_and_nobody_else(
    tmp_path: Path, secret: str
) -> None:
    page = (Path(__file__).parent.parent / "docs" / "operations.md").read_text("utf-8")
    shown: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], shown)
    (tmp_path / "s").write_text(secret + "\n")
    path = tmp_path / "outputs.toml"
    path.write_text(f'[[webhook]]\nname = "a"\nurl = "https://x.example"\nsecret_file = "{tmp_path}/s"\n')
    key = settings.load(path).webhooks[0].secret
    assert key == (SECRET if secret.startswith("whsec_") else secret.encode())
    now = int(time.time())
    headers, old = webhook_headers(key, "msg_1", now, b"{}"), webhook_headers(key, "msg_1", now - 400, b"{}")
    believed = shown["believed"]
    assert believed(secret, headers, b"{}")
    assert not believed(secret, headers, b"{ }")
    assert not believed(secret, {**headers, "webhook-id": "msg_2"}, b"{}")
    assert not believed(secret, old, b"{}")


def test_a_settings_file_is_read_with_its_secrets_and_does_not_show_them(tmp_path: Path) -> None:
    (tmp_path / "s").write_bytes(SECRET + b"\n")
    (tmp_path / "key").write_bytes(PEM)
    path = tmp_path / "outputs.toml"
    path.write_text(
        f'public_url = "https://desk.example"\n[[webhook]]\nname = "a"\nurl = "https://x.example"\n'
        f'secret_file = "{tmp_path}/s"\nleast = "hold"\n[[shared_signals]]\nname = "b"\ndelivery = "poll"\n'
        f'issuer = "i"\naudience = "c"\nkey_file = "{tmp_path}/key"\n[owners]\nlink_hours = 5\n'
    )
    found = settings.load(path)
    assert found.webhooks == (Webhook("a", "https://x.example", SECRET, 3),)
    assert found.streams[0].url is None
    assert found.owners == Owners(2, 5.0)
    assert SECRET.decode() not in repr(found)
