"""The verdict on a mail or a link: verified, unverified, forged or lookalike, with its reasons in words.

A mail is *verified* by proof of its sender alone. Subject, display name and content can only speak against it.
"""

from datetime import datetime
from typing import NamedTuple

from kuraban.home.mail import brokers
from kuraban.home.mail.authenticity import claims, likeness, links, proof
from kuraban.home.mail.authenticity.claims import Claim
from kuraban.home.mail.authenticity.links import Finding
from kuraban.home.mail.authenticity.sender import Sender
from kuraban.home.mail.authenticity.words import why
from kuraban.home.mail.brokers import BY_KEY, Broker
from kuraban.home.mail.context import MailContext
from kuraban.home.mail.html import Link
from kuraban.home.mail.parsing import Message
from kuraban.home.model import Authenticity, Verdict, Why

_CLAIMED_BY = {"name": "name_claims", "subject": "subject_claims"}
# Likenesses too weak for themselves, which a mere mention of the broker in the subject makes count.
_MADE_TO_DECEIVE = frozenset(("near_miss", "homoglyph", "other_suffix", "brand_left"))
# Hosts that a broker's own mail may lead to after all: those of firms that work for it are often named after it.
_PERHAPS_HIRED = frozenset(("brand_left", "brand_inside", "other_suffix"))


class _Seen(NamedTuple):
    """What a mail shows: its sender, what it claims, and what is wrong with its links and its sender's domain."""

    sender: Sender
    claims: list[Claim]
    findings: list[Finding]


def judge(
    raw: bytes,
    message: Message,
    author: Sender,
    context: MailContext,
    arrived: datetime | None = None,
    whole: bool = True,
) -> Authenticity:
    """How far a mail can be believed. arrived: when it came, if known; whole: whether `raw` is all of it."""
    seen = _Seen(author, _claims(author, message.subject), _findings(author, message.links))
    broker = next((claim.broker for claim in seen.claims if claim.by == "address"), None)
    lookalike = _lookalike(seen, broker)
    if broker is None:
        return lookalike or _unrelated(seen, message)
    proved = proof.prove(proof.Mail(raw, whole, message.headers, author, arrived), broker, context)
    reasons = tuple(why(code, broker.name, _other(author)) for code in proved.codes)
    if proved.verdict is Verdict.FORGED:
        return Authenticity(Verdict.FORGED, broker.key, reasons + (lookalike.why if lookalike else ()))
    if lookalike is not None:
        hired = proved.verdict is Verdict.VERIFIED and {reason.code for reason in lookalike.why} <= _PERHAPS_HIRED
        if hired:
            return Authenticity(Verdict.UNVERIFIED, broker.key, lookalike.why + reasons)
        return Authenticity(Verdict.LOOKALIKE, lookalike.broker, lookalike.why + reasons)
    return Authenticity(proved.verdict, broker.key, reasons)


def _claims(author: Sender, subject: str) -> list[Claim]:
    by_subject = claims.of_subject(subject)
    return [*claims.of_sender(author), *([by_subject] if by_subject is not None else [])]


def _findings(author: Sender, all_links: tuple[Link, ...]) -> list[Finding]:
    """What is wrong with the sender's domain and with the links, each thing once."""
    found: dict[Finding, None] = {}
    like = likeness.of_host(author.domain) if author.domain else None
    if like is not None:
        found[Finding(like.code, like.broker, author.domain, like.sure)] = None
    for link in dict.fromkeys(all_links):
        found.update((finding, None) for finding in links.examine(link))
    return list(found)


def _lookalike(seen: _Seen, by_address: Broker | None) -> Authenticity | None:
    """The verdict where a mail, or a link in it, was made to be mistaken for a broker's."""
    reasons: list[tuple[str, str, str]] = []  # broker, code, detail
    for claim in seen.claims:
        # A broker may well write about another one; it does not sign as another one.
        borrowed = claim.by == "name" or (claim.by == "subject" and by_address is None)
        if borrowed and claim.sure and claim.broker != by_address:
            reasons.append((claim.broker.key, _CLAIMED_BY[claim.by], seen.sender.domain))
    reasons.extend((f.broker, f.code, f.host) for f in seen.findings if f.sure and f.broker is not None)
    reasons.extend((f.broker, f.code, f.host) for f in seen.findings if f.broker is not None and _supported(f, seen))
    if not reasons:
        return None
    broker = reasons[0][0]
    texts = {(code, detail): why(code, BY_KEY[key].name, detail) for key, code, detail in reasons[:8]}
    return Authenticity(Verdict.LOOKALIKE, broker, tuple(texts.values()))


def _supported(finding: Finding, seen: _Seen) -> bool:
    """Whether an unsure likeness is backed by the mail's own claim to be that broker."""
    if finding.sure or finding.code == "brand_in_path":
        return False
    claimed = [claim for claim in seen.claims if claim.broker.key == finding.broker and claim.by in _CLAIMED_BY]
    return any(claim.by == "name" or claim.sure or finding.code in _MADE_TO_DECEIVE for claim in claimed)


def _unrelated(seen: _Seen, message: Message) -> Authenticity:
    """A mail that claims to be no broker's; that it names one is said, where a reader might think so."""
    named = next(iter(seen.claims), None) or (claims.of_words(message.text) if message.links else None)
    if named is None:
        return Authenticity(Verdict.UNVERIFIED, None, ())
    return Authenticity(Verdict.UNVERIFIED, None, (why("only_named", named.broker.name, seen.sender.domain),))


def _other(author: Sender) -> str:
    return author.others[0] if author.others else author.address


def check_link(url: str) -> Authenticity:
    """Whether an address is a broker's own page: `verified` where it is, `lookalike` where it only seems so."""
    where = links.target(url.strip())
    findings = links.examine(Link(url.strip(), ""))
    reasons: list[Why] = [why(f.code, BY_KEY[f.broker].name if f.broker else None, f.host) for f in findings]
    owner = brokers.of_host(where.host) if where.host else None
    if owner is not None:
        reasons.append(why("official_page", owner.name, where.host))
        if where.scheme != "https":
            reasons.append(why("insecure_scheme"))
        sound = where.scheme == "https" and not findings
        return Authenticity(Verdict.VERIFIED if sound else Verdict.UNVERIFIED, owner.key, tuple(reasons))
    like = next((f.broker for f in findings if f.broker is not None and f.code != "brand_in_path"), None)
    if like is not None:
        return Authenticity(Verdict.LOOKALIKE, like, tuple(reasons))
    reasons.append(why("not_official", None, where.host or url))
    return Authenticity(Verdict.UNVERIFIED, next((f.broker for f in findings if f.broker), None), tuple(reasons))
