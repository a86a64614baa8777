"""pybuild push"""

from __future__ import annotations

import argparse
import json

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.images.push import Outcome

HELP = "Push images of the store to their registries."
EXAMPLES = """\
  pybuild push localhost:5000/team/app:1.0
  pybuild push localhost:5000/team/app:1.0 localhost:5000/team/app:latest
  pybuild push --all-tags localhost:5000/team/app
  pybuild push --platform linux/arm64 localhost:5000/team/app:1.0
"""
_WORDS = {"sent": "Pushed", "mounted": "Mounted", "there": "Layer already exists"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.cli.registries import add_transfer_options

    parser.add_argument("images", nargs="+", metavar="NAME[:TAG]", help="names of images, which say where to")
    parser.add_argument("-a", "--all-tags", action="store_true", help="every tag of the repository")
    parser.add_argument("--platform", metavar="OS/ARCH", help="only this one of an image for several")
    add_transfer_options(parser, "print nothing but the names")


def run(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from builder.cli.progress import shown_progress
    from builder.cli.registries import given_platform, progress_mode, say, warn
    from builder.images.push import plan_pushes, push
    from builder.wiring.registries import reached
    from builder.wiring.store import open_store

    with ExitStack() as opened:
        store = opened.enter_context(open_store(args.root))
        platform = given_platform(args) if args.platform else None
        pushes = [
            planned
            for text in args.images
            for planned in plan_pushes(store, text, all_tags=args.all_tags, platform=platform)
        ]
        route = opened.enter_context(reached(store, args.insecure_registry))
        waits = route.access().transport.waits
        for planned in pushes:
            say(args, f"The push refers to repository [{planned.repository}]")
            if planned.left_out:
                warn(f"{planned.left_out} other platforms of the image are not in the store, and not pushed")
            with shown_progress(progress_mode(args), "push") as progress, waits.told_to(progress.wait):
                outcome = push(route._replace(progress=progress), planned)
            _tell(args, outcome)
    return 0


def _tell(args: argparse.Namespace, outcome: Outcome) -> None:
    from builder.cli.registries import say

    document = outcome.push.document.descriptor
    for blob, how in outcome.moved:
        say(args, f"{blob.digest.short}: {_WORDS[how]}")
    for tag in outcome.push.tags:
        say(args, f"{tag}: digest: {document.digest} size: {document.size}")
        name = f"{outcome.push.repository}:{tag}"
        if args.format == "json":
            blobs = [{"digest": blob.digest, "size": blob.size, "how": how} for blob, how in outcome.moved]
            print(json.dumps({"name": name, "digest": document.digest, "blobs": blobs}), flush=True)
        elif args.quiet:
            print(name, flush=True)
