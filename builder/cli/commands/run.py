"""pybuild run"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack

from builder.cli.containers import (
    CANNOT_RUN,
    add_attachment,
    check_cidfile,
    failing_as,
    manner_of,
    nothing_left,
    see_out,
    terminal_size,
    warn_of_network,
    write_cidfile,
)
from builder.cli.interrupts import interrupted_by_signals
from builder.containers.client import Attendance
from builder.containers.create import create_container, new_identifier
from builder.containers.start import NotStarted, start_container
from builder.errors import UsageError
from builder.wiring.containers import container_tools

HELP = "Run a command in a new container of an image."
EXAMPLES = """\
  pybuild run --rm -it debian:12
  pybuild run --rm -v "$PWD":/src -w /src python:3.12 python -m pytest
  pybuild run -d --name web -p 8080:80 -v data:/srv web:1.0
  pybuild run --rm --memory 512m --cpus 1.5 --read-only --tmpfs /tmp app:1.0
"""
MISUSED = CANNOT_RUN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.cli.container_options.arguments import add_image_and_command, add_options

    add_options(parser)
    parser.add_argument("-d", "--detach", action="store_true", help="in the background; prints the id")
    add_attachment(parser)
    add_image_and_command(parser)


def run(args: argparse.Namespace) -> int:
    return failing_as(CANNOT_RUN, lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    from builder.cli.container_options.arguments import asked_of

    asked = asked_of(args, os.environ)
    if args.interactive and args.tty and not args.detach and not os.isatty(0):
        raise UsageError("not-a-terminal", "-it: the input is no terminal", hint="leave out -t")
    check_cidfile(args.cidfile)
    manner = manner_of(args, tty=args.tty)
    with interrupted_by_signals(), ExitStack() as attached:
        with container_tools(args.root, "none" if args.quiet else "auto") as tools:
            identifier = new_identifier()
            with nothing_left(identifier, tools, args):
                container = create_container(asked, identifier, tools)
                write_cidfile(args.cidfile, identifier)
                warn_of_network(container, args.network)
                try:
                    sock = start_container(container, tools, attach=not args.detach, size=terminal_size())
                except NotStarted as failure:
                    print(f"pybuild: {failure.status.reason}", file=sys.stderr)
                    return failure.status.code
                if args.detach:
                    print(identifier)
                    return 0
                attendance = Attendance(sock, manner)
                attached.enter_context(attendance.signals())  # from here on they are the process's
        return see_out(attendance, sock, container.name, stop_unread=True)
