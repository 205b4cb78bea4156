"""What only the owner's side knows of his mail: his provider's mark, forwarders he trusts, kept keys, his accounts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from kuraban.home.mail.authenticity.keys import Keys
from kuraban.home.mail.authenticity.results import Receiver


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class MailContext:
    """How mails of one mailbox are to be judged.

    receivers: the provider's marks, configured or learned (`results.learn`); with none, no Authentication-Results
    count. sealers: `d=` domains of forwarders whose ARC seals the owner trusts, lower case. keys: DKIM keys, see
    `Keys`. accounts: the owner's label of an account by broker key; a broker not listed is labelled by its key.
    mail_domains: further sending domains by broker key, which the owner knows of. addresses: the owner's own
    addresses, lower case; where given, a mail signed for somebody else's is no proof. now: the clock, for mails
    without a time.
    """

    receivers: tuple[Receiver, ...] = ()
    sealers: frozenset[str] = frozenset()
    keys: Keys = field(default_factory=Keys)
    accounts: Mapping[str, str] = field(default_factory=dict)
    mail_domains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    addresses: frozenset[str] = frozenset()
    now: Callable[[], datetime] = _now
