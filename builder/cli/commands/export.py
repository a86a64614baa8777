"""pybuild export"""

from __future__ import annotations

import argparse

HELP = "Write the files of an image as one tar archive."
EXAMPLES = """\
  pybuild export -o rootfs.tar app:1.0
  pybuild export app:1.0 | tar -xf - etc/os-release
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="name or id")
    parser.add_argument("-o", "--output", default="-", metavar="FILE", help="instead of standard output")
    parser.add_argument("--platform", metavar="PLATFORM", help="which one of an image for several platforms")


def run(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from builder.cli.commands.save import parse_platform
    from builder.cli.progress import shown_progress
    from builder.images.find import find_image
    from builder.images.stored import stored_image
    from builder.outputs.tar import TarOutput
    from builder.outputs.types import OutputKind, OutputSpec
    from builder.wiring import means_of, open_store

    with ExitStack() as opened:
        store = opened.enter_context(open_store(args.root))
        opened.enter_context(shown_progress("none"))
        image = stored_image(store, find_image(store, args.image).descriptor, args.image, parse_platform(args.platform))
        TarOutput(OutputSpec(OutputKind.TAR, args.output), means_of(store, opened)).write(image)
    return 0
