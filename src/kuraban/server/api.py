"""The types of the HTTP API beyond events and decisions; OpenAPI is generated from them."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from kuraban.decisions import Decision, Reason

Words = Annotated[str, Meta(max_length=2000)]
Reasons = Annotated[str, Meta(min_length=1, max_length=2000)]
Person = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern="^(?!(owner|engine|server|file|start)$)",  # who else acts here
        description="who acts, as your own system knows them",
    ),
]
State = Literal["open", "acknowledged", "takeover", "owner"]


class Accepted(Struct, frozen=True):
    """An event that was journaled and is not decided upon."""

    event: str
    account: str
    outcome: Literal["accepted"] = "accepted"


class Fallback(Struct, frozen=True):
    """The policy's fallback action, because the deadline passed before the decision was there. It is no
    acknowledgement: the event may not be durable yet; send it again to be sure, and to get its decision."""

    event: str
    account: str
    time: str
    action: str
    reasons: tuple[Reason, ...]
    fallback: bool = True
    probability: None = None
    exposure: None = None
    expected_loss: None = None
    group: None = None


class Rejected(Struct, frozen=True):
    """An event that was not taken. index: its place in the request, from 0."""

    index: int
    code: str
    reason: str


class Outcomes(Struct, frozen=True):
    """What became of many events. outcomes: `accepted`, `duplicate` or `rejected` for each, in order."""

    accepted: int
    duplicates: int
    rejected: int
    outcomes: list[str]
    rejects: list[Rejected]


class SessionView(Struct, frozen=True):
    """A session the engine remembers. belief: log-odds that it is not the owner's."""

    started: str
    last: str
    country: str | None
    client: str
    belief: float


class AccountView(Struct, frozen=True):
    """What is known and believed of an account. Amounts in account currency, null where unknown."""

    account: str
    first_seen: str
    last_seen: str
    probability: float
    cash: float | None
    linked_cash: float | None
    margin_power: float | None
    positions: float | None
    logins: float
    buys: float
    watched_until: str | None
    sessions: list[SessionView]
    open_alert: int | None


class TimelineItem(Struct, frozen=True):
    """One event as it came, and what was decided: on it, or because of it."""

    seq: int
    received: str
    event: msgspec.Raw
    decisions: list[Decision]


class Timeline(Struct, frozen=True):
    """A page of an account's events, newest first. next: the cursor of the next page, null at the end."""

    events: list[TimelineItem]
    next: str | None


class AlertView(Struct, frozen=True):
    """An alert. decision: the gravest one. group: the ring or spray it belongs to. last_act: the newest act."""

    id: int
    account: str
    state: State
    opened: str
    updated: str
    expected_loss: float
    group: str | None
    events: int
    decision: msgspec.Raw
    last_act: int | None


class Alerts(Struct, frozen=True):
    """A page of alerts by expected loss. next: the cursor of the next page, null at the end."""

    alerts: list[AlertView]
    next: str | None


class ActView(Struct, frozen=True):
    """What somebody did about an alert, when and why. note: it left the state as it was."""

    id: int
    at: str
    who: str
    state: State
    why: str
    note: bool


class AlertDetail(Struct, frozen=True):
    """An alert with its history and its events."""

    alert: AlertView
    acts: list[ActView]
    events: list[TimelineItem]


class Seen(Struct, frozen=True, forbid_unknown_fields=True):
    """An alert as it was looked at before acting: its `state` and, unless left out, its `last_act`."""

    state: State
    act: int | UnsetType | None = UNSET


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """Change an alert's state. `takeover` and `owner` are verdicts and go back to the engine. With `expect` the answer
    is 409, and nothing changes, where somebody acted since."""

    state: State
    who: Person
    why: Words = ""
    expect: Seen | None = None


class GroupStep(Struct, frozen=True, forbid_unknown_fields=True):
    """Change the state of every open or acknowledged alert of a ring or spray. With `expect`, how many of them were
    looked at, the answer is 409, and nothing changes, where there are more or fewer by now."""

    state: State
    who: Person
    why: Words = ""
    expect: Annotated[int, Meta(ge=0)] | None = None


class GroupStepped(Struct, frozen=True):
    """The alerts changed together. left: how many are too many for once; ask again."""

    group: str
    alerts: list[AlertView]
    left: int


class Note(Struct, frozen=True, forbid_unknown_fields=True):
    """A note on an alert, which stays in its state."""

    who: Person
    why: Reasons


class Group(Struct, frozen=True):
    """A ring or spray with open alerts."""

    group: str
    alerts: int
    expected_loss: float


class Groups(Struct, frozen=True):
    """Rings and sprays, gravest first."""

    groups: list[Group]


class AuditEntry(Struct, frozen=True):
    """An entry of the audit log; `hash` (hex) seals it and everything before."""

    n: int
    at: str
    kind: str
    who: str
    body: msgspec.Raw
    hash: str


class Audit(Struct, frozen=True):
    """A page of the audit log, newest first."""

    entries: list[AuditEntry]
    next: str | None


class PolicyView(Struct, frozen=True):
    """A policy that decides, or decided, from event `first` on. approved_by: the second person, if needed."""

    version: int
    first: int
    at: str
    who: str
    why: str
    approved_by: str | None
    toml: str


class Policies(Struct, frozen=True):
    """Every policy, the present one first; what a shadow policy would have done, counted by both actions.

    two_person: whether a change needs a second person. proposals: how many wait for one.
    """

    policies: list[PolicyView]
    shadow: str | None
    shadow_pairs: dict[str, int]
    two_person: bool
    proposals: int


class NewPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """A policy to decide by from now on (or, as `shadow`, to decide along). why: needed under the two-person rule."""

    toml: Annotated[str, Meta(max_length=65_536)]
    who: Person
    why: Words = ""
    shadow: bool = False


class ApprovalView(Struct, frozen=True):
    """Somebody who agreed to a proposal, signed in to the console."""

    who: str
    at: str
    why: str


class ProposalView(Struct, frozen=True):
    """A change of the policy that waits, or waited, for a second person; what became of it, by whom and why. by: how
    the proposer was known (`console:…` signed in, `key:…`, `file`). needed: how many have to approve."""

    id: int
    state: Literal["proposed", "approved", "rejected", "withdrawn"]
    at: str
    who: str
    why: str
    decided_by: str | None
    decided_at: str | None
    decided_why: str
    toml: str
    by: str | None
    approvals: list[ApprovalView]
    needed: int


class Proposals(Struct, frozen=True):
    """A page of proposals, newest first."""

    proposals: list[ProposalView]
    next: str | None


class Judgement(Struct, frozen=True, forbid_unknown_fields=True):
    """Turn a proposal down (`approve` false); whoever made it withdraws it so. To approve takes a manager who is signed
    in to the console: with a key alone the answer is 403 (`person-needed`)."""

    approve: bool
    who: Person
    why: Reasons


class Contact(Struct, frozen=True, forbid_unknown_fields=True):
    """How an owner is reached: channel addresses as Apprise writes them."""

    urls: Annotated[list[Annotated[str, Meta(min_length=3, max_length=1024)]], Meta(max_length=8)]


class Caution(Struct, frozen=True):
    """Why what was accepted should not stay so."""

    code: Literal["mail-only", "no-channel"]
    ja: str
    en: str


class Contacts(Struct, frozen=True):
    """How many channels of an owner are used now; addresses themselves are never read back."""

    account: str
    channels: int
    kept_though_replaced: int
    warning: Caution | None


class Message(Struct, frozen=True):
    """A message to another system."""

    id: int
    target: str
    made: str
    state: str
    tries: int
    problem: str


class Messages(Struct, frozen=True):
    """Messages that could not be delivered, newest first. next: the cursor of the next page, null at the end."""

    messages: list[Message]
    next: str | None


class Again(Struct, frozen=True, forbid_unknown_fields=True):
    """Send everything that could not be delivered to a receiver once more. target: as the messages name it."""

    target: Annotated[str, Meta(min_length=1, max_length=256)]


class SentAgain(Struct, frozen=True):
    """How many messages are on their way again."""

    target: str
    messages: int


class Poll(Struct, frozen=True):
    """A poll of security event tokens (RFC 8936): which are acknowledged, how many are asked for."""

    maxEvents: Annotated[int, Meta(ge=0, le=1000)] = 100  # noqa: N815
    returnImmediately: bool = True  # noqa: N815
    ack: Annotated[list[str], Meta(max_length=1000)] = []
    setErrs: dict[str, Any] = {}  # noqa: N815


class Polled(Struct, frozen=True):
    """Security event tokens by their id."""

    sets: dict[str, str]
    moreAvailable: bool  # noqa: N815


class Health(Struct, frozen=True):
    """Whether the server takes events, and what is wrong."""

    status: Literal["ready", "not-ready"]
    problems: list["ConditionView"]


class ConditionView(Struct, frozen=True):
    """A condition of the server. stops: nothing is accepted while it lasts."""

    code: str
    stops: bool
    ja: str
    en: str
    detail: str
