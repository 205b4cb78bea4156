"""The report: what the evaluation found, as plain data."""

import msgspec


class Share(msgspec.Struct):
    """`hits` of `total` with the 95 % Wilson interval `low`..`high`."""

    hits: int
    total: int
    share: float | None
    low: float
    high: float


class Detection(msgspec.Struct):
    """How many takeovers were found, how many in time, and how long after the attacker's first act (seconds).

    Takeovers of one campaign stand and fall together, which Wilson's intervals ignore; the «clustered» ones do not.
    `on_owner`: finds whose first alert was on an event of the owner's own, in the middle of the takeover.
    """

    recall: Share
    in_time: Share
    campaigns: int
    recall_clustered: tuple[float, float]
    in_time_clustered: tuple[float, float]
    on_owner: int
    seconds_median: float | None
    seconds_p90: float | None


class Budget(msgspec.Struct):
    """Detection when `allowed` innocent account-days may be flagged: an alert has probability > `threshold`.

    `recovering_flagged`: days of attacked accounts after the end of the takeover that are flagged besides.

    `mean_recall` and `mean_in_time` weigh every family alike, whatever its number of takeovers.
    """

    budget: float
    allowed: int
    flagged: int
    recovering_flagged: int
    threshold: float
    overall: Detection
    families: dict[str, Detection]
    mean_recall: float | None
    mean_in_time: float | None


class OperatingPoint(msgspec.Struct):
    """Detection by the decisions' own actions, at `least` or anything stronger."""

    least: str
    flagged_days: int
    per_10k_days: float
    overall: Detection
    families: dict[str, Detection]


class Value(msgspec.Struct):
    """What the attackers bought and withdrew (account currency), and the shares of it that the actions stopped.

    `stopped` counts a challenge as far as the thief cannot pass it; the other two are its bounds: no challenge stops
    anybody, every challenge stops everybody. `losses` is the number of purchases and withdrawals, `losses_stopped` the
    share of them that was stopped, `passing` the share of the family's thieves taken to pass a challenge.
    """

    total: float
    stopped: float | None
    stopped_by_hold_or_lock: float | None
    stopped_if_nobody_passes: float | None
    losses: int
    losses_stopped: float | None
    passing: float | None


class Friction(msgspec.Struct):
    """One action on innocent account-days: decisions, days with at least one, each also per 10,000 account-days."""

    decisions: int
    days: int
    decisions_per_10k: float
    days_per_10k: float


class Segment(msgspec.Struct):
    """A kind of owner: its shares of innocent days, of active ones (with a decision) and of days with friction.

    `ratio` is friction's share over the share of days, `ratio_active` over the share of active days: who acts more
    meets more friction; the second says whether each act meets more. None where the file lists alerts alone.
    """

    name: str
    accounts: int
    innocent_days: int
    active_days: int
    friction_days: int
    share_of_days: float
    share_of_active_days: float | None
    share_of_friction: float | None
    ratio: float | None
    ratio_active: float | None


class Band(msgspec.Struct):
    """Account-days whose highest probability lies in [low, high): expected = Σ p, observed = attacked ones.

    Where a world has more takeovers than the base rate, both are also given with every attacked day weighed down to it:
    the engine's probabilities speak of a world at the base rate, not of one made rich in thieves.
    """

    low: float
    high: float
    days: int
    expected: float
    observed: int
    expected_at_base: float
    observed_at_base: float


class Point(msgspec.Struct):
    """One point of detection against friction: at most `rate` of innocent account-days may be flagged, `flagged` are.

    `recall` and `in_time` are shares of the takeovers.
    """

    rate: float
    flagged: float
    threshold: float
    recall: float
    in_time: float


class Rate(msgspec.Struct):
    """A threshold set elsewhere to flag `nominal` of the account-days, and what it flags of innocent days here."""

    basis: str
    nominal: float
    threshold: float
    flagged: int
    days: int
    realised: float | None
    low: float
    high: float


class Ring(msgspec.Struct):
    """A campaign's instrument bought by several attacked accounts, and when the decisions named a ring on it."""

    campaign: str
    family: str
    instrument: str
    members: int
    named: bool
    members_when_named: int | None
    seconds_after_fifth: float | None
    groups: list[str]


class Group(msgspec.Struct):
    """A ring as the decisions name it: its accounts, and how many of them were taken over at that time."""

    id: str
    accounts: int
    taken_over: int


class Crowds(msgspec.Struct):
    """Decisions that put an innocent account-day into a ring, whatever their action, `acted` those above allow.

    `on_crash_days` of them fell on a day of mass selling, `on_crowded_names` on a day on which news or a listing drew
    a crowd to the very instrument; None where no calendar of the market was given.
    """

    decisions: int
    acted: int
    accounts: int
    on_crash_days: int | None
    on_crowded_names: int | None


class Rings(msgspec.Struct):
    """Rings that were there (five members or more) and rings that were named."""

    rings: list[Ring]
    groups: list[Group]
    named: Share
    named_by_fifth_or_60s: Share
    members_when_named_median: float | None
    seconds_after_fifth_median: float | None
    precision: Share
    false_rings: int
    innocent: Crowds


class Outcome(msgspec.Struct):
    """One takeover: its highest probability, the highest in time, and when each budget's first alert came (seconds)."""

    account: str
    family: str
    campaign: str
    start: str | None
    acts: int
    losses: int
    value: float
    stopped: float
    stopped_by_hold_or_lock: float
    highest: float
    highest_in_time: float
    alert_after: list[float | None]


class Report(msgspec.Struct):
    """Everything the evaluation found; `notes` say what a reader must know before quoting a figure."""

    notes: list[str]
    complete: bool
    events: int
    decisions: int
    unreadable: int
    accounts: int
    account_days: int
    innocent_days: int
    attacked_days: int
    aftermath_days: int
    recovering_days: int
    budgets: list[Budget]
    operating_points: list[OperatingPoint]
    value: dict[str, Value]
    friction: dict[str, Friction]
    aftermath_friction: dict[str, Friction]
    recovering_friction: dict[str, Friction]
    segments: list[Segment]
    bands: list[Band]
    curve: list[Point]
    rates: list[Rate]
    rings: Rings
    takeovers: list[Outcome]
