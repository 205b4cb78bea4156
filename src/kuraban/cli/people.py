"""`kuraban people`: who may use the desk's console, and how they sign in for the first time."""

import argparse
import getpass
import sqlite3
import sys
from pathlib import Path

from kuraban.cli.errors import CommandError
from kuraban.console.desk.people import ANALYST, LINK_S, ROLES, People, Person
from kuraban.console.desk.seat import ROOT
from kuraban.journal.schema import JournalError

_DEFAULT_URL = "http://localhost:8040"


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    new = actions.add_parser("add", help="let somebody in, and make a link to sign in by (追加)")
    new.add_argument("name", help="as shown in the console and the audit log (表示名)")
    new.add_argument("--role", choices=ROLES, default=ANALYST, help="default: %(default)s (権限)")
    link = actions.add_parser("link", help="make another link to sign in by (サインイン用リンクの発行)")
    listed = actions.add_parser("list", help="show who may sign in (一覧)")
    remove = actions.add_parser("remove", help="let somebody in no more, at once (削除)")
    role = actions.add_parser("role", help="give somebody another role (権限の変更)")
    for each in (link, remove, role):
        each.add_argument("name", help="as `list` shows it")
    role.add_argument("role", choices=ROLES)
    for each in (new, link):
        each.add_argument("--url", help="the console's address; default: that of the server last run on this folder")
    for each in (new, link, listed, remove, role):
        each.add_argument("--data", type=Path, default=Path("kuraban-data"), help="data folder (データの保存先)")


def run(given: argparse.Namespace) -> int:
    """Add, list, change or remove; works beside a running server, which notices at once."""
    try:
        people = People(given.data)
    except (OSError, sqlite3.Error, JournalError) as error:
        raise CommandError(f"cannot use the data folder {given.data}: {error}") from error
    try:
        _act(people, given)
    except ValueError as error:
        raise CommandError(str(error)) from error
    except sqlite3.Error as error:
        raise CommandError(f"cannot write to the data folder {given.data}: {error}") from error
    finally:
        people.close()
    return 0


def _act(people: People, given: argparse.Namespace) -> None:
    by = f"shell:{_me()}"
    if given.action == "list":
        for person in people.all():
            browsers = len(people.sessions(person))
            sys.stdout.write(f"{person.role:8}  {browsers} signed in  {person.name}\n")
    elif given.action == "add":
        _link(people, people.add(given.name, given.role, by), given.url, by)
    elif given.action == "link":
        _link(people, _known(people, given.name), given.url, by)
    elif given.action == "role":
        _known(people, given.name)
        people.give(given.name, given.role, by)
    else:
        _known(people, given.name)
        people.remove(given.name, by)


def _known(people: People, name: str) -> Person:
    found = people.find(name)
    if found is None:
        raise CommandError(f"there is nobody called {name}; see `kuraban people list`")
    return found


def _link(people: People, person: Person, url: str | None, by: str) -> None:
    base = (url or people.fact("url") or _DEFAULT_URL).rstrip("/")
    sys.stderr.write(
        f"signs {person.name} in once, within {LINK_S // 60} minutes; give it to nobody else "
        f"({LINK_S // 60}分以内に一度だけ使えます。他の人に渡さないでください)\n"
    )
    sys.stdout.write(f"{base}{ROOT}/enter/{people.link(person, by)}\n")


def _me() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user of a container who has no name
        return "unknown"
