"""The fast path and `events.decode` agree on every line, valid or not, and every line is accounted for."""

import json
import random
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from columns_cases import everything, make_reader, same
from kuraban import events
from kuraban.columns.hashing import hash_raw
from kuraban.core import layout

# Characters that are hard on a reader: quotes, escapes, controls, every length of UTF-8.
LETTERS = st.sampled_from([*"aZ09-._ /:", '"', "\\", "\n", "\0", "\x7f", "é", "蔵", "\u2028", "😀"])
SHORT = st.text(LETTERS, max_size=6)
PLAIN = st.text("abcdefghij0123456789-", max_size=12)
WORD = (
    PLAIN | PLAIN | SHORT | st.sampled_from(["", *("x" * n for n in (31, 32, 33, 128, 1024)), "蔵" * 342, "蔵" * 1024])
)
NAME = st.text("abcdefghijklmnop0123456789", min_size=1, max_size=20) | st.sampled_from(["蔵", "x" * 128, "蔵" * 128])
IP = st.ip_addresses().map(str) | st.sampled_from(
    ["::ffff:1.2.3.4", "1.2.3", "01.2.3.4", "fe80::1%eth0", "1.2.3.4 ", "::", "1::2::3", "[::1]", ""]
)
AMOUNT: st.SearchStrategy[Any] = st.one_of(
    st.integers(0, 10**7),
    st.floats(0, 1e7).map(lambda x: round(x, 3)),
    st.floats(0, allow_infinity=False),
    st.sampled_from([0, -0.0, 2**53, 2**53 + 1, 10**17, 10**18, 10**19, 1e22, 0.1, 123456789.123456789, 1e-7]),
)
NUMBER: st.SearchStrategy[Any] = AMOUNT | st.integers(-(10**7), 10**7)


def times(years: st.SearchStrategy[int], extra: int, offsets: list[str]) -> st.SearchStrategy[str]:
    """extra: by how much day, hour, minute and second may be more than they can be."""
    return st.builds(
        "{}-{:02}-{:02}{}{:02}:{:02}:{:02}{}{}".format,
        years,
        st.integers(1, 12 + extra),
        st.integers(1, 28 + 4 * extra),
        st.sampled_from("TTTt "),
        st.integers(0, 23 + extra),
        st.integers(0, 59 + extra),
        st.integers(0, 60 + extra),
        st.sampled_from(["", "", ".5", ".123", ".123456", ".1234567890123"]),
        st.sampled_from(offsets),
    )


TIME = times(st.integers(1991, 2098), 0, ["Z", "Z", "z", "+09:00", "-03:30", "+23:59", "-00:00"])
TIMES_AS_USUAL = st.datetimes(datetime(1991, 1, 1), datetime(2098, 1, 1)).map(lambda t: f"{t.isoformat()}+09:00")
# Values that are wrong, or would be in most places.
WRONG: st.SearchStrategy[Any] = st.one_of(
    times(st.integers(1988, 2101), 1, ["Z", "+24:00", "", "+9:00", "+0900", "Ż", "Z "]),
    st.sampled_from(
        [None, True, 1, -1, -0.5, "", "x", "longer than any word there is", "\ud800", "x" * 129, "蔵" * 1025]
    ),
    st.sampled_from([[], {}, [None], [""], [{}], {"id": "x"}, float("nan"), float("inf"), 10**400]),
)


ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBER, SHORT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(SHORT, inner, max_size=3)),
    max_leaves=6,
)


def some(fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Any of some fields; each may be null."""
    return st.fixed_dictionaries(
        {}, optional={name: value | value | value | st.none() for name, value in fields.items()}
    )


Values = st.SearchStrategy[Any]


def events_of(word: Values, time: Values, amount: Values, number: Values) -> st.SearchStrategy[dict[str, Any]]:
    """Events with any of their fields."""
    return st.fixed_dictionaries(
        {"id": NAME, "time": time, "account": NAME, "type": st.sampled_from(layout.TYPES)},
        optional={
            "session": word,
            "about": st.lists(NAME, max_size=4),
            "more": ANYTHING,
            "client": some(
                {
                    **{"ip": IP, "user_agent": word, "device": word},
                    **{"channel": st.sampled_from(layout.CHANNELS), "rtt_ms": amount},
                }
            ),
            "auth": some({"method": st.sampled_from(layout.METHODS)}),
            "order": some(
                {
                    **{"id": word, "instrument": word, "quantity": amount, "price": amount, "notional": amount},
                    **{"side": st.sampled_from(layout.SIDES), "kind": st.sampled_from(layout.KINDS)},
                    **{"margin": st.booleans(), "recurring": st.booleans(), "more": ANYTHING},
                }
            ),
            "cash": some({"amount": amount, "destination": word, "source": word}),
            "setting": some({"name": st.sampled_from(layout.SETTINGS), "to": st.sampled_from(["on", "off"]) | word}),
            "holdings": some(
                {
                    **{"cash": number, "linked_cash": amount, "margin_power": number},
                    "positions": st.lists(some({"instrument": word, "value": number, "more": ANYTHING}), max_size=4),
                }
            ),
            "notice": some({"kind": st.sampled_from(layout.NOTICES) | word, "channel": word}),
        },
    )


EVENT = events_of(PLAIN, TIMES_AS_USUAL, st.integers(0, 10**7), st.integers(-9, 9)) | events_of(
    WORD, TIME, AMOUNT, NUMBER
)


def spoilt(event: dict[str, Any], wrong: Any, dice: random.Random) -> dict[str, Any]:
    """The event with one value replaced."""
    place, key = event, dice.choice(list(event))
    while isinstance(place[key], dict) and place[key] and dice.random() < 0.7:
        place = place[key]
        key = dice.choice(list(place))
    place[key] = wrong
    return event


def as_line(event: dict[str, Any], dice: random.Random) -> bytes:
    """One of the many ways to write an object as JSON."""
    items = list(event.items())
    if dice.random() < 0.5:
        dice.shuffle(items)
    comma, colon = dice.choice([(",", ":"), (", ", ": "), (" ,\t", " :\r ")])
    text = json.dumps(dict(items), ensure_ascii=dice.random() < 0.5, separators=(comma, colon))
    if dice.random() < 0.3:
        text = text.replace("/", "\\/").replace("k", "\\u006B")
    if dice.random() < 0.1:
        name = dice.choice(["id", "session", "client", "x"])
        text = text[:-1] + comma + f'"{name}"{colon}' + dice.choice(['"again"', "null", "{}"]) + "}"
    return text.encode("utf-8", "surrogatepass")


def damaged(line: bytes, dice: random.Random) -> bytes:
    """The line with a few bytes lost, doubled, changed or cut off."""
    raw = bytearray(line)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(raw) + 1)
        match dice.randrange(4):
            case 0:
                del raw[at : at + dice.randint(1, 4)]
            case 1:
                raw[at:at] = raw[at : at + dice.randint(1, 30)]
            case 2:
                raw[at : at + 1] = bytes([dice.choice(b'"\\{}[],:0-.eE+ \t\r\n\x00\x80\xc3\xed\xf0\xffnulltruefalse')])
            case _:
                del raw[at:]
    return bytes(raw)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Lines of events: some as they are, some spoilt, some damaged, some twice."""
    dice = random.Random(draw(st.integers(0, 2**32)))
    lines: list[bytes] = []
    for event in draw(st.lists(EVENT, min_size=1, max_size=8)):
        chance = dice.random()
        line = as_line(spoilt(event, draw(WRONG), dice) if chance > 0.7 else event, dice)
        lines.append(damaged(line, dice) if chance < 0.2 else line)
        if chance > 0.9:
            lines.append(dice.choice(lines))
    return b"\n".join(lines)


def decoded(stream: bytes) -> tuple[list[events.Event], list[tuple[int, str]], int, int]:
    """By `events.decode` alone: new events, rejects as (line, code), duplicates, lines that are not blank."""
    found, rejects, duplicates, lines = [], [], 0, 0
    seen = set()
    stream = b"   " + stream[3:] if stream.startswith(b"\xef\xbb\xbf") else stream
    for number, line in enumerate(stream.split(b"\n"), start=1):
        if not line.strip(b" \t\r"):
            continue
        lines += 1
        try:
            event = events.decode(line)
        except events.EventError as error:
            rejects.append((number, error.code))
            continue
        if event.id in seen:
            duplicates += 1
        else:
            found.append(event)
        seen.add(event.id)
    return found, rejects, duplicates, lines


@pytest.mark.slow
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(stream=streams())
def test_the_reader_says_what_decoding_line_by_line_says(
    stream: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = Path(tmp_path_factory.getbasetemp()) / "agreement.jsonl"
    path.write_bytes(stream)
    found, rejects, duplicates, lines = decoded(stream)
    reader = make_reader(lateness_s=0)
    same(everything(reader, path), make_reader().event_rows(found))
    assert [(reject.line, reject.code) for reject in reader.rejected] == rejects
    counts = reader.counts
    assert (counts.lines, counts.accepted, counts.duplicates) == (lines, len(found), duplicates)
    assert counts.lines == counts.accepted + counts.duplicates + counts.rejected.total()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "noise.jsonl"
    path.write_bytes(raw)
    reader = make_reader()
    assert len(everything(reader, path)) == 0
    assert reader.counts.lines == reader.counts.rejected.total()


@given(text=WORD)
def test_a_text_has_the_same_hash_in_a_row_as_by_itself(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    event = events.Event("e", "2025-01-06T00:00:00Z", "a", "login.succeeded", session=text)
    session = int(make_reader().event_rows([event]).rows[0]["session"])
    assert session == (hash_raw(raw) if raw else 0)
