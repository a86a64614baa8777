"""pybuild export"""

from __future__ import annotations

import argparse

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.containers.tools import Tools
    from builder.model.layer import Chain

HELP = "Write the files of a container or of an image as one tar archive."
EXAMPLES = """\
  pybuild export -o rootfs.tar web              # a container: the image's files and its own
  pybuild export app:1.0 | tar -xf - etc/os-release
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="CONTAINER|IMAGE", help="name or id; containers come first, as in docker")
    parser.add_argument("-o", "--output", default="-", metavar="FILE", help="instead of standard output")
    parser.add_argument("--platform", metavar="PLATFORM", help="which one of an image for several platforms")


def run(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from builder.cli.interrupts import interrupted_by_signals
    from builder.outputs.tar import write_files
    from builder.wiring.containers import container_tools
    from builder.wiring.on_demand import means_of

    with ExitStack() as opened:
        tools = opened.enter_context(container_tools(args.root, "none"))
        opened.enter_context(interrupted_by_signals())
        write_files(_layers(args, tools), args.output, means_of(tools.store, opened))
    return 0


def _layers(args: argparse.Namespace, tools: Tools) -> Chain:
    from builder.cli.commands.save import parse_platform
    from builder.containers.commit import all_layers
    from builder.containers.records import find_container
    from builder.errors import StoreError
    from builder.images.find import find_image
    from builder.images.stored import stored_image

    if not args.platform:
        try:
            return all_layers(find_container(tools.store, args.name), tools, pause=True)
        except StoreError as error:
            if error.code != "no-such-container":
                raise
    found = find_image(tools.store, args.name)
    return stored_image(tools.store, found.descriptor, args.name, parse_platform(args.platform)).layers
