"""pybuild rebase"""

from __future__ import annotations

import argparse
import json
import sys

from builder.lean import TYPE_CHECKING
from builder.model.path_text import path_text

if TYPE_CHECKING:
    from builder.images.rebase import Rebased

HELP = "Put an image's own layers on another base, without building."
EXAMPLES = """\
  pybuild rebase app:1.0 --onto debian:12.9
  pybuild rebase app:1.0 --onto debian:12.9 --from debian:12.8 -t app:1.1

What the image inherited from the old base becomes the new base's, what it set itself stays. Files that its layers
edited and that the bases have differently are refused, unless -f takes the layers' ones.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="name or id")
    parser.add_argument("--onto", required=True, metavar="BASE", help="the new base, an image of the store")
    parser.add_argument(
        "--from", dest="old", default="", metavar="BASE", help="the old base (default: found by the image's layers)"
    )
    parser.add_argument("-t", "--tag", default="", metavar="NAME[:TAG]", help="a new name, instead of moving IMAGE's")
    parser.add_argument("-f", "--force", action="store_true", help="also where paths clash")
    parser.add_argument("--platform", metavar="PLATFORM", help="which one of an image for several platforms")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="print the result as JSON")


def run(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from builder.cli.commands.save import parse_platform
    from builder.images.rebase import RebaseOptions, rebase_image
    from builder.model.reference import parse_tag
    from builder.wiring.on_demand import means_of
    from builder.wiring.store import open_store

    name = parse_tag(args.tag) if args.tag else ""
    options = RebaseOptions(args.onto, args.old, name, parse_platform(args.platform), args.force)
    with ExitStack() as opened:
        store = opened.enter_context(open_store(args.root))
        done = rebase_image(store, args.image, options, means_of(store, opened).open_source)
    _print(done, args)
    return 0


def _print(done: Rebased, args: argparse.Namespace) -> None:
    if args.format == "json":
        value = {"id": done.image.id, "digest": done.image.descriptor.digest, "name": done.name, "from": done.old}
        clashes = [clash._asdict() for clash in done.clashes]
        print(json.dumps(value | {"onto": args.onto, "own_layers": done.own_layers, "clashes": clashes}))
        return
    for clash in done.clashes:
        print(f"warning: /{path_text(clash.path)}: {clash.why}", file=sys.stderr)
    layers = f"{done.own_layers} layer{'s' if done.own_layers != 1 else ''}"
    print(f"{done.name or done.image.id} is {layers} on {args.onto} (before: {done.old})")
