"""The smallest writer of MaxMind-format databases that can test a reader (specification 2.0, 24-bit records)."""

import ipaddress
import struct
from typing import Any

_MARKER = b"\xab\xcd\xefMaxMind.com"
_UINT16, _UINT32, _UINT64 = 5, 6, 9


def _control(kind: int, size: int) -> bytes:
    extended = kind > 7
    first = 0 if extended else kind << 5
    tail = bytes([kind - 7]) if extended else b""
    if size < 29:
        return bytes([first | size]) + tail
    return bytes([first | 29]) + tail + bytes([size - 29])


def _encode(value: Any) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return _control(2, len(text)) + text
    if isinstance(value, dict):
        return _control(7, len(value)) + b"".join(_encode(k) + _encode(v) for k, v in value.items())
    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(map(_encode, value))
    kind, number = value if isinstance(value, tuple) else (_UINT32, value)
    raw = struct.pack(">Q", number).lstrip(b"\0")
    return _control(kind, len(raw)) + raw


def encode_mmdb(networks: dict[str, Any], database_type: str = "Test") -> bytes:
    """A database of an IPv6 tree (IPv4 under ::/96) that maps disjoint networks to records."""
    nodes: list[list[Any]] = [[None, None]]
    data = b""
    for text, record in networks.items():
        network = ipaddress.ip_network(text)
        length = network.prefixlen + (96 if network.version == 4 else 0)
        number = int(network.network_address)
        at = 0
        for depth in range(length):
            bit = number >> (127 - depth) & 1
            if depth == length - 1:
                nodes[at][bit] = ("data", len(data))
            else:
                if nodes[at][bit] is None:
                    nodes.append([None, None])
                    nodes[at][bit] = len(nodes) - 1
                at = nodes[at][bit]
        data += _encode(record)
    count = len(nodes)

    def pointer(target: Any) -> bytes:
        if target is None:
            return struct.pack(">I", count)[1:]
        number = count + 16 + target[1] if isinstance(target, tuple) else target
        return struct.pack(">I", number)[1:]

    tree = b"".join(pointer(left) + pointer(right) for left, right in nodes)
    metadata = {
        "binary_format_major_version": (_UINT16, 2),
        "binary_format_minor_version": (_UINT16, 0),
        "build_epoch": (_UINT64, 1_750_000_000),
        "database_type": database_type,
        "description": {"en": "made for a test"},
        "ip_version": (_UINT16, 6),
        "languages": ["en"],
        "node_count": count,
        "record_size": (_UINT16, 24),
    }
    return tree + bytes(16) + data + _MARKER + _encode(metadata)
