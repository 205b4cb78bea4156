"""A state file either gives back the arrays that were saved or says why not; it never gives others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from kuraban import snapshot
from kuraban.core.profile import PROFILE
from kuraban.snapshot import MAGIC, SnapshotError

NESTED = np.dtype([("id", "u8"), ("part", [("weight", "f4"), ("count", "i2", (3,))], (2,))], align=True)
IN_TMP = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])

DTYPES: st.SearchStrategy[np.dtype[Any]] = st.sampled_from(["f8", "i4", "u2", "u1"]).map(np.dtype)

Arrays = dict[str, np.ndarray]


def example() -> Arrays:
    rng = np.random.default_rng(7)
    nested = np.zeros(5, NESTED)
    nested["id"] = rng.integers(0, 2**60, 5)
    nested["part"]["weight"] = rng.random((5, 2))
    return {"numbers": rng.random(700), "nested": nested, "empty": np.zeros(0, "i8"), "words": np.array(["a", "蔵番"])}


def same(left: Arrays, right: Arrays) -> bool:
    return list(left) == list(right) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(left.values(), right.values(), strict=True)
    )


def saved(folder: Path) -> Path:
    path = folder / "state"
    snapshot.save(path, example())
    return path


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    assert same(snapshot.load(saved(tmp_path)), example())


def test_an_array_that_will_grow_is_given_empty_rows_and_does_without_them_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path)
    found = snapshot.load(path, roomy={"nested"})
    known, more = found["nested"][:5], found["nested"][5:]
    assert same(found | {"nested": known}, example())
    assert len(more) > 1000
    assert not any(more.tobytes())

    zeros = np.zeros

    def short(shape: Any, *more: Any, **named: Any) -> Any:
        if np.prod(shape) > 1000:
            raise MemoryError
        return zeros(shape, *more, **named)

    monkeypatch.setattr(np, "zeros", short)
    assert same(snapshot.load(path, roomy={"nested"}), example())


@IN_TMP
@given(
    array=arrays.arrays(
        DTYPES,
        arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=9),
    ),
    name=st.text(min_size=1, max_size=40),
)
def test_any_array_under_any_name_is_loaded_again(tmp_path: Path, array: np.ndarray, name: str) -> None:
    path = tmp_path / "any"
    snapshot.save(path, {name: array})
    assert same(snapshot.load(path), {name: array})


def test_rows_of_the_engine_keep_their_layout(tmp_path: Path) -> None:
    path = tmp_path / "rows"
    snapshot.save(path, {"rows": np.zeros(3, PROFILE)})
    assert snapshot.load(path)["rows"].dtype == PROFILE


@settings(parent=IN_TMP, max_examples=250)
@given(place=st.floats(0, 1, exclude_max=True), near_start=st.booleans(), flip=st.integers(1, 255))
def test_a_damaged_byte_is_noticed_wherever_it_matters(
    tmp_path: Path, place: float, near_start: bool, flip: int
) -> None:
    path = tmp_path / "state"
    if not path.exists():
        snapshot.save(path, example())
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[int(place * (600 if near_start else len(whole)))] ^= flip  # the header is short: aim at it half of the time
    other = tmp_path / "damaged"
    other.write_bytes(damaged)
    try:
        found = snapshot.load(other)
    except SnapshotError:
        return
    assert same(found, example())  # only padding between arrays may be lost without a word


@IN_TMP
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "state"
    if not path.exists():
        snapshot.save(path, example())
    other = tmp_path / "short"
    whole = path.read_bytes()
    other.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(SnapshotError):
        snapshot.load(other)


def test_every_byte_of_the_header_counts(tmp_path: Path) -> None:
    path = saved(tmp_path)
    whole = path.read_bytes()
    length = int.from_bytes(whole[len(MAGIC) : len(MAGIC) + 8], "little")
    for place in range(len(MAGIC) + 12 + length):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(SnapshotError):
            snapshot.load(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"kuraban-state 999\n" + bytes(100), "another version's"),
        (b"PK\x03\x04" + bytes(100), "not a Kuraban state file"),
        (b"", "not a Kuraban state file"),
        (MAGIC, "damaged header"),
        (MAGIC + (2**63).to_bytes(8, "little") + bytes(4), "damaged header"),
    ],
)
def test_other_files_are_refused_with_a_reason(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match=words):
        snapshot.load(path)


def test_a_missing_file_and_a_folder_are_refused_with_a_reason(tmp_path: Path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(SnapshotError, match="cannot read the state file"):
            snapshot.load(path)


def test_a_disk_that_does_not_take_the_new_state_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        snapshot.save(path, {"numbers": np.zeros(3)})
    assert same(snapshot.load(path), example())
    assert [each.name for each in tmp_path.iterdir()] == ["state"]
