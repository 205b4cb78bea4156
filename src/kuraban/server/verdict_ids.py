"""The ids of the events that verdicts become: who gave it and about which alert, under a seal.

Without the seal a caller could send such an id beforehand, and the verdict itself would be taken for a duplicate of it;
or have his own event pass for an analyst's word.
"""

import hashlib
import hmac
import re
from typing import NamedTuple

BY_ANALYST, BY_OWNER = "kuraban-alert", "kuraban-owner"
_ID = re.compile(rf"({BY_ANALYST}|{BY_OWNER})-(\d{{1,18}})-(\d{{1,18}})-([0-9a-f]{{24}})", re.ASCII)


class Verdict(NamedTuple):
    """What an id says. alert, act: their numbers."""

    alert: int
    act: int
    by_owner: bool


def written(secret: bytes, verdict: Verdict) -> str:
    """The id of a verdict's event."""
    name = f"{BY_OWNER if verdict.by_owner else BY_ANALYST}-{verdict.alert}-{verdict.act}"
    return f"{name}-{_seal(secret, name)}"


def read(secret: bytes, id: str) -> Verdict | None:
    """The verdict that an id of ours stands for, None where it is not one."""
    found = _ID.fullmatch(id)
    if found is None or not hmac.compare_digest(_seal(secret, id.rpartition("-")[0]), found[4]):
        return None
    return Verdict(int(found[2]), int(found[3]), found[1] == BY_OWNER)


def _seal(secret: bytes, name: str) -> str:
    return hmac.new(secret, f"verdict {name}".encode(), hashlib.sha256).hexdigest()[:24]
