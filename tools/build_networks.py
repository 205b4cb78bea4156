"""Compile the table of networks that the package ships.

Sources, fetched with their ordinary clients:

    npm pack @ip-location-db/asn                        autonomous systems and their organisations (CC BY 4.0)
    npm pack @ip-location-db/geo-whois-asn-country-mmdb IPv6 boundaries only (CC BY 4.0; optional)
    pip install iptocc                                  country of every delegated range (RIR data, MIT/Apache-2.0)

then, from the repository's root:

    python tools/build_networks.py ip-location-db-asn-*.tgz [--boundaries ip-location-db-geo-…-mmdb-*.tgz]

Without arguments only the flags are derived anew from the names already shipped (after a change of the rules in
`reference/operators.py`).

iptocc answers look-ups and cannot be listed, so it is asked along a grid: IPv4 at every /26 and, where two of those
differ or an announcement begins inside, at every address of that /24; IPv6 at every /32 of the delegated space, where
an announcement begins or ends, and at the boundaries another country table knows.
"""

import argparse
import csv
import importlib.metadata
import io
import ipaddress
import itertools
import json
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import iptocc
import maxminddb
import numpy as np

from kuraban.reference import shipped
from kuraban.reference.ranges import Columns

DATA = Path(__file__).resolve().parent.parent / "src" / "kuraban" / "reference" / "data"

# IPv6 space that the five registries hold, by its first 16 bits.
DELEGATED_V6 = [
    0x2001,
    0x2003,
    *(block | low for block in (0x2400, 0x2410, 0x2600, 0x2610, 0x2620, 0x2630) for low in range(16)),
    *(block | low for block in (0x2800, 0x2A00, 0x2A10, 0x2C00) for low in range(16)),
]
CHUNK = 1 << 20


def country_codes(addresses: list[str]) -> np.ndarray:
    """iptocc's country of each address as two packed letters, 0 where it knows none."""
    answers = iptocc.country_code(addresses)
    return np.array([ord(c[0]) << 8 | ord(c[1]) if c else 0 for c in answers], dtype=np.uint16)


def dotted(addresses: np.ndarray) -> list[str]:
    """IPv4 addresses in their usual notation."""
    return [f"{a >> 24}.{a >> 16 & 255}.{a >> 8 & 255}.{a & 255}" for a in addresses.tolist()]


def v6_text(starts: np.ndarray) -> list[str]:
    """IPv6 addresses, given by their upper 64 bits, in a notation iptocc reads."""
    return [f"{a >> 48:x}:{a >> 32 & 65535:x}:{a >> 16 & 65535:x}:{a & 65535:x}::" for a in starts.tolist()]


def changes(starts: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The points of a step function at which its value changes."""
    keep = np.concatenate(([True], values[1:] != values[:-1]))
    return starts[keep], values[keep]


def countries_v4(fine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Country by start of range; `fine` are points inside a /24 where something else begins."""
    starts, codes = [], []
    for first_octet in range(1, 224):
        grid = (np.uint32(first_octet) << np.uint32(24)) + (np.arange(1 << 18, dtype=np.uint32) << np.uint32(6))
        found = country_codes(dotted(grid))
        by_24 = found.reshape(-1, 4)
        mixed = (by_24 != by_24[:, :1]).any(axis=1)
        split = np.unique((fine[fine >> np.uint32(24) == first_octet] & np.uint32(0xFFFFFF)) >> np.uint32(8))
        mixed[split] = True
        inside = (grid.reshape(-1, 4)[mixed, 0][:, None] + np.arange(256, dtype=np.uint32)).ravel()
        points = np.concatenate((grid, inside))
        values = np.concatenate((found, country_codes(dotted(inside))))
        points, at = np.unique(points, return_index=True)
        kept, kept_codes = changes(points, values[at])
        starts.append(kept)
        codes.append(kept_codes)
    return changes(np.concatenate(starts), np.concatenate(codes))


def countries_v6(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Country by start of range (upper 64 bits), asked at every delegated /32 and at `points`."""
    grids = [
        (np.uint64(p) << np.uint64(48)) + (np.arange(1 << 16, dtype=np.uint64) << np.uint64(32)) for p in DELEGATED_V6
    ]
    ends = [(np.uint64(p + 1) << np.uint64(48)) for p in DELEGATED_V6]
    every = np.unique(np.concatenate((*grids, np.array(ends, dtype=np.uint64), points)))
    codes = [country_codes(v6_text(every[i : i + CHUNK])) for i in range(0, len(every), CHUNK)]
    return changes(every, np.concatenate(codes))


def member(archive: Path, name: str) -> bytes:
    """One file of an npm package."""
    with tarfile.open(archive) as tar:
        found = tar.extractfile(f"package/{name}")
        if found is None:
            raise SystemExit(f"{archive}: holds no package/{name}")
        return found.read()


def announcements(archive: Path, name: str, shift: int) -> Iterator[tuple[int, int, int, str]]:
    """Rows of (first, last, autonomous system, organisation), addresses shifted right by `shift` bits."""
    for first, last, asn, organisation in csv.reader(io.StringIO(member(archive, name).decode())):
        yield int(first) >> shift, int(last) >> shift, int(asn), organisation


def steps(rows: list[tuple[int, int, int]], dtype: type, top: int) -> tuple[np.ndarray, np.ndarray]:
    """Ranges as a step function: 0 between them, the first of two that overlap wins."""
    starts, asns = [0], [0]
    end = 0
    for first, last, asn in sorted(rows):
        first = max(first, end)
        if last < first:
            continue
        if first > end:
            starts.append(end)
            asns.append(0)
        starts.append(first)
        asns.append(asn)
        end = last + 1
    if end <= top:
        starts.append(end)
        asns.append(0)
    # A gap of no length leaves two steps at one point: the later one holds.
    points: np.ndarray = np.array(starts, dtype=dtype)
    last_of = np.concatenate((points[1:] != points[:-1], [True]))
    return changes(points[last_of], np.array(asns, dtype=np.uint32)[last_of])


def join(a: tuple[np.ndarray, np.ndarray], c: tuple[np.ndarray, np.ndarray]) -> Columns:
    """Autonomous systems and countries over the union of their boundaries, equal neighbours merged."""
    zero = np.zeros(1, dtype=a[0].dtype)
    starts = np.unique(np.concatenate((zero, a[0], c[0])))
    asn = a[1][np.searchsorted(a[0], starts, "right") - 1]
    at = np.searchsorted(c[0], starts, "right") - 1
    country = np.where(at >= 0, c[1][at], 0).astype(np.uint16)
    keep = np.concatenate(([True], (asn[1:] != asn[:-1]) | (country[1:] != country[:-1])))
    return Columns(starts[keep], asn[keep], country[keep])


def boundaries(archive: Path | None) -> np.ndarray:
    """Upper 64 bits of the first address, and of the one after the last, of each IPv6 network of a country table."""
    if archive is None:
        return np.zeros(0, dtype=np.uint64)
    points: list[int] = []
    with tempfile.NamedTemporaryFile(suffix=".mmdb") as file:
        file.write(member(archive, "geo-whois-asn-country-ipv6.mmdb"))
        file.flush()
        with maxminddb.open_database(file.name) as reader:
            for network, _ in reader:
                if isinstance(network, ipaddress.IPv6Network):
                    points.append(int(network.network_address) >> 64)
                    points.append((int(network.broadcast_address) >> 64) + 1)
    return np.unique(np.array([p for p in points if p < 1 << 64], dtype=np.uint64))


def main() -> int:
    """Read the sources, write the two files under `reference/data`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("asn", type=Path, nargs="?", help="the npm package @ip-location-db/asn (.tgz)")
    parser.add_argument(
        "--boundaries", type=Path, help="the npm package @ip-location-db/geo-whois-asn-country-mmdb (.tgz)"
    )
    parser.add_argument("--out", type=Path, default=DATA, help="folder to write to (default: the package's own)")
    args = parser.parse_args()
    if args.asn is None:
        old = shipped.read_table()
        shipped.write(args.out, old.v4, old.v6, shipped.read_names(), old.sources)
        return 0

    rows4 = list(announcements(args.asn, "asn-ipv4-num.csv", 0))
    rows6 = list(announcements(args.asn, "asn-ipv6-num.csv", 64))
    names = {asn: name.strip() for _, _, asn, name in itertools.chain(rows6, rows4)}
    asn4 = steps([row[:3] for row in rows4], np.uint32, 0xFFFFFFFF)
    asn6 = steps([row[:3] for row in rows6], np.uint64, 0xFFFF_FFFF_FFFF_FFFF)
    fine = asn4[0][asn4[0] & np.uint32(0xFF) != 0]
    v4 = join(asn4, countries_v4(fine))
    v6 = join(asn6, countries_v6(np.concatenate((asn6[0], boundaries(args.boundaries)))))

    package = json.loads(member(args.asn, "package.json"))
    sources = {package["name"]: package["version"], "iptocc": importlib.metadata.version("iptocc")}
    for path in shipped.write(args.out, v4, v6, names, sources):
        print(f"{path}: {path.stat().st_size:,} bytes", file=sys.stderr)
    print(f"{len(v4.starts):,} IPv4 and {len(v6.starts):,} IPv6 ranges, {len(names):,} organisations", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
