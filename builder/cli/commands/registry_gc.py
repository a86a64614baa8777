"""pybuild registry gc"""

from __future__ import annotations

import argparse
import json
import os

from builder.cli.tables import size_text
from builder.errors import UsageError
from builder.store.gc import Roots
from builder.store.store import Store

HELP = "Remove from a registry's folder what no manifest needs."
EXAMPLES = """\
  pybuild registry gc --root /srv/registry
  pybuild registry gc --root /srv/registry --delete-untagged --grace 168h

Servers may go on meanwhile. What is younger than --grace stays: it may be part of a push that is going on."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--delete-untagged", action="store_true", help="also manifests to which no tag or index leads")
    parser.add_argument("--grace", default="24h", metavar="TIME", help="keep what is younger (24h)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object")


def run(args: argparse.Namespace) -> int:
    from builder.model.time_span import parse_time_span
    from builder.registry.server.collect import collect_garbage

    if not args.root or not os.path.isdir(args.root):
        fault = f"there is no folder {args.root}" if args.root else "which registry's folder?"
        raise UsageError("no-root", fault, hint="say --root DIR, as for `pybuild registry serve`")
    grace_s = parse_time_span(args.grace)
    if grace_s is None:
        raise UsageError("bad-time", f"not a length of time: {args.grace!r}", hint="e.g. --grace 24h")
    gone = collect_garbage(args.root, grace_s, delete_untagged=args.delete_untagged, others=_used_by_others)
    if args.format == "json":
        print(json.dumps(gone._asdict()))
        return 0
    print(f"{gone.manifests} untagged manifests, {gone.uploads} unfinished uploads, {gone.links} unused blobs removed")
    print(f"Total reclaimed space: {size_text(gone.size)} ({gone.blobs} blobs)")
    return 0


def _used_by_others(store: Store) -> Roots:
    """A folder may be both: a registry, and where somebody builds."""
    from builder.images.remove import roots_of
    from builder.wiring.store import cached_layers, image_uses

    return roots_of(store, lambda: cached_layers(store), lambda: image_uses(store))
