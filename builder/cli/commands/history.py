"""pybuild history"""

from __future__ import annotations

import argparse
import json
import time

from builder.cli.commands.save import parse_platform
from builder.cli.tables import print_table, since_text, size_text
from builder.images.find import find_image
from builder.images.history import HistoryRow, history_of
from builder.images.stored import stored_image
from builder.wiring.store import open_store

HELP = "Show the steps that made an image, newest first."
EXAMPLES = """\
  pybuild history app:1.0
  pybuild history --no-trunc app:1.0
  pybuild history --format json app:1.0
"""
_SHOWN = 45
"""Characters of a step that are shown: as many as docker shows."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("image", metavar="IMAGE", help="name or id")
    parser.add_argument("--no-trunc", action="store_true", help="whole ids, digests and steps")
    parser.add_argument("-q", "--quiet", action="store_true", help="digests of layers only")
    parser.add_argument("--platform", metavar="PLATFORM", help="which one of an image for several platforms")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        platform = parse_platform(args.platform)
        image = stored_image(store, find_image(store, args.image).descriptor, args.image, platform)
    rows = history_of(image)
    if args.quiet:
        for row in rows:
            print((str(row.digest) if args.no_trunc else row.digest.short) if row.digest else "<missing>")
        return 0
    if args.format == "json":
        for row in rows:
            print(json.dumps(row._asdict()))
        return 0
    now = time.time()
    heads = ("IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT", "LAYER", "STEP")
    print_table(heads, [_cells(row, now, args.no_trunc) for row in rows])
    return 0


def _cells(row: HistoryRow, now: float, whole: bool) -> tuple[str, ...]:
    identifier = row.id if whole else row.id.removeprefix("sha256:")[:12]
    digest = "" if row.digest is None else str(row.digest) if whole else row.digest.short
    text = " ".join(row.created_by.split())
    if not whole and len(text) > _SHOWN:
        text = text[: _SHOWN - 1] + "…"
    created = since_text(row.created, now)
    return identifier or "<missing>", created, text, size_text(row.size_bytes), row.comment, digest, str(row.step)
