"""How thieves get in: with a stolen password, in a session continued from elsewhere, on the owner's own machine."""

from collections.abc import Generator, Sequence
from dataclasses import replace

from kuraban.sim import acts, clients, times, whereabouts
from kuraban.sim.addresses import address, draw_network, draw_place, round_trip
from kuraban.sim.agenda import Script
from kuraban.sim.books import Client, Visit
from kuraban.sim.broker import Broker
from kuraban.sim.crews import Crew, Foothold, draw_exit
from kuraban.sim.customers import Owner
from kuraban.sim.networks import ABROAD, HOME, HOSTING, MOBILE

Entry = Generator[int, None, Visit | None]


def get_in(broker: Broker, foothold: Foothold) -> Entry:
    """Begin a visit by the family's way in; None if it fails."""
    entry = foothold.crew.family.entry
    if entry == "cookie":
        return (yield from _ride(broker, foothold))
    if entry == "remote":
        return (yield from _remote(broker, foothold))
    if entry == "insider":
        return (yield from _insider(broker, foothold))
    client = foothold.client(broker)
    if foothold.is_out:
        yield from _refused(broker, foothold, client)
        return None
    fails = 1 if foothold.crew.draws.chance(0.06) else 0
    factor = "email_otp" if entry == "stuffing" else None
    return (
        yield from acts.sign_in(
            broker, foothold.hand, foothold.account, client, foothold.takeover, fails=fails, factor=factor
        )
    )


def _refused(broker: Broker, foothold: Foothold, client: Client) -> Script:
    """The password no longer works."""
    for _ in range(foothold.crew.draws.integer(1, 3)):
        broker.fail(foothold.account, client, "password", foothold.takeover)
        yield broker.now + 2_000 + int(foothold.crew.draws.lognormal(12_000, 0.7))


def _ride(broker: Broker, foothold: Foothold) -> Entry:
    """Continue the owner's session with his stolen cookies: no login, his device id, another network."""
    draws, account = foothold.crew.draws, foothold.account
    for _ in range(28):
        last = account.last
        if last is not None and not last.ended and broker.now - last.seen < 8 * times.HOUR:
            client = foothold.client(broker)
            agent = last.client.user_agent
            if not draws.chance(0.4 + foothold.crew.world["mimics"] / 2):
                agent = foothold.device.user_agent(broker.today)
            channel = last.client.channel
            stolen = client._replace(user_agent=agent, device=last.client.device, channel=channel)
            visit = broker.visit(account, last.session, stolen, foothold.takeover)
            visit.pin_given, visit.answers = last.pin_given, False
            return visit
        yield broker.now + int(draws.lognormal(4 * times.HOUR, 0.5))
        if foothold.is_out:
            return None
    return None


def _remote(broker: Broker, foothold: Foothold) -> Entry:
    """Move the owner's own mouse: his machine, his line, often his open session."""
    owner, account = foothold.owner, foothold.account
    device = owner.desk or owner.phone
    assert device is not None
    client = whereabouts.at_home(broker, owner, device)
    last = account.last
    if last and not last.ended and last.client.device == device.token and broker.now - last.seen < 2 * times.HOUR:
        visit = broker.visit(account, last.session, last.client, foothold.takeover)
        visit.pin_given = last.pin_given
        return visit
    if foothold.crew.draws.chance(0.5):  # the owner is talked into logging in himself
        visit_by_owner = yield from acts.sign_in(broker, owner.hand, account, client, None)
        if visit_by_owner is None:
            return None
        yield broker.now + int(foothold.crew.draws.lognormal(90_000, 0.8))
        visit = broker.visit(account, visit_by_owner.session, client, foothold.takeover)
        visit.pin_given = visit_by_owner.pin_given
        return visit
    return (yield from acts.sign_in(broker, foothold.hand, account, client, foothold.takeover))


def _insider(broker: Broker, foothold: Foothold) -> Entry:
    """Somebody of the household: the line at home, the shared machine or his own."""
    owner, draws = foothold.owner, foothold.crew.draws
    shared = owner.desk if owner.desk and draws.chance(0.6) else foothold.device
    client = whereabouts.at_home(broker, owner, shared)
    return (yield from acts.sign_in(broker, foothold.hand, foothold.account, client, foothold.takeover))


def spray(
    broker: Broker, crew: Crew, owners: list[Owner], count: int, hours: float, hits: Sequence[Foothold] = ()
) -> Script:
    """Try a list of passwords: one or two failures on each of many accounts, from a few networks.

    `hits` are accounts whose password is right: the program gets in, or as far as the second factor.
    """
    draws, world = crew.draws, crew.world
    places = [draw_exit(world, draws) for _ in range(max(1, round(world["spray_networks"])))]
    addresses = [address(draws, place) for place in places]
    scripted = clients.draw_library(draws)
    gap = hours * times.HOUR / max(1, count)
    turn = {draws.integer(0, count): hit for hit in hits}
    for number in range(count + 1):
        hit = turn.get(number)
        account = hit.account if hit else draws.pick(owners).account
        at = draws.integer(0, len(places) - 1)
        if not draws.chance(0.8):
            addresses[at] = address(draws, places[at])
        library = draws.chance(0.3)
        device = scripted if library else replace(crew.device, token=broker.names.next()[:14])
        if device.browser == "app":
            device = scripted
        rtt = round_trip(draws, places[at].network, mobile=False)
        client = Client(addresses[at], device.user_agent(broker.today), device.token, device.channel, rtt)
        if hit is not None:
            yield from _try(broker, hit, client)
            continue
        for _ in range(1 + draws.chance(0.15)):
            broker.fail(account, client, "password", None)
            yield broker.now + 200 + int(draws.exponential(gap))


def _try(broker: Broker, hit: Foothold, client: Client) -> Script:
    """One right password of a list: noted, and left again."""
    if hit.is_out:
        broker.fail(hit.account, client, "password", hit.takeover)
        return
    visit = yield from acts.sign_in(broker, hit.hand, hit.account, client, hit.takeover, factor="")
    if visit is not None and hit.crew.draws.chance(0.3):
        yield broker.now + 400 + int(hit.crew.draws.exponential(3_000))
        broker.leave(visit)


def flood(broker: Broker, foothold: Foothold, count: int) -> Script:
    """Bury the owner in alarms: failed logins from everywhere within minutes."""
    draws = foothold.crew.draws
    for _ in range(count):
        place = draw_place(draws, draw_network(draws, draws.pick((HOME, MOBILE, ABROAD, HOSTING))), 8)
        device = clients.draw_desk(draws, broker.names.next()[:14])
        client = Client(address(draws, place), device.user_agent(broker.today), device.token, "web", 0)
        client = client._replace(rtt=round_trip(draws, place.network, mobile=False))
        broker.fail(foothold.account, client, "password", foothold.takeover)
        yield broker.now + 100 + int(draws.exponential(9_000))
