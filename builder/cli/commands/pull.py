"""pybuild pull"""

from __future__ import annotations

import argparse
import json

HELP = "Pull images from their registries into the store."
EXAMPLES = """\
  pybuild pull debian:12
  pybuild pull -q localhost:5000/team/app:1.0 localhost:5000/team/tool
  pybuild pull --platform linux/arm64 debian:12
  pybuild pull --all-tags localhost:5000/team/app
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.cli.registries import add_transfer_options

    parser.add_argument("images", nargs="+", metavar="NAME[:TAG|@DIGEST]", help="what to pull")
    parser.add_argument("-a", "--all-tags", action="store_true", help="every tag of the repository")
    parser.add_argument("--platform", metavar="OS/ARCH", help="of an image for several (default: this machine's)")
    add_transfer_options(parser, "print the names only")


def run(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from builder.cli.progress import shown_progress
    from builder.cli.registries import given_platform, progress_mode, say
    from builder.images.pull import PullOptions, pull_image, wanted_references
    from builder.model.platform import host_platform
    from builder.wiring.registries import reached
    from builder.wiring.store import open_store

    with ExitStack() as opened:
        store = opened.enter_context(open_store(args.root))
        route = opened.enter_context(reached(store, args.insecure_registry))
        access, given = route.access(), given_platform(args)
        for reference in wanted_references(access, args.images, all_tags=args.all_tags):
            say(args, f"{reference.digest or reference.tag}: Pulling from {reference.path}")
            with shown_progress(progress_mode(args)) as progress, access.transport.waits.told_to(progress.wait):
                options = PullOptions(given or host_platform(), given is not None, progress, access.transport.abort)
                pulled = pull_image(store, route.open_source, reference, options)
            say(args, f"Digest: {pulled.top.digest}")
            status = "Downloaded newer image for" if pulled.is_new else "Image is up to date for"
            say(args, f"Status: {status} {reference.familiar}")
            if args.format == "json":
                value = {"name": reference.familiar, "digest": pulled.top.digest, "id": pulled.image.id}
                print(json.dumps({**value, "new": pulled.is_new}), flush=True)
            else:
                print(reference, flush=True)
    return 0
