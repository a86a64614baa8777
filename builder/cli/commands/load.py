"""pybuild load"""

from __future__ import annotations

import argparse
import json

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.images.load import Loaded

HELP = "Load images from an archive that pybuild, docker, podman, skopeo or buildx wrote."
EXAMPLES = """\
  pybuild load -i app.tar
  pybuild load < app.tar.zst
  podman save app:1.0 | pybuild load
  pybuild load -i app.tar --platform linux/arm64
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.progress.choose import MODES

    parser.add_argument("-i", "--input", default="-", metavar="FILE", help="instead of standard input")
    parser.add_argument("-q", "--quiet", action="store_true", help="print names and ids alone")
    parser.add_argument("--platform", metavar="PLATFORM", help="only this one of images for several platforms")
    parser.add_argument("--progress", choices=MODES, default="auto", help="display of what is going on")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object for each image")


def run(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from builder.cli.archives import open_archive
    from builder.cli.commands.save import parse_platform
    from builder.cli.progress import shown_progress
    from builder.images.load import load_archive, opened_archive
    from builder.wiring.store import open_store

    platform = parse_platform(args.platform)
    with ExitStack() as opened:
        fd = open_archive(args.input, opened)
        store = opened.enter_context(open_store(args.root))
        progress = opened.enter_context(shown_progress("none" if args.quiet else args.progress, "load"))
        label = "standard input" if args.input == "-" else args.input
        archive = opened.enter_context(opened_archive(store, fd, label))
        loaded = load_archive(store, archive, platform, progress)
    _print(loaded, args)
    return 0


def _print(loaded: Sequence[Loaded], args: argparse.Namespace) -> None:
    for image in loaded:
        if args.format == "json":
            print(json.dumps({"id": image.id, "digest": image.descriptor.digest, "names": image.names}))
        for name in image.names if args.format == "text" else ():
            print(name if args.quiet else f"Loaded image: {name}")
        if args.format == "text" and not image.names:
            print(image.id if args.quiet else f"Loaded image ID: {image.id}")
