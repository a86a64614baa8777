"""pybuild create"""

from __future__ import annotations

import argparse
import os

from builder.cli.containers import CANNOT_RUN, check_cidfile, failing_as, nothing_left, warn_of_network, write_cidfile
from builder.cli.interrupts import interrupted_by_signals
from builder.containers.create import create_container, new_identifier
from builder.wiring.containers import container_tools

HELP = "Make a container of an image, for `start` to run."
EXAMPLES = """\
  pybuild create --name web -p 8080:80 web:1.0
  pybuild cp site/. web:/srv && pybuild start web
"""
MISUSED = CANNOT_RUN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.cli.container_options.arguments import add_image_and_command, add_options

    add_options(parser)
    add_image_and_command(parser)


def run(args: argparse.Namespace) -> int:
    return failing_as(CANNOT_RUN, lambda: _create(args))


def _create(args: argparse.Namespace) -> int:
    """Prints the id."""
    from builder.cli.container_options.arguments import asked_of

    asked, identifier = asked_of(args, os.environ), new_identifier()
    check_cidfile(args.cidfile)
    with interrupted_by_signals(), container_tools(args.root, "none" if args.quiet else "auto") as tools:
        with nothing_left(identifier, tools, args):
            container = create_container(asked, identifier, tools)
            write_cidfile(args.cidfile, identifier)
        warn_of_network(container, args.network)
        print(identifier)
    return 0
