"""From where and with what an owner reaches the broker at a given moment."""

from kuraban.sim import clients, times
from kuraban.sim.addresses import Place, address, draw_line, draw_network, draw_place, draw_sim, round_trip
from kuraban.sim.books import Client
from kuraban.sim.broker import Broker
from kuraban.sim.clients import Device
from kuraban.sim.customers import Owner
from kuraban.sim.networks import ABROAD, HOME, MOBILE, VPN, Network


def reach(broker: Broker, owner: Owner) -> Client:
    """The client of a new visit: device, network and address by hour, weekday, trips and habits."""
    draws = owner.draws
    hour = times.since_midnight(broker.now) // times.HOUR
    workday = times.is_business(broker.today)
    at_work = workday and 9 <= hour < 18
    if owner.office and at_work and owner.desk and draws.chance(0.7):
        return _from(broker, owner, owner.desk, owner.office.get(draws, broker.today), owner.office.place.network)
    device = _device(owner)
    if owner.abroad and broker.today < owner.abroad_until:
        return _abroad(broker, owner, owner.phone or device)
    if owner.tunnel and (device.browser == "library" or draws.chance(0.85)):
        return _at(broker, owner, device, owner.tunnel)
    if device.is_phone and draws.chance(0.75 if at_work or hour in (8, 18) else 0.3):
        return mobile(broker, owner, device)
    if draws.chance(0.012):
        return _at(broker, owner, device, draw_place(draws, draw_network(draws, HOME), 8))  # a café, a friend's
    return _from(broker, owner, device, owner.home.get(draws, broker.today), owner.home.place.network)


def mobile(broker: Broker, owner: Owner, device: Device) -> Client:
    """Over the telephone's own data line."""
    return _from(broker, owner, device, owner.sim.get(owner.draws), owner.sim.pools[0].network, moving=True)


def at_home(broker: Broker, owner: Owner, device: Device) -> Client:
    """Over the line at home."""
    return _from(broker, owner, device, owner.home.get(owner.draws, broker.today), owner.home.place.network)


def _abroad(broker: Broker, owner: Owner, device: Device) -> Client:
    if device.is_phone and owner.draws.chance(0.45):
        return mobile(broker, owner, device)  # roaming comes out at home
    assert owner.abroad is not None
    return _at(broker, owner, device, owner.abroad)


def _device(owner: Owner) -> Device:
    if owner.phone is None or (owner.desk and not owner.draws.chance(owner.phone_share)):
        assert owner.desk is not None
        return owner.desk
    return owner.phone


def _at(broker: Broker, owner: Owner, device: Device, place: Place) -> Client:
    return _from(broker, owner, device, address(owner.draws, place), place.network)


def _from(broker: Broker, owner: Owner, device: Device, ip: str, network: Network, *, moving: bool = False) -> Client:
    if owner.forgets and device.browser not in ("app", "library"):
        device.token = "" if owner.blocks else broker.names.next()[:14]
    rtt = round_trip(owner.draws, network, mobile=moving)
    return Client(ip, device.user_agent(broker.today), device.token, device.channel, rtt)


def aggregator_client(broker: Broker, owner: Owner) -> Client:
    """The household-book service calls."""
    assert owner.aggregator is not None
    place = owner.draws.pick(owner.aggregator.places)
    rtt = round_trip(owner.draws, place.network, mobile=False)
    return Client(address(owner.draws, place), owner.aggregator.device.user_agent(broker.today), "", "api", rtt)


def switch(broker: Broker, owner: Owner, client: Client) -> Client:
    """The same machine in the middle of a visit on another network.

    A telephone goes from Wi-Fi to mobile or back; a computer sometimes goes over the telephone, or a VPN comes on.
    """
    if owner.phone is not None and client.device == owner.phone.token:
        if client.ip == owner.home.current:
            return mobile(broker, owner, owner.phone)
        return at_home(broker, owner, owner.phone)
    if owner.desk is None or client.device != owner.desk.token or owner.desk.channel == "api":
        return client
    if owner.draws.chance(0.08):
        vpn = owner.tunnel or draw_place(owner.draws, draw_network(owner.draws, VPN), 8)
        return _at(broker, owner, owner.desk, vpn)
    return mobile(broker, owner, owner.desk) if owner.draws.chance(0.12) else client


def travel(owner: Owner, today: int, days: int, *, far: bool) -> None:
    """Go away for some days: abroad, or to a hotel or one's parents in Japan."""
    network = draw_network(owner.draws, ABROAD if far else HOME)
    owner.abroad = draw_place(owner.draws, network, 9 if far else 6)
    owner.abroad_until = today + days


def move_house(owner: Owner) -> None:
    """A new line, perhaps with another provider."""
    owner.home = draw_line(owner.draws, draw_network(owner.draws, HOME), owner.home.renews_days)


def new_phone(broker: Broker, owner: Owner) -> None:
    """A new telephone; sometimes the same model line, sometimes a new carrier."""
    app = owner.phone.app if owner.phone else ""
    owner.phone = clients.draw_phone(owner.draws, broker.names.next()[:14], app, 0.5 if app else 0.0)
    if owner.draws.chance(0.15):
        owner.sim = draw_sim(owner.draws, draw_network(owner.draws, MOBILE))


def new_desk(broker: Broker, owner: Owner) -> None:
    """A new computer."""
    owner.desk = clients.draw_desk(owner.draws, broker.names.next()[:14])


def lose_token(broker: Broker, owner: Owner) -> None:
    """Clear the browser: the broker's device id is gone."""
    device = owner.desk or owner.phone
    assert device is not None
    device.token = broker.names.next()[:14]
