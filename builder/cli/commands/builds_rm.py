"""pybuild builds rm"""

from __future__ import annotations

import argparse
import time

from builder.builds.folder import places, remove
from builder.builds.reading import find_build
from builder.errors import UsageError
from builder.model.time_span import parse_time_span
from builder.wiring.store import open_store

HELP = "Remove builds from the history, with their logs. Images and cache stay."
EXAMPLES = """\
  pybuild builds rm 0b9a5965785f
  pybuild builds rm --older-than 168h
  pybuild builds rm --all
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("build", nargs="*", metavar="BUILD", help="id, or ^N")
    parser.add_argument("--older-than", metavar="TIME", help="those that started longer ago, such as 12h or 7d")
    parser.add_argument("--all", action="store_true", help="all of them")


def run(args: argparse.Namespace) -> int:
    if not (args.build or args.all or args.older_than):
        raise UsageError("bad-option", "no build is named", hint="name builds, or say --older-than TIME or --all")
    with open_store(args.root) as store:
        gone = [find_build(store, wanted)[0] for wanted in args.build]
        if args.all:
            gone += places(store)
        if args.older_than:
            limit = time.time() - _seconds(args.older_than)
            gone += [place for place in places(store) if place.started < limit]
        for place in dict.fromkeys(gone):
            remove(place)
            print(place.id)
    return 0


def _seconds(text: str) -> float:
    seconds = parse_time_span(text)
    if seconds is None:
        raise UsageError("bad-option", f"--older-than {text}: expected a length of time", hint="such as 12h or 7d")
    return seconds
