"""pybuild cp"""

from __future__ import annotations

import argparse

from builder.containers.copy import Manner, copy_in, copy_out
from builder.containers.records import find_container
from builder.errors import UsageError
from builder.wiring.containers import container_tools

HELP = "Copy files between a container and this machine."
EXAMPLES = """\
  pybuild cp web:/etc/app.conf .
  pybuild cp site/. web:/srv
  pybuild cp web:/var/log - | tar -t
  tar -c . | pybuild cp - web:/src
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("source", metavar="SOURCE", help="CONTAINER:PATH, a path, or - for a tar on standard input")
    parser.add_argument("target", metavar="TARGET", help="CONTAINER:PATH, a path, or - for a tar on standard output")
    parser.add_argument("-a", "--archive", action="store_true", help="keep user and group numbers")
    parser.add_argument("-L", "--follow-link", action="store_true", help="what a link as SOURCE leads to")


def run(args: argparse.Namespace) -> int:
    source, target = _split(args.source), _split(args.target)
    if (source is None) == (target is None):
        raise UsageError("bad-arguments", "one of the two must be CONTAINER:PATH, and only one")
    manner = Manner(args.archive, args.follow_link)
    with container_tools(args.root, "none") as tools:
        if source:
            copy_out(find_container(tools.store, source[0]), source[1], args.target, tools, manner)
        elif target:
            copy_in(args.source, find_container(tools.store, target[0]), target[1], tools, manner)
    return 0


def _split(text: str) -> tuple[str, str] | None:
    """docker's: what begins with a slash or a dot is a path of this machine, colon or not."""
    name, colon, path = text.partition(":")
    if not colon or text.startswith(("/", ".")) or not name:
        return None
    return name, path or "/"
