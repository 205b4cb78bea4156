"""What a trained model is given of an event: numbers known before it takes effect, from the stream so far alone.

The usual inventory of account-takeover models: novelty of device, network and client, rhythm, failures around,
settings changed, holdings moved, the instrument's liquidity and its crowd. `Features.observe` returns them for events
that are decided upon and then learns. Unknown numbers are NaN, which the trees handle by themselves.
"""

import math
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping

from kuraban.baselines.stream import DECIDED_UPON, HOUR, Event, Order, Surroundings, notional, prefix
from kuraban.core.layout import DECIDABLE, METHODS, NET_ANONYMISER, NET_HOSTING, NET_MOBILE, SETTINGS
from kuraban.evaluate.files import JST
from kuraban.evaluate.files import day as day_of

NAN = math.nan
MINUTE = HOUR // 60
DAY = 24 * HOUR
JAPAN = ord("J") << 8 | ord("P")
SENSITIVE = ("password", "email", "phone", "mfa", "device", "payout_account", "sweep")

NAMES = (
    *("type", "hour", "weekday", "channel_app", "channel_api", "rtt", "method", "setting", "setting_off"),
    *("age_days", "logins", "days_since_login", "days_since_event", "gap_s", "hour_share"),
    *("new_device", "no_device", "new_net", "new_asn", "new_country", "new_agent", "new_browser", "new_os"),
    *("device_age_days", "asn_age_days", "asn_share", "agent_share", "abroad", "hosting", "anonymiser", "mobile"),
    *("session_s", "session_new_device", "session_new_asn", "session_new_agent", "session_challenged"),
    *("session_events", "session_settings", "session_sells", "session_buys", "session_sold_share", "session_names"),
    *("moved_network", "failures_hour", "failures_day", "net_accounts_day", "net_failures_day", "net_fail_share"),
    *("hours_since_payout", "hours_since_sensitive", "hours_since_muted", "hours_since_sweep", "hours_since_sale"),
    *("buy", "margin", "recurring", "log_notional", "notional_z", "of_account", "of_position", "new_name", "orders"),
    *(
        "log_adv",
        "log_of_adv",
        "log_price",
        "price_move",
        "crowd_hour",
        "crowd_day",
        "crowd_usual",
        "crowd_sellers",
        "crowd_odd",
    ),
    *("amount_of_account", "new_destination", "cash_share", "log_wealth", "linked_of_wealth", "positions"),
)


class _Account:
    """What is known of one account."""

    __slots__ = (
        *(
            "agents",
            "asn_first",
            "asns",
            "browsers",
            "cash",
            "challenged",
            "countries",
            "destinations",
            "devices",
            "failures",
        ),
        *("first", "hours", "last", "linked", "login", "logins", "muted", "names", "nets", "notional", "orders"),
        *("payout", "positions", "sale", "sensitive", "session", "square", "sweep", "systems", "wealth"),
    )

    def __init__(self, time: int) -> None:
        self.first = self.last = time
        self.login = self.payout = self.sensitive = self.muted = self.sweep = self.sale = 0
        self.logins = self.orders = 0
        self.notional = self.square = 0.0
        self.cash = self.linked = self.wealth = NAN
        self.positions: dict[str, float] = {}
        self.devices: dict[str, int] = {}  # first seen
        self.asn_first: dict[int, int] = {}
        self.nets: set[str | None] = set()
        self.countries: set[int] = set()
        self.browsers: set[int] = set()
        self.systems: set[int] = set()
        self.destinations: set[str] = set()
        self.asns: dict[int, int] = defaultdict(int)
        self.agents: dict[str, int] = defaultdict(int)
        self.names: set[str] = set()
        self.hours = [0] * 24
        self.failures: deque[int] = deque(maxlen=50)
        self.session = _Session("", time)


class _Session:
    """What happened since the login."""

    __slots__ = (
        *("agent", "asn", "buys", "challenged", "device", "events", "id", "names", "new_agent", "new_asn"),
        *("new_device", "sells", "settings", "sold", "start"),
    )

    def __init__(self, name: str, start: int) -> None:
        self.id, self.start = name, start
        self.asn = 0
        self.new_device = self.new_asn = self.new_agent = self.challenged = False
        self.events = self.settings = self.sells = self.buys = 0
        self.sold = 0.0
        self.names: set[str] = set()


class _Network:
    """One /24 or /48 today."""

    __slots__ = ("accounts", "day", "failures", "requests")

    def __init__(self) -> None:
        self.day, self.failures, self.requests = -1, 0, 0
        self.accounts: set[str] = set()


class _Crowd:
    """Who bought one name lately without having bought it before, and what it costs."""

    __slots__ = ("buyers", "first", "price", "total")

    def __init__(self, time: int) -> None:
        self.first, self.total, self.price = time, 0, NAN
        self.buyers: deque[tuple[int, str, bool, bool]] = deque()


def _since(time: int, then: int, unit: int) -> float:
    return (time - then) / unit if then else NAN


def _log(value: float) -> float:
    return math.log(value) if value > 0 else NAN


class Features:
    """Turns the stream into rows, in order. `instruments`: name → (average daily value in JPY, price), NaN unknown."""

    def __init__(self, around: Surroundings, instruments: Mapping[str, tuple[float, float]]) -> None:
        self._around = around
        self._instruments = instruments
        self._accounts: dict[str, _Account] = {}
        self._networks: dict[str, _Network] = defaultdict(_Network)
        self._crowds: dict[str, _Crowd] = {}

    def observe(self, event: Event, time: int) -> list[float] | None:
        """The row of an event that is decided upon, None of any other; `NAMES` names its columns."""
        account = self._accounts.get(event.account)
        if account is None:
            account = self._accounts[event.account] = _Account(time)
        if event.type in ("login.succeeded", "login.failed"):
            self._network(event, time)
        row = None
        if event.type == "login.succeeded":
            row_client = self._client(event, account, time)
            self._start(event, account, time, row_client)
            row = self._row(event, account, time, row_client)
        elif event.type in DECIDED_UPON:
            row = self._row(event, account, time, self._client(event, account, time))
        self._learn(event, account, time)
        return row

    def _network(self, event: Event, time: int) -> None:
        network = self._networks[prefix(event.client.ip) or ""]
        today = day_of(time)
        if network.day != today:
            network.day, network.failures, network.requests = today, 0, 0
            network.accounts.clear()
        network.requests += 1
        network.failures += event.type == "login.failed"
        network.accounts.add(event.account)

    def _client(self, event: Event, account: _Account, time: int) -> list[float]:
        client = event.client
        if client.ip is None and client.user_agent is None and client.device is None:
            return [NAN] * 16
        place = self._around.place(client.ip)
        described = self._around.client(client.user_agent)
        logins = max(1, account.logins)
        return [
            float(client.device is not None and client.device not in account.devices),
            float(client.device is None),
            float(prefix(client.ip) not in account.nets),
            float(place.asn not in account.asns),
            float(place.country not in account.countries),
            float((client.user_agent or "") not in account.agents),
            float(described.browser not in account.browsers),
            float(described.os not in account.systems),
            (time - account.devices.get(client.device or "", time)) / DAY,
            (time - account.asn_first.get(place.asn, time)) / DAY,
            account.asns.get(place.asn, 0) / logins,
            account.agents.get(client.user_agent or "", 0) / logins,
            float(place.country not in (0, JAPAN)),
            float(bool(place.flags & NET_HOSTING)),
            float(bool(place.flags & NET_ANONYMISER)),
            float(bool(place.flags & NET_MOBILE)),
        ]

    def _start(self, event: Event, account: _Account, time: int, client: list[float]) -> None:
        session = account.session = _Session(event.session or "", time)
        session.asn = self._around.place(event.client.ip).asn
        session.new_device, session.new_asn, session.new_agent = client[0] == 1, client[3] == 1, client[5] == 1

    def _row(self, event: Event, account: _Account, time: int, client: list[float]) -> list[float]:
        return [
            *self._kind(event, time),
            *self._rhythm(account, time),
            *client,
            *self._within(event, account, time),
            *self._failures(event, account, time),
            *self._before(account, time),
            *self._order(event, account, time),
            *self._money(event, account),
        ]

    def _kind(self, event: Event, time: int) -> Iterable[float]:
        local = time + JST
        name = event.setting.name
        return (
            float(DECIDABLE.index(event.type)),
            local % DAY / HOUR,
            float(local // DAY % 7),
            float(event.client.channel == "app"),
            float(event.client.channel == "api"),
            NAN if event.client.rtt_ms is None else event.client.rtt_ms,
            float(METHODS.index(event.auth.method)) if event.auth.method in METHODS else NAN,
            float(SETTINGS.index(name)) if name in SETTINGS else NAN,
            float(event.setting.to == "off"),
        )

    def _rhythm(self, account: _Account, time: int) -> Iterable[float]:
        hour = (time + JST) % DAY // HOUR
        near = sum(account.hours[(hour + shift) % 24] for shift in (-1, 0, 1))
        return (
            (time - account.first) / DAY,
            float(account.logins),
            _since(time, account.login, DAY),
            (time - account.last) / DAY,
            (time - account.last) / 1e6,
            near / account.logins if account.logins else NAN,
        )

    def _within(self, event: Event, account: _Account, time: int) -> Iterable[float]:
        session = account.session
        asn = self._around.place(event.client.ip).asn if event.client.ip else 0
        return (
            (time - session.start) / 1e6,
            float(session.new_device),
            float(session.new_asn),
            float(session.new_agent),
            float(session.challenged),
            float(session.events),
            float(session.settings),
            float(session.sells),
            float(session.buys),
            session.sold / account.wealth if account.wealth > 0 else NAN,
            float(len(session.names)),
            float(bool(asn and session.asn and asn != session.asn)),
        )

    def _failures(self, event: Event, account: _Account, time: int) -> Iterable[float]:
        network = self._networks.get(prefix(event.client.ip) or "")
        today = network if network is not None and network.day == day_of(time) else _Network()
        return (
            float(sum(time - then <= HOUR for then in account.failures)),
            float(sum(time - then <= DAY for then in account.failures)),
            float(len(today.accounts)),
            float(today.failures),
            today.failures / today.requests if today.requests else NAN,
        )

    def _before(self, account: _Account, time: int) -> Iterable[float]:
        moments = (account.payout, account.sensitive, account.muted, account.sweep, account.sale)
        return (_since(time, then, HOUR) for then in moments)

    def _order(self, event: Event, account: _Account, time: int) -> Iterable[float]:
        order = event.order
        if event.type != "order.placed" or order.instrument is None:
            return [NAN] * 18
        value = notional(order)
        mean = account.notional / account.orders if account.orders else NAN
        spread = math.sqrt(max(0.25, account.square / account.orders - mean * mean)) if account.orders else NAN
        held = account.positions.get(order.instrument, 0.0)
        return (
            float(order.side == "buy"),
            float(order.margin is True),
            float(order.recurring is True),
            _log(value),
            (math.log1p(value) - mean) / spread,
            value / account.wealth if account.wealth > 0 else NAN,
            value / held if held > 0 else NAN,
            float(order.instrument not in account.names and not held),
            float(account.orders),
            *self._instrument(order, value, time),
        )

    def _instrument(self, order: Order, value: float, time: int) -> Iterable[float]:
        adv, price = self._instruments.get(order.instrument or "", (NAN, NAN))
        crowd = self._crowds.get(order.instrument or "")
        if crowd is None:
            return (_log(adv), _log(value / adv) if adv > 0 else NAN, _log(price), NAN, 0.0, 0.0, 0.0, 0.0, 0.0)
        while crowd.buyers and time - crowd.buyers[0][0] > DAY:
            crowd.buyers.popleft()
        hour = {name for then, name, _, _ in crowd.buyers if time - then <= HOUR}
        now = order.price or NAN
        return (
            _log(adv),
            _log(value / adv) if adv > 0 else NAN,
            _log(price if price > 0 else now),
            math.log(now / crowd.price) if now > 0 and crowd.price > 0 else NAN,
            float(len(hour)),
            float(len({name for _, name, _, _ in crowd.buyers})),
            crowd.total / max(1.0, (time - crowd.first) / DAY),
            float(sum(sold for _, _, sold, _ in crowd.buyers)),
            float(sum(odd for _, _, _, odd in crowd.buyers)),
        )

    def _money(self, event: Event, account: _Account) -> Iterable[float]:
        amount, wealth = event.cash.amount, account.wealth
        known = wealth > 0
        return (
            amount / wealth if amount is not None and known else NAN,
            float(event.cash.destination not in account.destinations) if event.cash.destination else NAN,
            account.cash / wealth if known else NAN,
            _log(wealth),
            account.linked / wealth if known else NAN,
            float(len(account.positions)),
        )

    def _learn(self, event: Event, account: _Account, time: int) -> None:
        session, type_ = account.session, event.type
        if type_ == "login.succeeded":
            self._learn_login(event, account, time)
        elif type_ == "login.failed":
            account.failures.append(time)
        elif type_ == "challenge.passed":
            session.challenged = True
        elif type_ == "setting.changed":
            self._learn_setting(event, account, time)
        elif type_ == "order.placed" and event.order.instrument is not None:
            self._learn_order(event.order, event.account, account, time)
        elif type_ == "cash.swept":
            account.sweep = time
        elif type_ == "withdrawal.requested" and event.cash.destination:
            account.destinations.add(event.cash.destination)
        if event.holdings is not None:
            self._learn_holdings(event, account)
        if type_ in DECIDED_UPON:
            session.events += 1
            account.last = time

    def _learn_login(self, event: Event, account: _Account, time: int) -> None:
        place, client = self._around.place(event.client.ip), self._around.client(event.client.user_agent)
        account.login = time
        account.logins += 1
        account.hours[(time + JST) % DAY // HOUR] += 1
        if event.client.device is not None:
            account.devices.setdefault(event.client.device, time)
        account.nets.add(prefix(event.client.ip))
        account.asns[place.asn] += 1
        account.asn_first.setdefault(place.asn, time)
        account.countries.add(place.country)
        account.agents[event.client.user_agent or ""] += 1
        account.browsers.add(client.browser)
        account.systems.add(client.os)

    def _learn_setting(self, event: Event, account: _Account, time: int) -> None:
        name = event.setting.name or ""
        account.session.settings += 1
        if name == "payout_account":
            account.payout = time
        if name in SENSITIVE:
            account.sensitive = time
        if name.startswith("notice.") and event.setting.to == "off":
            account.muted = time

    def _learn_order(self, order: Order, name: str, account: _Account, time: int) -> None:
        session, instrument = account.session, order.instrument or ""
        value = notional(order)
        session.names.add(instrument)
        if order.side == "sell":
            session.sells += 1
            session.sold += value
            account.sale = time
            return
        session.buys += 1
        crowd = self._crowds.setdefault(instrument, _Crowd(time))
        if order.price:
            crowd.price = order.price if math.isnan(crowd.price) else 0.98 * crowd.price + 0.02 * order.price
        if instrument not in account.names and instrument not in account.positions:
            odd = session.new_device or session.new_asn
            crowd.buyers.append((time, name, session.sells > 0, odd))
            crowd.total += 1
        account.names.add(instrument)
        account.orders += 1
        account.notional += math.log1p(value)
        account.square += math.log1p(value) ** 2

    def _learn_holdings(self, event: Event, account: _Account) -> None:
        holdings = event.holdings
        if holdings is None:
            return
        account.cash = holdings.cash or 0.0
        account.linked = holdings.linked_cash or 0.0
        if holdings.positions is not None:
            account.positions = {held.instrument: held.value or 0.0 for held in holdings.positions}
        account.wealth = account.cash + sum(account.positions.values())
