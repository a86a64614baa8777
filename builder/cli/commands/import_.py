"""pybuild import"""

from __future__ import annotations

import argparse
import json
import os
from contextlib import ExitStack

from builder.cli.archives import open_archive
from builder.cli.epoch import source_date_epoch
from builder.errors import UsageError
from builder.images.import_ import ImportOptions, import_image
from builder.model.config import RunConfig
from builder.model.platform import Platform, host_platform
from builder.model.reference import parse_tag
from builder.plan.changes import config_of
from builder.wiring.store import open_store

HELP = "Make an image of one layer from the tar archive of a root filesystem."
EXAMPLES = """\
  pybuild import rootfs.tar.gz base:1.0
  tar -C rootfs -c . | pybuild import -c 'CMD ["/bin/sh"]' - base:1.0
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="a tar archive, compressed or not; - reads standard input")
    parser.add_argument("name", nargs="?", default="", metavar="NAME[:TAG]", help="the image's name")
    parser.add_argument(
        "-c", "--change", action="append", default=[], metavar="INSTRUCTION", help="set CMD, ENV, LABEL, … of the image"
    )
    parser.add_argument("-m", "--message", default="", metavar="TEXT", help="comment in the history")
    parser.add_argument("--platform", default="", metavar="OS/ARCH", help="of the files (default: this machine's)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    platform = Platform.parse(args.platform, host_platform()) if args.platform else host_platform()
    config = config_of(args.change, platform) if args.change else RunConfig()
    name = parse_tag(args.name) if args.name else ""
    if "://" in args.file:
        raise UsageError("unsupported-import", "archives are imported from files", hint="download it, and pipe it to -")
    options = ImportOptions(platform, config, args.message, source_date_epoch(os.environ))
    with ExitStack() as opened:
        archive = open_archive(args.file, opened)
        store = opened.enter_context(open_store(args.root))
        image = import_image(store, archive, options, name)
    if args.format == "json":
        print(json.dumps({"id": image.id, "digest": image.descriptor.digest, "name": name, "size": image.size_bytes}))
    else:
        print(image.id)
    return 0
