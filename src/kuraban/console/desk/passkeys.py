"""Passkeys: made by somebody who is signed in, then a way to sign in of their own (Web Authentication, W3C).

A passkey is asked for with user verification (a fingerprint, a face, a PIN) and without a name typed: the authenticator
knows whom it belongs to. Checked are origin, name of the server, challenge, signature and counter, by py_webauthn.
"""

import hmac
import json
from typing import Any, NamedTuple

import webauthn
from webauthn.helpers import base64url_to_bytes, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kuraban.console.desk.challenges import CHALLENGE_S, Challenges
from kuraban.console.desk.people import People, Person, Session

MOST = 20  # of one person
_SIGN_IN = "sign-in"
_NAME = "蔵番 Kuraban"
# What the library's reading of a stranger's bytes may raise besides its own errors.
_BAD = (WebAuthnException, ValueError, KeyError, TypeError, IndexError, AttributeError)


class RefusedError(Exception):
    """A passkey that was not accepted. problem: one of `refusals.PROBLEMS`. whose: the person it belongs to, empty
    where that is not known."""

    def __init__(self, message: str, problem: str = "passkey-wrong", whose: str = ""):
        super().__init__(message)
        self.problem = problem
        self.whose = whose


class Passkey(NamedTuple):
    """A passkey of somebody. made, used: seconds since 1970. host: the server's name it works under."""

    id: bytes
    name: str
    host: str
    made: int
    used: int | None


class Passkeys:
    """The passkeys of a data folder's people. Safe to use from several threads."""

    def __init__(self, people: People, challenges: Challenges | None = None):
        self._people = people
        self._challenges = challenges or Challenges()

    def of(self, person: Person) -> list[Passkey]:
        """Somebody's passkeys, oldest first."""
        with self._people.reading() as connection:
            rows = connection.execute(
                "SELECT id, name, host, made, used FROM passkey WHERE person = ? ORDER BY made, id", (person.id,)
            ).fetchall()
        return [Passkey(*row) for row in rows]

    def offer(self, session: Session, host: str) -> str:
        """What a browser needs to make a passkey, as JSON."""
        return webauthn.options_to_json(
            webauthn.generate_registration_options(
                rp_id=host,
                rp_name=_NAME,
                user_id=self._handle(session.person.id),
                user_name=session.person.name,
                user_display_name=session.person.name,
                challenge=self._challenges.make(_making(session)),
                timeout=CHALLENGE_S * 1000,
                authenticator_selection=AuthenticatorSelectionCriteria(
                    resident_key=ResidentKeyRequirement.REQUIRED,
                    require_resident_key=True,
                    user_verification=UserVerificationRequirement.REQUIRED,
                ),
                exclude_credentials=[
                    PublicKeyCredentialDescriptor(id=each.id) for each in self.of(session.person) if each.host == host
                ],
            )
        )

    def add(self, session: Session, name: str, credential: str, origin: str, host: str) -> None:
        """Keep the passkey a browser has made. Raises `RefusedError`, ValueError for a name that is unfit."""
        if not name or len(name) > 64 or not name.isprintable():
            raise ValueError("a name has 1 to 64 printable characters")
        try:
            challenge = self._answered(json.loads(credential), _making(session))
            found = webauthn.verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=host,
                expected_origin=origin,
                require_user_verification=True,
            )
        except _BAD as error:
            raise RefusedError(str(error)) from error
        if len(self.of(session.person)) >= MOST or not self._challenges.use(challenge):
            raise RefusedError(f"at most {MOST} passkeys, each challenge once")
        person, people = session.person, self._people
        row = (found.credential_id, person.id, name, found.credential_public_key, found.sign_count, int(people.now()))
        with people.changing() as connection:
            cursor = connection.execute(
                "INSERT OR IGNORE INTO passkey (id, person, name, public_key, uses, made, host)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*row, host),
            )
            if cursor.rowcount == 0:
                raise RefusedError("this passkey is known already")
            people.tell(connection, "passkey-added", person.name, {"name": name, "host": host})

    def remove(self, person: Person, id: bytes) -> bool:
        """Make one of somebody's own passkeys useless; False where there is none."""
        with self._people.changing() as connection:
            row = connection.execute(
                "DELETE FROM passkey WHERE id = ? AND person = ? RETURNING name", (id, person.id)
            ).fetchone()
            if row is not None:
                self._people.tell(connection, "passkey-removed", person.name, {"name": row[0]})
        return row is not None

    def ask(self, host: str) -> str:
        """What a browser needs to sign in by passkey, as JSON."""
        return webauthn.options_to_json(
            webauthn.generate_authentication_options(
                rp_id=host,
                challenge=self._challenges.make(_SIGN_IN),
                timeout=CHALLENGE_S * 1000,
                user_verification=UserVerificationRequirement.REQUIRED,
            )
        )

    def enter(self, credential: str, origin: str, host: str, client: str) -> str:
        """The word of a new session of whom a passkey belongs to. Raises `RefusedError`."""
        try:
            shown = json.loads(credential)
            challenge = self._answered(shown, _SIGN_IN)
            id, handle = base64url_to_bytes(shown["id"]), base64url_to_bytes(shown["response"]["userHandle"])
        except _BAD as error:
            raise RefusedError(str(error), "passkey-unreadable") from error
        with self._people.changing() as connection:
            row = connection.execute(
                "SELECT k.public_key, k.uses, p.id, p.handle, p.name FROM passkey k JOIN person p ON p.id = k.person"
                " WHERE k.id = ? AND k.host = ? AND p.removed IS NULL",
                (id, host),
            ).fetchone()
            if row is None or not hmac.compare_digest(handle, row[3]):
                raise RefusedError("no such passkey", "passkey-unknown")
            try:
                found = webauthn.verify_authentication_response(
                    credential=shown,
                    expected_challenge=challenge,
                    expected_rp_id=host,
                    expected_origin=origin,
                    credential_public_key=row[0],
                    credential_current_sign_count=row[1],
                    require_user_verification=True,
                )
            except _BAD as error:
                raise RefusedError(str(error), whose=row[4]) from error
            if not self._challenges.use(challenge):
                raise RefusedError("the challenge was used", "passkey-late", row[4])
            connection.execute(
                "UPDATE passkey SET uses = ?, used = ? WHERE id = ?",
                (found.new_sign_count, int(self._people.now()), id),
            )
            return self._people.begun(connection, row[2], "passkey", client)

    def _answered(self, shown: Any, purpose: str) -> bytes:
        """The challenge that was answered, where it is a good one of ours; raises `RefusedError`, what `_BAD` names."""
        client = parse_client_data_json(base64url_to_bytes(shown["response"]["clientDataJSON"]))
        if client.cross_origin or not self._challenges.good(client.challenge, purpose):
            raise RefusedError("the challenge is unknown, used or expired", "passkey-late")
        return client.challenge

    def _handle(self, person: int) -> bytes:
        with self._people.reading() as connection:
            (handle,) = connection.execute("SELECT handle FROM person WHERE id = ?", (person,)).fetchone()
        return bytes(handle)


def _making(session: Session) -> str:
    """What a challenge for making a passkey is for: this session alone."""
    return f"make {session.digest.hex()}"
