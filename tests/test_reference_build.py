"""The tool that compiles the table of networks turns announcements and countries into one step function."""

import importlib.util
import io
import tarfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

TOOL = Path(__file__).resolve().parent.parent / "tools" / "build_networks.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_networks", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_announcements_become_steps_with_nothing_between_them(tool: ModuleType) -> None:
    starts, asns = tool.steps([(10, 19, 1), (20, 29, 1), (40, 49, 2)], np.uint32, 2**32 - 1)
    assert (starts.tolist(), asns.tolist()) == ([0, 10, 30, 40, 50], [0, 1, 0, 2, 0])


def test_of_two_announcements_that_overlap_the_first_keeps_its_addresses(tool: ModuleType) -> None:
    starts, asns = tool.steps([(0, 19, 1), (10, 29, 2), (15, 18, 3)], np.uint32, 2**32 - 1)
    assert (starts.tolist(), asns.tolist()) == ([0, 20, 30], [1, 2, 0])


def test_an_announcement_may_reach_the_last_address(tool: ModuleType) -> None:
    starts, asns = tool.steps([(2**32 - 2, 2**32 - 1, 1)], np.uint32, 2**32 - 1)
    assert (starts.tolist(), asns.tolist()) == ([0, 2**32 - 2], [0, 1])


def test_systems_and_countries_are_joined_at_both_their_boundaries(tool: ModuleType) -> None:
    systems = (np.array([0, 10, 30], dtype=np.uint32), np.array([0, 1, 0], dtype=np.uint32))
    countries = (np.array([5, 20, 30], dtype=np.uint32), np.array([7, 8, 8], dtype=np.uint16))
    joined = tool.join(systems, countries)
    assert joined.starts.tolist() == [0, 5, 10, 20, 30]
    assert joined.asn.tolist() == [0, 0, 1, 1, 0]
    assert joined.country.tolist() == [0, 7, 7, 8, 8]


def test_rows_are_read_out_of_the_npm_package(tool: ModuleType, tmp_path: Path) -> None:
    archive = tmp_path / "asn.tgz"
    text = b'16777216,16777471,13335,"Cloudflare, Inc."\n'
    with tarfile.open(archive, "w:gz") as tar:
        entry = tarfile.TarInfo("package/asn-ipv4-num.csv")
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
    rows = list(tool.announcements(archive, "asn-ipv4-num.csv", 0))
    assert rows == [(16777216, 16777471, 13335, "Cloudflare, Inc.")]


def test_countries_are_asked_in_both_families(tool: ModuleType) -> None:
    assert tool.dotted(np.array([0x01020304], dtype=np.uint32)) == ["1.2.3.4"]
    asked = tool.v6_text(np.array([0x2001_0200_0000_0000], dtype=np.uint64))
    assert tool.country_codes(asked).tolist() == [ord("J") << 8 | ord("P")]
