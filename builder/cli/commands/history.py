"""pybuild history"""

from __future__ import annotations

import argparse
import json
import time

from builder.cli.tables import print_table, since_text, size_text
from builder.images.find import find_image
from builder.images.history import HistoryRow, history_of
from builder.images.stored import stored_image
from builder.wiring import open_store

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
    parser.add_argument("--no-trunc", action="store_true", help="whole ids and steps")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        image = stored_image(store, find_image(store, args.image).descriptor, args.image)
    rows = history_of(image)
    if args.format == "json":
        for row in rows:
            print(json.dumps(row._asdict()))
        return 0
    now = time.time()
    heads = ("IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT")
    print_table(heads, [_cells(row, now, args.no_trunc) for row in rows])
    return 0


def _cells(row: HistoryRow, now: float, whole: bool) -> tuple[str, str, str, str, str]:
    identifier = row.id if whole else row.id.removeprefix("sha256:")[:12]
    text = " ".join(row.created_by.split())
    if not whole and len(text) > _SHOWN:
        text = text[: _SHOWN - 1] + "…"
    return identifier or "<missing>", since_text(row.created, now), text, size_text(row.size_bytes), row.comment
