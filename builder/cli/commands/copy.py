"""pybuild copy"""

from __future__ import annotations

import argparse
import json

HELP = "Copy an image between registries, archives and the store, as it is."
EXAMPLES = """\
  pybuild copy debian:12 localhost:5000/mirror/debian:12       registry to registry, every platform
  pybuild copy localhost:5000/app:1.0 oci:out:1.0
  pybuild copy docker-archive:app.tar localhost:5000/app:1.0
  pybuild copy --platform linux/arm64 debian:12 docker-archive:debian.tar:debian:12
  pybuild copy store:app:1.0 localhost:5000/app:1.0
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.cli.registries import add_transfer_options

    places = "NAME (in its registry), store:NAME, oci:PATH[:TAG], docker-archive:PATH[:NAME]"
    parser.add_argument("source", metavar="SOURCE", help=f"{places}, oci-archive:PATH[:TAG]")
    parser.add_argument("target", metavar="TARGET", help=places)
    parser.add_argument("--platform", metavar="OS/ARCH", help="only this one of an image for several")
    add_transfer_options(parser, "print nothing but the digest")


def run(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from builder.cli.progress import shown_progress
    from builder.cli.registries import given_platform, progress_mode, say
    from builder.model.platform import host_platform
    from builder.outputs.copy import Copying, CopyPlace
    from builder.wiring.on_demand import means_of
    from builder.wiring.registries import reached
    from builder.wiring.store import open_store

    source, target = CopyPlace.parse(args.source), CopyPlace.parse(args.target)
    with ExitStack() as opened:
        store = opened.enter_context(open_store(args.root))
        progress = opened.enter_context(shown_progress(progress_mode(args), "copy"))
        route = opened.enter_context(reached(store, args.insecure_registry, progress))
        opened.enter_context(route.access().transport.waits.told_to(progress.wait))
        platform = given_platform(args) if args.platform else None
        copied = Copying(route, means_of(store, opened), host_platform(), platform).run(source, target)
    for blob, how in copied.moved:
        say(args, f"{blob.digest.short}: {how}")
    descriptor = copied.document.descriptor
    if args.format == "json":
        blobs = [{"digest": blob.digest, "size": blob.size, "how": how} for blob, how in copied.moved]
        print(json.dumps({"digest": descriptor.digest, "mediaType": descriptor.media_type, "blobs": blobs}))
    else:
        print(descriptor.digest)
    return 0
