"""Authentication-Results (RFC 8601) as the owner's own provider wrote them, read strictly.

Only the topmost block counts, and only under an authserv-id that is known to be the provider's: everything below it
came with the message and may have been written by anybody. A value that two readers could understand differently (a
comment or quote glued to a domain, a method reported twice) makes the whole block worthless rather than half believed.
"""

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from kuraban.home.mail.authenticity.domains import organisational
from kuraban.home.mail.headers import Headers, unfold

# Outlook.com writes the field without an authserv-id.
NAMELESS = "(none)"
_FIELD = "authentication-results"
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f-\xff]")
_GLUED = re.compile(r"[^\s;(]\(|\)[^\s;)]")
_RESULT = re.compile(r"(?P<method>[A-Za-z][A-Za-z0-9-]*)(?:/\d+)?\s*=\s*(?P<result>[A-Za-z]+)(?P<rest>.*)", re.DOTALL)
_PROPERTY = re.compile(r"([a-z]+\.[a-z0-9_-]+|reason|action|compauth)\s*=\s*(\"[^\"]*\"|\S+)", re.IGNORECASE)
_NOT_PLAIN = re.compile(r"[\"'()\\<>,]")
METHODS = frozenset(("dkim", "spf", "dmarc"))


class Receiver(NamedTuple):
    """A provider's mark in its mail: its authserv-id and how many Received fields stand above the block.

    name: the id itself; `*.example.jp` where each of the provider's hosts writes its own; NAMELESS for none. hops: None
    where any number will do, which is right only for a provider known to remove what claims to be its own.
    """

    name: str
    hops: int | None = None

    def wrote(self, block: "Block") -> bool:
        """Whether a topmost block is this provider's."""
        if self.hops is not None and block.hops != self.hops:
            return False
        if self.name.startswith("*."):
            return organisational(block.name) == self.name[2:]
        return block.name == self.name


class Result(NamedTuple):
    """One method's result with its properties, e.g. `header.d`, in lower case."""

    method: str
    result: str
    properties: dict[str, str]


class Block(NamedTuple):
    """The topmost results of a message.

    name: the authserv-id. hops: Received fields above. broken: not to be relied on.
    """

    name: str
    hops: int
    results: tuple[Result, ...]
    broken: bool

    def of(self, method: str) -> list[Result]:
        """The results of one method."""
        return [result for result in self.results if result.method == method]


def topmost(head: Headers, others: frozenset[str] = frozenset()) -> Block | None:
    """The topmost block, None where there is none.

    others: further authserv-ids of a provider that writes one field for each method (iCloud does); each counts once,
    and only directly below the first.
    """
    names = [field.name for field in head.fields]
    if _FIELD not in names:
        return None
    at = names.index(_FIELD)
    first = read_value(head.fields[at].value)
    results, broken, seen = list(first.results), first.broken, {first.name}
    for field in head.fields[at + 1 :]:
        more = read_value(field.value) if field.name == _FIELD else None
        if more is None or more.name in seen or more.name not in others:
            break
        seen.add(more.name)
        results.extend(more.results)
        broken = broken or more.broken
    counts = Counter(result.method for result in results)
    broken = broken or counts["dmarc"] > 1 or counts["spf"] > 1
    return Block(first.name, names[:at].count("received"), tuple(results), broken)


def read_value(value: bytes) -> Block:
    """The results that one field's value states, with `hops` 0."""
    flat = unfold(value)
    if _CONTROL.search(flat) or len(flat) > 8000:
        return Block("", 0, (), True)
    text = flat.decode("ascii")
    bare = _without_comments(text)
    if bare is None or _GLUED.search(text):
        return Block(_name(text.split(";")[0]), 0, (), True)
    head, *rest = bare.split(";")
    name = _name(head)
    if _RESULT.fullmatch(head.strip()):
        name, rest = NAMELESS, [head, *rest]
    read = _results(part.strip() for part in rest)
    return Block(name, 0, read, any(_suspect(result) for result in read))


def _name(text: str) -> str:
    words = text.split()
    return words[0].lower() if words else ""


def _without_comments(text: str) -> str | None:
    """The text with comments taken out, None where parentheses or quotes do not match."""
    kept, depth, quoted, escaped = [], 0, False, False
    for char in text:
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == '"' and depth == 0:
            quoted = not quoted
        elif not quoted and char in "()":
            depth += 1 if char == "(" else -1
            if depth < 0:
                return None
            continue
        if depth == 0:
            kept.append(char)
    return None if depth or quoted else "".join(kept)


def _results(parts: Iterable[str]) -> tuple[Result, ...]:
    """The results of a field; properties that some providers part from their result by a semicolon are joined to it."""
    found: list[Result] = []
    for part in parts:
        match = _RESULT.fullmatch(part)
        if match is not None:
            method, result = match.group("method").lower(), match.group("result").lower()
            found.append(Result(method, result, _properties(match.group("rest"))))
        elif found and _PROPERTY.match(part):
            found[-1].properties.update(_properties(part))
    return tuple(found)


def _properties(text: str) -> dict[str, str]:
    return {name.lower(): value.strip('"').lower() for name, value in _PROPERTY.findall(text)}


def _suspect(result: Result) -> bool:
    """Whether a property that names a domain holds anything a domain or an address does not."""
    if result.method not in METHODS:
        return False
    return any(
        _NOT_PLAIN.search(value) for name, value in result.properties.items() if name not in ("reason", "action")
    )


def learn(heads: Iterable[Headers], least: int = 20, share: float = 0.95) -> tuple[Receiver, ...]:
    """The provider's marks, learned from a mailbox: the topmost block that nearly every mail has.

    least: how many mails must be seen. share: of them, how many must carry the mark. Nothing is learned (an empty
    tuple) from a mailbox whose topmost blocks do not agree: a forger who pastes a block reaches a few mails, never
    nearly all.
    """
    exact: Counter[tuple[str, int]] = Counter()
    below: Counter[tuple[str, int]] = Counter()
    total = 0
    for head in heads:
        total += 1
        block = topmost(head)
        if block is not None and block.name:
            exact[block.name, block.hops] += 1
            below.update((name, block.hops) for name in _run(head, block.name))
    if total < least:
        return ()
    found = _agreeing(exact, total, share)
    if not found:
        families: Counter[tuple[str, int]] = Counter()
        for (name, hops), count in exact.items():
            if organisational(name):
                families["*." + organisational(name), hops] += count
        return _agreeing(families, total, share)
    return (*found, *(Receiver(*mark) for mark, count in sorted(below.items()) if count >= share * total))


def _run(head: Headers, name: str) -> set[str]:
    """The further names of one provider in the fields directly below the topmost: iCloud writes one for each method."""
    found: set[str] = set()
    at = [field.name for field in head.fields].index(_FIELD)
    for field in head.fields[at + 1 :]:
        if field.name != _FIELD:
            break
        other = read_value(field.value).name
        if other != name and organisational(other) and organisational(other) == organisational(name):
            found.add(other)
    return found


def _agreeing(counts: Counter[tuple[str, int]], total: int, share: float) -> tuple[Receiver, ...]:
    """The marks of the commonest name; the number of hops may differ a little, as within a provider's own relays."""
    names: Counter[str] = Counter()
    for (name, _), count in counts.items():
        names[name] += count
    if not names:
        return ()
    name, count = names.most_common(1)[0]
    if count < share * total:
        return ()
    usual = [hops for (other, hops), seen in counts.items() if other == name and seen >= 0.02 * total]
    return tuple(Receiver(name, hops) for hops in sorted(usual))
