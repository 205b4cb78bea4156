"""What the world outside says of an event: networks by address, clients by user agent, instruments by code."""

from kuraban.reference.clients import Client, Clients
from kuraban.reference.countries import country_code, country_letters, country_name
from kuraban.reference.errors import InstrumentTableError, NetworkTableError, ReferenceDataError
from kuraban.reference.instruments import MARKETS, Instruments
from kuraban.reference.networks import Networks, Place, locate

__all__ = [
    "MARKETS",
    "Client",
    "Clients",
    "InstrumentTableError",
    "Instruments",
    "NetworkTableError",
    "Networks",
    "Place",
    "ReferenceDataError",
    "country_code",
    "country_letters",
    "country_name",
    "locate",
]
