"""The simulated broker: one function for every act, whoever performs it.

Owners and thieves call the same functions, so an event's form cannot tell them apart.
"""

from kuraban.sim import times
from kuraban.sim.agenda import Agenda, Script
from kuraban.sim.books import Account, Client, Visit
from kuraban.sim.draws import Draws, Names
from kuraban.sim.exchange import Exchange
from kuraban.sim.market import Market
from kuraban.sim.parameters import World
from kuraban.sim.stream import Group, Stream, Takeover


class Broker:
    """Access, settings, money, notices. Every method acts at the agenda's present moment."""

    def __init__(self, world: World, market: Market, agenda: Agenda, stream: Stream, names: Names) -> None:
        self.world, self.market, self.agenda, self.stream, self.names = world, market, agenda, stream, names
        self._draws = Draws(*world.key, 2)
        self._gives_rtt = world["rtt_given"] > 0.5
        self._gives_ends = world["ends_given"] > 0.5
        self._gives_notices = world["notices_given"] > 0.5
        self.asks_pin = world["pin_asked"] > 0.5
        self.challenges_changes = world["changes_challenged"] > 0.5
        self.always_challenges = world["challenge_always"] > 0.5
        self.bank = self._draws.pick(("linked_bank", "bank_link", "net_bank"))
        self.app = self._draws.pick(("KuraTrade", "kabu-plus", "Tsumiki", "TradeNavi"))
        self.exchange = Exchange(self, self._draws)

    @property
    def now(self) -> int:
        """The present moment."""
        return self.agenda.now

    @property
    def today(self) -> int:
        """The present Japanese day."""
        return times.day_at(self.agenda.now)

    # ---- access ------------------------------------------------------------------------------------------------

    def _client(self, client: Client) -> Group:
        group: Group = {"ip": client.ip, "user_agent": client.user_agent}
        if client.device:
            group["device"] = client.device
        group["channel"] = client.channel
        if self._gives_rtt and client.rtt:
            group["rtt_ms"] = client.rtt
        return group

    def visit(self, account: Account, session: str, client: Client, by: Takeover | None) -> Visit:
        """A party's view of a session; emits nothing."""
        return Visit(account, session, client, by, {"session": session, "client": self._client(client)})

    def fail(self, account: Account, client: Client, method: str, by: Takeover | None) -> None:
        """A login that did not succeed."""
        self.stream.emit(
            "login.failed", account.number, {"client": self._client(client), "auth": {"method": method}}, by
        )

    def enter(self, account: Account, client: Client, method: str, by: Takeover | None) -> Visit:
        """A login that succeeds, and the owner's notice of it."""
        visit = self.visit(account, self.names.next()[:12], client, by)
        name = self.stream.emit("login.succeeded", account.number, {**visit.groups, "auth": {"method": method}}, by)
        visit.login, visit.seen = name, self.now
        if client.channel != "api" and by is None:
            account.last = visit
        self.notify(account, "login", name)
        return visit

    def call(self, account: Account) -> Visit:
        """The owner on the telephone with the call centre: no session, no address."""
        return Visit(
            account, "", Client("", "", "", "phone", 0), None, {"client": {"channel": "phone"}}, pin_given=True
        )

    def challenge(self, visit: Visit, method: str, *, passed: bool) -> None:
        """A second factor or trading PIN, passed or not."""
        kind = "challenge.passed" if passed else "challenge.failed"
        self.stream.emit(kind, visit.account.number, {**visit.groups, "auth": {"method": method}}, visit.by)

    def leave(self, visit: Visit) -> None:
        """The end of a session."""
        visit.ended = True
        if self._gives_ends:
            self.stream.emit("session.ended", visit.account.number, visit.groups, visit.by)

    def change(self, visit: Visit, name: str, to: str) -> None:
        """A setting."""
        account = visit.account
        groups = {**visit.groups, "setting": {"name": name, "to": to}}
        event = self.stream.emit("setting.changed", account.number, groups, visit.by)
        if name.startswith("notice."):
            account.notices[name[7:]] = to == "on"
        elif name == "payout_account":
            account.destination = to
        elif name == "sweep":
            account.sweeps = to == "on"
        elif name == "mfa":
            account.factor = "" if to == "off" else to
        elif name == "password":
            account.taken = visit.by is not None
            account.credentials += visit.by is None
        self.notify(account, "setting", event)

    def notify(self, account: Account, kind: str, about: str) -> None:
        """Send the owner a notice, if the broker reports them and the owner has them on."""
        if self._gives_notices and account.notices.get(kind, kind == "setting"):
            delay = int(self._draws.lognormal(6_000, 0.9))
            self.agenda.start(self.now + delay, self._notice(account, kind, about))

    def _notice(self, account: Account, kind: str, about: str) -> Script:
        groups = {"about": [about], "notice": {"kind": kind, "channel": account.mail}}
        self.stream.emit("notice.sent", account.number, groups, None)
        yield from ()

    def reset(self, account: Account, denied: list[str], *, confirmed: bool = False) -> None:
        """The broker has spoken with the owner: what he says of the events, and new credentials if not his."""
        kind = "owner.confirmed" if confirmed else "owner.denied"
        if denied:
            self.stream.emit(kind, account.number, {"about": denied}, None)
        if confirmed:
            return
        self.exchange.cancel_all_of_thieves(account)
        self.stream.emit("credentials.reset", account.number, {}, None)
        account.credentials += 1
        account.resets += 1
        account.taken = False
        account.last = None
        account.known.clear()

    # ---- money -------------------------------------------------------------------------------------------------

    def deposit(self, account: Account, amount: int, source: str, visit: Visit | None = None) -> None:
        """Money comes in."""
        groups = {**(visit.groups if visit else {}), "cash": {"amount": amount, "source": source}}
        by = visit.by if visit else None
        name = self.stream.emit("cash.deposited", account.number, groups, by)
        account.cash += amount
        account.touched = True
        self.notify(account, "cash", name)

    def sweep(self, account: Account, amount: int, visit: Visit | None) -> None:
        """Pull money over the bank link."""
        amount = min(amount, int(account.linked_cash))
        if amount <= 0:
            return
        groups = {**(visit.groups if visit else {}), "cash": {"amount": amount, "source": self.bank}}
        name = self.stream.emit("cash.swept", account.number, groups, visit.by if visit else None)
        account.cash += amount
        account.linked_cash -= amount
        account.touched = True
        self.notify(account, "cash", name)

    def withdraw(self, visit: Visit, amount: int) -> None:
        """Ask for a payment to the payout account; it leaves on the next business day."""
        account = visit.account
        if amount <= 0 or amount > account.may_leave(self.today):
            return
        cash = {"amount": amount, "destination": account.destination}
        name = self.stream.emit("withdrawal.requested", account.number, {**visit.groups, "cash": cash}, visit.by)
        account.cash -= amount
        account.touched = True
        self.notify(account, "withdrawal", name)
        when = times.midnight(times.business_after(self.today)) + int(self._draws.between(8.6, 14.5) * times.HOUR)
        self.agenda.start(when, self._pay(account, cash, visit.by, account.resets))

    def _pay(self, account: Account, cash: Group, by: Takeover | None, resets: int) -> Script:
        if by is not None and account.resets != resets:
            account.cash += cash["amount"]  # stopped in time
        else:
            self.stream.emit("withdrawal.paid", account.number, {"cash": cash}, by)
        account.touched = True
        yield from ()

    def margin_power(self, account: Account) -> int:
        """What can still be bought on margin."""
        if not account.margin_ratio:
            return 0
        used = sum(cost for _, cost in account.on_margin.values())
        collateral = account.cash + 0.8 * sum(
            self.market.value(n, q, self.now)
            for n, q in account.positions.items()
            if self.market.instruments[n].segment in ("prime", "standard", "growth")
        )
        return max(0, round(account.margin_ratio * collateral - used))

    def snapshot(self, account: Account) -> None:
        """The books as of now."""
        positions = [
            {"instrument": self.market.instruments[n].code, "value": self.market.value(n, q, self.now)}
            for n, q in account.positions.items()
            if q > 0
        ]
        holdings = {
            "cash": round(account.cash),
            "linked_cash": round(account.linked_cash) if account.linked else 0,
            "margin_power": self.margin_power(account),
            "positions": positions,
        }
        self.stream.emit("account.snapshot", account.number, {"holdings": holdings}, None)
        account.touched = False

    def worth(self, account: Account) -> float:
        """Cash and holdings at present prices."""
        return account.cash + sum(self.market.value(n, q, self.now) for n, q in account.positions.items())
