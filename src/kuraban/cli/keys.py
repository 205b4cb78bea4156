"""`kuraban keys`: who may use the HTTP API."""

import argparse
import sqlite3
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from kuraban.cli.errors import CommandError
from kuraban.server.keys import SCOPES, Keys, is_scope, open_keys


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser("create", help="make a key; it is shown once (発行。表示は一度だけ)")
    create.add_argument("name", help="whose or what for, e.g. order-gateway")
    create.add_argument(
        "--scope",
        action="append",
        type=_scope,
        metavar="SCOPE",
        help=f"one of {', '.join(SCOPES)}, signals:STREAM; repeat for several (default: decide)",
    )
    create.add_argument("--days", type=int, help="valid for so many days (default: until revoked)")
    listed = actions.add_parser("list", help="show keys without their secrets (一覧)")
    revoke = actions.add_parser("revoke", help="make a key useless (失効)")
    revoke.add_argument("id", help="as `list` shows it")
    for each in (create, listed, revoke):
        each.add_argument("--data", type=Path, default=Path("kuraban-data"), help="data folder (データの保存先)")


def run(given: argparse.Namespace) -> int:
    """Create, list or revoke; works beside a running server, which notices within a second."""
    try:
        keys = open_keys(given.data)
    except (OSError, sqlite3.Error) as error:
        raise CommandError(f"cannot use the data folder {given.data}: {error}") from error
    try:
        if given.action == "create":
            _create(keys, given)
        elif given.action == "list":
            _list(keys)
        elif not keys.revoke(given.id):
            raise CommandError(f"there is no valid key {given.id}; see `kuraban keys list`")
    finally:
        keys.close()
    return 0


def _scope(word: str) -> str:
    if not is_scope(word):
        raise argparse.ArgumentTypeError(f"a scope is one of {', '.join(SCOPES)}, signals:STREAM")
    return word


def _create(keys: Keys, given: argparse.Namespace) -> None:
    if given.days is not None and given.days < 1:
        raise CommandError("--days is at least 1", 2)
    expires = int(time.time()) + given.days * 86_400 if given.days is not None else None
    made = keys.create(given.name, frozenset(given.scope or ("decide",)), expires)
    sys.stderr.write("keep it safe: it is not shown again (再表示できません)\n")
    sys.stdout.write(made + "\n")


def _list(keys: Keys) -> None:
    for key in keys.all():
        state = "revoked" if key.revoked else "valid" if key.valid(time.time()) else "expired"
        made = datetime.fromtimestamp(key.created, UTC).strftime("%Y-%m-%d")
        sys.stdout.write(f"{key.id}  {state:8} {made}  {','.join(sorted(key.scopes)):20} {key.name}\n")
