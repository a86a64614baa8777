"""pybuild start"""

from __future__ import annotations

import argparse
import sys

from builder.cli.containers import (
    CANNOT_RUN,
    add_attachment,
    each,
    failing_as,
    follow,
    manner_of,
    start_unattached,
    terminal_size,
)
from builder.containers.records import find_container
from builder.containers.start import NotStarted, start_container
from builder.errors import UsageError
from builder.wiring.containers import container_tools

HELP = "Run containers again that have ended, with the files that they left."
EXAMPLES = """\
  pybuild start web
  pybuild start -ai shell
"""
MISUSED = CANNOT_RUN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help="name or id")
    parser.add_argument("-a", "--attach", action="store_true", help="show what it writes, until it ends")
    parser.add_argument("-i", "--interactive", action="store_true", help="what is typed goes to the process")
    add_attachment(parser)


def run(args: argparse.Namespace) -> int:
    if not (args.attach or args.interactive):
        with container_tools(args.root) as tools:
            return each(args.containers, lambda text: start_unattached(find_container(tools.store, text), tools))
    if len(args.containers) > 1:
        raise UsageError("bad-arguments", "only one container can be attached")
    return failing_as(CANNOT_RUN, lambda: _attached(args))


def _attached(args: argparse.Namespace) -> int:
    with container_tools(args.root) as tools:
        container = find_container(tools.store, args.containers[0])
        try:
            sock = start_container(container, tools, attach=True, size=terminal_size())
        except NotStarted as failure:
            print(f"pybuild: {failure.status.reason}", file=sys.stderr)
            return failure.status.code
    args.interactive = args.interactive and container.settings.interactive
    return follow(sock, container.name, manner_of(args, tty=container.settings.tty))
