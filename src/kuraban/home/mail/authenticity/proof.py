"""Who provably sent a mail that carries a broker's address: the provider's results, signatures and seals, weighed.

Every rule here fails closed: what is odd, incomplete or contradictory is never *verified*.
"""

from datetime import datetime, timedelta
from email.utils import getaddresses
from typing import NamedTuple

from kuraban.home.mail import dates
from kuraban.home.mail.authenticity import arc, results, signatures
from kuraban.home.mail.authenticity.domains import organisational, within
from kuraban.home.mail.authenticity.results import Block, Result
from kuraban.home.mail.authenticity.sender import DOMAIN, Sender
from kuraban.home.mail.authenticity.signatures import Outcome, Signature
from kuraban.home.mail.brokers import Broker
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.headers import Headers, unfold
from kuraban.home.model import Verdict

# Oddities of a From field that disprove nothing by themselves: some honest software writes them.
_INNOCENT = frozenset(("comment", "malformed_header", "bare_cr"))
_READ_ONCE = ("subject", "date", "to", "content-type", "content-transfer-encoding")
_STALE = timedelta(days=5)  # a mail server gives up on a mail after that long (RFC 5321, section 4.5.4.1)


class Mail(NamedTuple):
    """A mail to be proved. whole: whether `raw` is all of it; arrived: when it came, if known."""

    raw: bytes
    whole: bool
    head: Headers
    sender: Sender
    arrived: datetime | None


class Proof(NamedTuple):
    """What is proved of the sender, and the codes of the reasons, weightiest first."""

    verdict: Verdict
    codes: tuple[str, ...]


class Evidence(NamedTuple):
    """What the parts say. provider, forwarder: `confirms`, `denies`, `broken` or empty."""

    provider: str
    forwarder: str
    signatures: tuple[Signature, ...]

    def has(self, outcome: Outcome) -> bool:
        """Whether any aligned signature came out so."""
        return any(signature.outcome is outcome for signature in self.signatures)

    def codes(self, outcome: Outcome) -> tuple[str, ...]:
        """The reasons of the signatures that came out so, each once."""
        return tuple(dict.fromkeys(found.code for found in self.signatures if found.outcome is outcome and found.code))


def prove(mail: Mail, broker: Broker, context: MailContext) -> Proof:
    """Weigh the proofs for a mail whose From field has an address of `broker`."""
    guilty = tuple(code for code in mail.sender.oddities if code not in _INNOCENT)
    if guilty:
        return Proof(Verdict.FORGED, guilty)
    verdict, codes = _weigh(gather(mail, context))
    if verdict is not Verdict.VERIFIED:
        return Proof(verdict, codes)
    doubts = (*mail.sender.oddities, *_doubts(mail, broker, context))
    return Proof(Verdict.UNVERIFIED, doubts) if doubts else Proof(verdict, codes)


def gather(mail: Mail, context: MailContext) -> Evidence:
    """What provider, forwarder and signatures say of a sender."""
    raw, whole, head, sender, arrived = mail
    found = signatures.check(raw, whole, head, sender.domain, context.keys, arrived or context.now())
    block = results.topmost(head, frozenset(receiver.name for receiver in context.receivers))
    provider = forwarder = ""
    if block is not None and any(receiver.wrote(block) for receiver in context.receivers):
        provider = "broken" if block.broken else _says(block, sender, found, head)
    if context.sealers and whole and provider != "confirms":
        passed_on = arc.read(raw, head, context.sealers, context.keys)
        forwarder = _says(passed_on, sender, found, None) if passed_on is not None else ""
    return Evidence(provider, forwarder, found)


def _weigh(evidence: Evidence) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict of the evidence: one table, read from the top."""
    confirmed = evidence.provider == "confirms" or evidence.forwarder == "confirms"
    fit = any(signature.outcome is not Outcome.UNFIT for signature in evidence.signatures)
    if evidence.provider == "broken":
        return Verdict.UNVERIFIED, ("broken_results",)
    if evidence.has(Outcome.UNFIT) and not fit:
        denied = evidence.provider == "denies"
        return (Verdict.FORGED if denied else Verdict.UNVERIFIED), evidence.codes(Outcome.UNFIT)
    if evidence.has(Outcome.PASS):
        if evidence.provider == "denies":
            return Verdict.UNVERIFIED, ("contradiction",)
        return Verdict.VERIFIED, ("signature_holds", *(("provider_confirms",) if confirmed else ()))
    if evidence.has(Outcome.BODY):
        # Some providers store mails in a form of their own and write them anew; theirs was the whole one.
        confirming = (
            ("provider_confirms" if evidence.provider == "confirms" else "forwarder_confirms"),
            "body_rewritten",
        )
        return (Verdict.VERIFIED, confirming) if confirmed else (Verdict.FORGED, evidence.codes(Outcome.BODY))
    if evidence.has(Outcome.FAIL):
        if confirmed:
            return Verdict.UNVERIFIED, ("contradiction", *evidence.codes(Outcome.FAIL))
        return Verdict.FORGED, evidence.codes(Outcome.FAIL)
    if confirmed:
        return Verdict.VERIFIED, ("provider_confirms" if evidence.provider == "confirms" else "forwarder_confirms",)
    if evidence.provider == "denies":
        return Verdict.FORGED, ("provider_denies",)
    return Verdict.UNVERIFIED, ("no_proof", *evidence.codes(Outcome.UNKNOWN))


def _says(block: Block, sender: Sender, found: tuple[Signature, ...], head: Headers | None) -> str:
    """What a block of results says of a sender: `confirms`, `denies` or nothing."""
    own = organisational(sender.domain)
    domains = [result for result in block.of("dmarc") if _domain(result, "header.from")]
    if any(organisational(_domain(result, "header.from")) != own for result in domains):
        return "denies"  # it judged another author than the one people see
    signed = any(_signed(result, own, found) for result in block.of("dkim"))
    spf = any(_sent(result, own, head) for result in block.of("spf"))
    verdicts = {result.result for result in block.of("dmarc")}
    if verdicts == {"pass"}:
        detailed = bool(block.of("dkim") or block.of("spf"))
        return "confirms" if (domains and not detailed) or signed or spf else ""
    if verdicts & {"fail", "permerror"}:
        return "denies"
    if verdicts:
        return ""
    if any(result.result == "fail" and _aligned(result, own) for result in block.of("spf")) and not signed:
        return "denies"
    return "confirms" if signed or spf else ""


def _domain(result: Result, name: str) -> str:
    value = result.properties.get(name, "").rpartition("@")[2]
    return value if DOMAIN.fullmatch(value) else ""


def _signed(result: Result, own: str, found: tuple[Signature, ...]) -> bool:
    """Whether a `dkim=pass` is about an aligned signature that stands in this message and may count."""
    signer = _domain(result, "header.d") or _domain(result, "header.i")
    if result.result != "pass" or organisational(signer) != own:
        return False
    fit = [signature for signature in found if signature.outcome is not Outcome.UNFIT]
    return any(within(signer, signature.domain) for signature in fit)


def _sent(result: Result, own: str, head: Headers | None) -> bool:
    """Whether an `spf=pass` is about an aligned envelope sender, the one that Return-Path names where there is one."""
    if result.result != "pass" or not _aligned(result, own):
        return False
    path = unfold(head.first("return-path")).strip(b"<> ").lower() if head is not None else b""
    said = result.properties.get("smtp.mailfrom", result.properties.get("smtp.mail", "")).encode("ascii", "replace")
    return not path or path == said or path.rpartition(b"@")[2] == said


def _aligned(result: Result, own: str) -> bool:
    return any(organisational(_domain(result, name)) == own for name in ("smtp.mailfrom", "smtp.mail"))


def _doubts(mail: Mail, broker: Broker, context: MailContext) -> tuple[str, ...]:
    """What keeps an authenticated mail from being believed."""
    doubts = []
    sender = mail.sender
    # Whoever can send for the domain of a broker's own pages is that broker, also where no source names its senders.
    pages = tuple(host for host in broker.web if organisational(host) == host)
    known = (*broker.mail, *pages, *context.mail_domains.get(broker.key, ()))
    if sender.address not in broker.senders and not any(within(sender.domain, own) for own in known):
        doubts.append("domain_not_known")
    if any(f"repeated_{name}" in mail.head.oddities for name in _READ_ONCE):
        doubts.append("repeated_fields")
    to = unfold(mail.head.first("to")).decode("ascii", "replace")
    if context.addresses and "@" in to and not recipients(to) & context.addresses:
        doubts.append("other_recipient")
    when = dates.sent(mail.head)
    if when is not None and mail.arrived is not None and mail.arrived - when > _STALE:
        doubts.append("old_mail")
    return tuple(doubts)


def recipients(field: str) -> frozenset[str]:
    """The addresses of a To field, lower case, as they stand and without a tag (`me+broker@…` is `me@…` too)."""
    found = {address.lower() for _, address in getaddresses([field]) if "@" in address}
    plain = {f"{local.partition('+')[0]}@{domain}" for local, _, domain in (each.rpartition("@") for each in found)}
    return frozenset(found | plain)
