"""Addresses become networks: the shipped table, the operator's own file, and the arithmetic between them."""

import bisect
import ipaddress
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kuraban.core.layout import (
    NET_ANONYMISER,
    NET_CGNAT,
    NET_HOSTING,
    NET_MOBILE,
    NET_PRIVATE,
    NET_RESERVED,
)
from kuraban.reference import Networks, NetworkTableError, country_code, country_letters, operators
from kuraban.reference import shipped as package
from kuraban.reference.mmdb import read_mmdb
from kuraban.reference.networks import _tables, locate
from kuraban.reference.ranges import SPECIAL_V4, SPECIAL_V6, Columns
from mmdb_writer import encode_mmdb


@cache
def shipped() -> Networks:
    return Networks.load()


def where(address: str, networks: Networks | None = None) -> tuple[int, str, int]:
    place = (networks or shipped()).find(address)
    return place.asn, country_letters(place.country), place.flags


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", (15169, "US", NET_HOSTING)),
        ("49.98.1.1", (9605, "JP", NET_MOBILE)),
        ("126.159.33.187", (17676, "JP", 0)),
        ("106.139.1.1", (2516, "JP", 0)),
        ("2001:200::1", (2500, "JP", 0)),
        ("2400:4050::1", (4713, "JP", 0)),
        ("45.76.1.1", (20473, "US", NET_HOSTING)),
    ],
)
def test_well_known_addresses_are_found_in_the_shipped_table(address: str, expected: tuple[int, str, int]) -> None:
    assert where(address) == expected


@pytest.mark.parametrize(
    ("address", "flags"),
    [
        ("10.0.0.1", NET_PRIVATE),
        ("127.0.0.1", NET_PRIVATE),
        ("169.254.3.4", NET_PRIVATE),
        ("172.16.0.0", NET_PRIVATE),
        ("172.31.255.255", NET_PRIVATE),
        ("192.168.1.1", NET_PRIVATE),
        ("100.64.1.1", NET_CGNAT),
        ("100.127.255.255", NET_CGNAT),
        ("0.0.0.0", NET_RESERVED),
        ("192.0.2.7", NET_RESERVED),
        ("224.0.0.1", NET_RESERVED),
        ("255.255.255.255", NET_RESERVED),
        ("::", NET_RESERVED),
        ("::1", NET_PRIVATE),
        ("::2", NET_RESERVED),
        ("fd00::1", NET_PRIVATE),
        ("fe80::1", NET_PRIVATE),
        ("ff02::1", NET_RESERVED),
        ("2001:db8::1", NET_RESERVED),
        ("64:ff9b:1::1", NET_PRIVATE),
        ("4000::", NET_RESERVED),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NET_RESERVED),
    ],
)
def test_special_addresses_belong_to_nobody(address: str, flags: int) -> None:
    assert where(address) == (0, "", flags)


@pytest.mark.parametrize("address", ["172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0", "11.0.0.0"])
def test_the_neighbours_of_a_special_range_keep_their_own_network(address: str) -> None:
    assert where(address)[2] & (NET_PRIVATE | NET_CGNAT | NET_RESERVED) == 0
    assert where(address)[1] != ""


@pytest.mark.parametrize("address", ["::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1"])
def test_ipv4_inside_ipv6_is_looked_up_as_ipv4(address: str) -> None:
    assert where(address) == where("8.8.8.8")


def test_a_vpn_operators_servers_are_hosting_and_anonymiser_at_once() -> None:
    assert where("185.93.3.114")[2] & NET_ANONYMISER
    assert where("185.93.3.114")[2] & NET_HOSTING


def test_an_organisation_has_a_name_for_the_words_of_a_reason() -> None:
    assert shipped().organisation(9605) == "NTT DOCOMO, INC."
    assert shipped().organisation(4_000_000_000) is None


def test_the_operator_can_name_further_hosting_networks() -> None:
    ours = Networks.load(hosting_asns=[4713])
    assert where("2400:4050::1", ours) == (4713, "JP", NET_HOSTING)
    assert where("2400:4050::1") == (4713, "JP", 0)


@given(st.integers(0, 2**32 - 1))
def test_any_ipv4_address_gets_what_a_plain_bisection_says(number: int) -> None:
    address = ipaddress.IPv4Address(number)
    special = [flag for text, flag in SPECIAL_V4 if address in ipaddress.ip_network(text)]
    expected = (0, 0, special[-1]) if special else _by_bisection(number, "v4")
    place = shipped().find(str(address))
    assert (place.asn, place.country) == expected[:2]
    if special:
        assert place.flags == special[-1]


@given(st.one_of(st.integers(0, 2**128 - 1), st.integers(0x2000 << 112, (0x2C10 << 112) - 1)))
def test_any_ipv6_address_gets_what_a_plain_bisection_says(number: int) -> None:
    address = ipaddress.IPv6Address(number)
    if address.ipv4_mapped or address.sixtofour or address in ipaddress.ip_network("64:ff9b::/96") or number == 1:
        return
    special = [flag for text, flag in SPECIAL_V6 if address in ipaddress.ip_network(text)]
    expected = (0, 0) if special else _by_bisection(number >> 64, "v6")
    place = shipped().find(str(address))
    assert (place.asn, place.country) == expected
    assert not special or place.flags == special[-1]


@cache
def _lists() -> dict[str, tuple[list[int], list[int], list[int]]]:
    v4, v6, _, _ = package.read_table()
    return {k: (c.starts.tolist(), c.asn.tolist(), c.country.tolist()) for k, c in (("v4", v4), ("v6", v6))}


def _by_bisection(number: int, which: str) -> tuple[int, int]:
    starts, asns, countries = _lists()[which]
    at = bisect.bisect_right(starts, number) - 1
    return asns[at], countries[at]


SMALL = st.lists(
    st.tuples(st.integers(1, 2**32 - 1), st.integers(0, 2**32 - 1), st.sampled_from([0, country_code("JP"), 65535])),
    unique_by=lambda row: row[0],
    max_size=40,
).map(lambda rows: [(0, 7, 0), *sorted(rows)])


@given(SMALL, st.lists(st.integers(0, 2**32 - 1), max_size=20))
def test_ranges_hold_from_their_first_address_to_the_next_start(
    rows: list[tuple[int, int, int]], others: list[int]
) -> None:
    columns = Columns(
        np.array([r[0] for r in rows], dtype=np.uint32),
        np.array([r[1] for r in rows], dtype=np.uint32),
        np.array([r[2] for r in rows], dtype=np.uint16),
    )
    none = (np.array([0], dtype=np.uint32), np.array([0], dtype=np.uint8))
    tables = (*_tables(columns, none, 32), *_tables(Columns(columns.starts.astype(np.uint64), *columns[1:]), none, 64))
    edges = [e for r in rows for e in (r[0], r[0] - 1) if e >= 0]
    starts = [r[0] for r in rows]
    for number in edges + others:
        if any(ipaddress.IPv4Address(number) in ipaddress.ip_network(text) for text, _ in SPECIAL_V4):
            continue
        row = rows[bisect.bisect_right(starts, number) - 1]
        asn, country, _ = locate(tables, np.uint64(0), np.uint64(number), False)
        assert (int(asn), int(country)) == row[1:]


def test_what_is_written_is_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    v4, v6, _, sources = package.read_table()
    names = {9605: "NTT DOCOMO,\tINC.", 24940: "Some Hosting GmbH"}
    table, words = package.write(tmp_path, v4, v6, names, sources)
    files = {table.name: table.read_bytes(), words.name: words.read_bytes()}
    monkeypatch.setattr("kuraban.reference.shipped._data", files.__getitem__)
    again4, again6, flags, again_sources = package.read_table()
    for before, after in ((v4, again4), (v6, again6)):
        for a, b in zip(before, after, strict=True):
            np.testing.assert_array_equal(a, b)
    assert flags == {24940: NET_HOSTING}
    assert again_sources == sources
    assert Networks.load().organisation(9605) == "NTT DOCOMO, INC."


COUNTRY = {"country": {"iso_code": "DE"}}
ASN = {"autonomous_system_number": 64500, "autonomous_system_organization": "Example VPN Hosting"}


def test_a_maxmind_file_with_countries_keeps_the_shipped_systems(tmp_path: Path) -> None:
    path = tmp_path / "country.mmdb"
    path.write_bytes(encode_mmdb({"8.8.8.0/24": COUNTRY, "2400:4050::/32": COUNTRY}))
    ours = Networks.load(path)
    assert where("8.8.8.8", ours) == (15169, "DE", NET_HOSTING)
    assert where("2400:4050::1", ours) == (4713, "DE", 0)
    assert where("8.8.9.0", ours) == where("8.8.9.0")
    assert where("8.8.7.255", ours) == where("8.8.7.255")


def test_a_maxmind_file_with_systems_keeps_the_shipped_countries(tmp_path: Path) -> None:
    path = tmp_path / "asn.mmdb"
    path.write_bytes(encode_mmdb({"126.0.0.0/8": ASN}))
    ours = Networks.load(path)
    assert where("126.159.33.187", ours) == (64500, "JP", NET_HOSTING | NET_ANONYMISER)
    assert ours.organisation(64500) == "Example VPN Hosting"
    assert ours.organisation(9605) == "NTT DOCOMO, INC."


def test_flat_records_of_other_makers_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "flat.mmdb"
    path.write_bytes(encode_mmdb({"126.0.0.0/8": {"country": "fr", "asn": "AS64501", "as_name": "Flat"}}))
    assert where("126.0.0.1", Networks.load(path)) == (64501, "FR", 0)


def test_private_addresses_stay_private_whatever_a_file_says(tmp_path: Path) -> None:
    path = tmp_path / "odd.mmdb"
    path.write_bytes(encode_mmdb({"10.0.0.0/8": COUNTRY}))
    assert where("10.0.0.1", Networks.load(path)) == (0, "", NET_PRIVATE)


def test_a_file_that_is_no_maxmind_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "no.mmdb"
    path.write_text("instrument,name_ja\n")
    with pytest.raises(
        NetworkTableError, match=r"no\.mmdb: not a readable MaxMind-format database: it has no metadata"
    ):
        Networks.load(path)
    with pytest.raises(NetworkTableError, match=r"gone\.mmdb: cannot be read"):
        Networks.load(tmp_path / "gone.mmdb")


def test_a_truncated_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "cut.mmdb"
    whole = encode_mmdb({f"{i}.0.0.0/8": COUNTRY for i in range(1, 60)})
    path.write_bytes(whole[40:])
    with pytest.raises(NetworkTableError):
        Networks.load(path)


def test_a_database_without_countries_or_systems_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "city.mmdb"
    path.write_bytes(encode_mmdb({"8.8.8.0/24": {"city": "Berlin"}}))
    with pytest.raises(NetworkTableError, match="without countries or autonomous systems"):
        Networks.load(path)


@settings(max_examples=400)
@given(st.integers(0), st.integers(0, 255))
def test_a_damaged_database_is_read_or_refused_but_never_breaks_the_reader(
    tmp_path_factory: pytest.TempPathFactory, at: int, byte: int
) -> None:
    whole = bytearray(encode_mmdb({f"{i}.0.0.0/8": COUNTRY for i in range(1, 9)}))
    whole[at % len(whole)] = byte
    path = tmp_path_factory.mktemp("damaged") / "x.mmdb"
    path.write_bytes(bytes(whole))
    try:
        read = read_mmdb(path)
    except NetworkTableError:
        return
    assert read.v4.starts[0] == 0


def test_neighbours_that_say_the_same_become_one_range(tmp_path: Path) -> None:
    path = tmp_path / "x.mmdb"
    path.write_bytes(
        encode_mmdb({"8.0.0.0/9": COUNTRY, "8.128.0.0/9": COUNTRY, "2400::/65": ASN, "2400:0:0:0:8000::/65": COUNTRY})
    )
    read = read_mmdb(path)
    assert read.v4.starts.tolist() == [0, 8 << 24, 9 << 24]
    assert read.v6.starts.tolist() == [0, 0x2400 << 48, (0x2400 << 48) + 1]
    assert read.v6.asn.tolist() == [0, 64500, 0]


def test_the_shipped_flags_are_those_the_rules_give_today() -> None:
    """After a change in `operators.py`, `python tools/build_networks.py` derives them anew."""
    today = {asn: flags for asn, name in package.read_names().items() if (flags := operators.flags_of_name(name))}
    assert package.read_table().flags == today


@pytest.mark.parametrize(
    "name",
    [
        "Some Hosting GmbH",
        "Example Cloud Ltd",
        "ServerHouse Ltd",
        "VPS House",
        "OVH SAS",
        "LeaseWeb Japan K.K.",
        "EO Data Center",
    ],
)
def test_a_hosting_company_is_known_by_its_name(name: str) -> None:
    assert operators.flags_of_name(name) == NET_HOSTING


@pytest.mark.parametrize(
    "name",
    [
        "University of Colorado",
        "Telmex Colombia S.A.",
        "VPN de Mexico, S.A. de C.V.",
        "Observer Media",
        "The Cloud Networks Limited",
        "Saint Cloud Hospital",
        "Cologuard",
        "NTT DOCOMO, INC.",
    ],
)
def test_a_name_that_merely_resembles_hosting_earns_no_flag(name: str) -> None:
    assert operators.flags_of_name(name) == 0
