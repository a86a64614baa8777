"""pybuild save"""

from __future__ import annotations

import argparse

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.model.platform import Platform

HELP = "Write images to an archive that docker, podman and skopeo read."
EXAMPLES = """\
  pybuild save -o app.tar app:1.0
  pybuild save app:1.0 base:1 | ssh host pybuild load
  pybuild save --format oci-archive -o app.tar app:1.0
  pybuild save --platform linux/arm64 -o app.tar app:1.0
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.progress.choose import MODES

    parser.add_argument("images", nargs="+", metavar="IMAGE", help="name or id")
    parser.add_argument("-o", "--output", default="-", metavar="FILE", help="instead of standard output")
    parser.add_argument(
        "--format",
        choices=("docker-archive", "oci-archive"),
        default="docker-archive",
        help="docker-archive (default): an OCI layout with docker's manifest.json; oci-archive: without",
    )
    parser.add_argument("--platform", metavar="PLATFORM", help="only this one of images for several platforms")
    parser.add_argument("--progress", choices=MODES, default="auto", help="display of what is going on")


def run(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from builder.cli.progress import shown_progress
    from builder.model.platform import host_platform
    from builder.outputs.save import ArchiveFormat, SaveOptions, save_images
    from builder.wiring.on_demand import means_of
    from builder.wiring.store import open_store

    options = SaveOptions(args.output, host_platform(), ArchiveFormat(args.format), parse_platform(args.platform))
    with ExitStack() as opened:
        store = opened.enter_context(open_store(args.root))
        progress = opened.enter_context(shown_progress(args.progress, "save"))
        save_images(means_of(store, opened), args.images, options, progress)
    return 0


def parse_platform(text: str | None) -> Platform | None:
    from builder.model.platform import Platform, host_platform

    return Platform.parse(text, host_platform()) if text else None
