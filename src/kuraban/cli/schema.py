"""`kuraban schema`: the published form of events and decisions."""

import argparse
import sys

import msgspec

from kuraban import decisions, events


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("what", nargs="?", choices=("event", "decision"), default="event", help="default: event")


def run(given: argparse.Namespace) -> int:
    """Print the schema."""
    schema = events.schema() if given.what == "event" else decisions.schema()
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(schema), indent=2).decode() + "\n")
    return 0
