"""pybuild create"""

from __future__ import annotations

import argparse
import os

from builder.cli.containers import CANNOT_RUN, failing_as, warn_of_network, write_cidfile
from builder.cli.interrupts import interrupted_by_signals
from builder.containers.create import create_container
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

    asked = asked_of(args, os.environ)
    with interrupted_by_signals(), container_tools(args.root, "none" if args.quiet else "auto") as tools:
        container = create_container(asked, tools)
        warn_of_network(container, args.network)
    write_cidfile(args.cidfile, container.id)
    print(container.id)
    return 0
