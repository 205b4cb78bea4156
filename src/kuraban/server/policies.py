"""Which policy decides, and how another comes to: at once, or under the two-person rule when others agree.

Under the rule two people whom the console knows by their own sign-in stand behind every change: whoever proposed it and
another one who approves; or, where nobody signed in proposed it (an API key, the policy file), two who approve. A key
and a file are not people: one person may hold several keys, write the file, and call himself what he likes.

Every way in leads through here: the API, other parts of the program, the policy file at a start or when it is read
again. What changes is changed by the engine's thread between two batches (before the first one at a start), so that
each event is decided by exactly one policy; the job that goes with it makes it durable.
"""

import hashlib
import sqlite3
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kuraban.core import policy
from kuraban.journal import proposals, store
from kuraban.journal.audit import Trail
from kuraban.journal.live import Live
from kuraban.journal.proposals import APPROVED, REJECTED, WITHDRAWN, Approval, Proposal
from kuraban.journal.store import PolicyVersion

Job = Callable[[sqlite3.Connection, Trail], object]

FILE, START = "file", "start"
CONSOLE = "console:"  # how the keys of people begin who are signed in there; their number follows
MOST_WAITING = 100
_GIVEN, _RULE = "policy_given", "two_person"  # facts: the policy file as it was read last, whether the rule was on


_BARRED = {
    "person-needed": "a manager signed in to the console has to approve it: an API key proves no person",
    "same-person": "whoever proposed it, or has approved it before, cannot approve it",
}


class RefusedError(ValueError):
    """A change that is not made; nothing has changed. code: that of the problem details."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Asker:
    """Who asks for a change and why. key: how the server knows them: signed in (`console:…`), by an API key (`key:…`),
    None for not at all."""

    who: str
    why: str = ""
    key: str | None = None

    def is_also(self, other: Proposal | Approval) -> bool:
        """Whether the proposal or approval is this person's own: the same name, or the same key under another name."""
        return _plain(self.who) == _plain(other.who) or (self.key is not None and self.key == other.key)


def by_person(key: str | None) -> bool:
    """Whether a key is that of somebody who is signed in to the console."""
    return key is not None and key.startswith(CONSOLE)


def needed(proposal: Proposal) -> int:
    """How many people have to approve a proposal."""
    return 1 if by_person(proposal.key) else 2


def barred(proposal: Proposal, asker: Asker) -> str | None:
    """Why somebody cannot approve a proposal (the code of a `RefusedError`), None where he can."""
    if not by_person(asker.key):
        return "person-needed"
    own = asker.is_also(proposal) or any(asker.is_also(each) for each in proposal.approvals)
    return "same-person" if own else None


class PolicyControl:
    """The policies of a desk. two_person: whether a change needs a second person. fallback: the action that stands in
    for a decision that is late, by the policy that decides."""

    def __init__(self, two_person: bool):
        self.two_person = two_person
        self.versions: list[PolicyVersion] = []
        self.waiting: dict[int, Proposal] = {}
        self._newest = 0
        self.fallback = "challenge"

    def begin(self, live: Live, connection: sqlite3.Connection, text: str, record: np.ndarray, at: int) -> None:
        """At a start: what decided last goes on, unless the policy file is another than the one read last."""
        self.versions = store.policies(connection)
        self.waiting = {each.id: each for each in proposals.waiting(connection)}
        self._newest = proposals.newest(connection)
        connection.execute("BEGIN IMMEDIATE")
        trail = Trail(connection)
        self._note_rule(connection, trail, at)
        if not self.versions:
            _, job = self._change(live, text, record, Asker(START, "the first start"), at)
            job(connection, trail)
        elif self._last_given(connection) != _mark(text, record):
            _, job = self.take_file(live, text, record, "the policy file differed at a start", at)
            job(connection, trail)
        store.set_fact(connection, _GIVEN, _mark(text, record))
        connection.execute("COMMIT")
        live.replay.policy = self.versions[-1].load()
        self.fallback = policy.fallback(self.versions[-1].toml)

    def take_file(
        self, live: Live, text: str, record: np.ndarray, why: str, at: int
    ) -> tuple[PolicyVersion | Proposal | None, Job]:
        """What the policy file says now; None where that decides already. What it proposed before is withdrawn."""
        earlier = [each for each in self.waiting.values() if each.key == FILE]
        same = next((each for each in earlier if each.toml == text), None)
        jobs = [self._settle(each, WITHDRAWN, Asker(FILE, why), at)[1] for each in earlier if each is not same]
        found: PolicyVersion | Proposal | None = same
        if _mark(text, record) != _mark_of(self.versions[-1]) and same is None:
            found, job = self.ask(live, text, record, Asker(FILE, why, FILE), at)
            jobs.append(job)
        jobs.append(lambda connection, trail: store.set_fact(connection, _GIVEN, _mark(text, record)))
        return found, lambda connection, trail: [each(connection, trail) for each in jobs]

    def ask(
        self, live: Live, text: str, record: np.ndarray, asker: Asker, at: int
    ) -> tuple[PolicyVersion | Proposal, Job]:
        """Decide by another policy: from the next event on, or once others agree. Raises `RefusedError`."""
        if not self.two_person:
            return self._change(live, text, record, asker, at)
        _need_reason(asker)
        if len(self.waiting) >= MOST_WAITING:
            raise RefusedError("conflict", f"{MOST_WAITING} proposals wait already; decide on some of them first")
        self._newest += 1
        proposal = Proposal(self._newest, text, asker.who, asker.why, at, asker.key)
        self.waiting[proposal.id] = proposal
        said = {"proposal": proposal.id, "why": asker.why, "by": asker.key, "sha256": _digest(text)}

        def job(connection: sqlite3.Connection, trail: Trail) -> None:
            proposals.add(connection, proposal)
            trail.add(at, "policy-proposed", asker.who, said)

        return proposal, job

    def proposal(self, number: int) -> Proposal:
        """A proposal that waits. Raises KeyError, `RefusedError` for one that was decided on."""
        found = self.waiting.get(number)
        if found is None:
            if not 0 < number <= self._newest:
                raise KeyError(number)
            raise RefusedError("conflict", f"proposal {number} has been decided on already")
        return found

    def decide(self, live: Live, number: int, record: np.ndarray | None, asker: Asker, at: int) -> tuple[Proposal, Job]:
        """Approve a proposal (with its record), or turn it down (None): its own maker withdraws it. It decides when as
        many have approved as it needs. Raises KeyError, `RefusedError`."""
        proposal = self.proposal(number)
        _need_reason(asker)
        if record is None:
            return self._settle(proposal, WITHDRAWN if asker.is_also(proposal) else REJECTED, asker, at)
        code = barred(proposal, asker)
        if code is not None:
            raise RefusedError(code, _BARRED[code])
        return self._approve(live, proposal, record, asker, at)

    def _approve(
        self, live: Live, proposal: Proposal, record: np.ndarray, asker: Asker, at: int
    ) -> tuple[Proposal, Job]:
        approval = Approval(asker.who, str(asker.key), at, asker.why)
        approved = proposal._replace(approvals=(*proposal.approvals, approval))
        if len(approved.approvals) < needed(approved):
            self.waiting[approved.id] = approved
            said = {"proposal": approved.id, "why": asker.why, "by": asker.key, "needed": needed(approved)}

            def agreed(connection: sqlite3.Connection, trail: Trail) -> None:
                proposals.approve(connection, approved)
                trail.add(at, "policy-approved", asker.who, said)

            return approved, agreed
        settled, settling = self._settle(approved, APPROVED, asker, at)
        proposer = Asker(proposal.who, proposal.why, proposal.key)
        names = ", ".join(each.who for each in approved.approvals)
        _, change = self._change(live, proposal.toml, record, proposer, at, approved_by=names)

        def decided(connection: sqlite3.Connection, trail: Trail) -> None:
            proposals.approve(connection, approved)
            settling(connection, trail)
            change(connection, trail)

        return settled, decided

    def _settle(self, proposal: Proposal, state: str, asker: Asker, at: int) -> tuple[Proposal, Job]:
        del self.waiting[proposal.id]
        settled = proposal._replace(state=state, decided_by=asker.who, decided_at=at, decided_why=asker.why)
        said = {"proposal": proposal.id, "state": state, "why": asker.why, "by": asker.key}

        def job(connection: sqlite3.Connection, trail: Trail) -> None:
            proposals.settle(connection, settled)
            trail.add(at, "policy-decided", asker.who, said)

        return settled, job

    def _change(
        self, live: Live, text: str, record: np.ndarray, asker: Asker, at: int, approved_by: str | None = None
    ) -> tuple[PolicyVersion, Job]:
        version = PolicyVersion(
            len(self.versions) + 1, live.next, at, asker.who, text, store.recorded(record), asker.why, approved_by
        )
        live.replay.policy = record
        self.fallback = policy.fallback(text)
        self.versions.append(version)
        said = {"version": version.version, "first": version.first, "why": asker.why, "by": asker.key}
        said |= {"sha256": _digest(text), "record": version.digest(), "approved_by": approved_by}

        def job(connection: sqlite3.Connection, trail: Trail) -> None:
            store.add_policy(connection, version)
            trail.add(at, "policy", asker.who, said)

        return version, job

    def _last_given(self, connection: sqlite3.Connection) -> str | None:
        found = store.fact(connection, _GIVEN)
        if found is None:  # written by a version that did not note it: what the file said is among the policies
            of_file = [each for each in self.versions if each.who in (START, FILE)]
            found = _mark_of(of_file[-1]) if of_file else None
        return found

    def _note_rule(self, connection: sqlite3.Connection, trail: Trail, at: int) -> None:
        """That the rule is on, or not any more, is told where every change is told."""
        was = store.fact(connection, _RULE) == "on"
        if was != self.two_person:
            store.set_fact(connection, _RULE, "on" if self.two_person else "off")
            trail.add(at, "two-person-rule", "server", {"on": self.two_person})


def _need_reason(asker: Asker) -> None:
    if not asker.why.strip():
        raise RefusedError("invalid-request", "`why` is needed: the other person has to know the reason")


def _mark(text: str, record: np.ndarray) -> str:
    """What tells policies apart that do something else: the numbers, and the action that stands in for late ones."""
    return _mark_of(PolicyVersion(0, 0, 0, "", text, store.recorded(record)))


def _mark_of(version: PolicyVersion) -> str:
    late = policy.fallback(version.toml)
    # Written like this before there was another one than challenge.
    return hashlib.sha256(version.record + (b"" if late == "challenge" else late.encode())).hexdigest()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(name: str) -> str:
    """A name without what makes two spellings of it: case, width, spaces, invisible characters."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(each for each in folded if unicodedata.category(each) not in ("Cf", "Zs", "Cc"))
