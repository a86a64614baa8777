"""pybuild df"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

from builder.cli.tables import print_table, size_text
from builder.disk.prune import Disk
from builder.disk.types import TITLES, Item, Kind
from builder.disk.usage import Row
from builder.model.digest import is_hex
from builder.progress.figures import ago_text
from builder.wiring.store import image_uses, open_store

HELP = "Show what takes room in the store, and how much of it could be freed."
EXAMPLES = """\
  pybuild df
  pybuild df -v
  pybuild df --format json
"""
_SUMMED = frozenset({Kind.PLANS})
"""Too many and too small to be told one by one."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-v", "--verbose", action="store_true", help="also every single thing")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store, Disk(store, lambda: image_uses(store)) as disk:
        rows, items = disk.rows(), disk.items()
    if args.format == "json":
        for value in [row._asdict() for row in rows] + [item._asdict() for item in items if args.verbose]:
            print(json.dumps(value))
        return 0
    _print_rows(rows)
    if args.verbose:
        for kind in Kind:
            print_items([item for item in items if item.kind is kind and kind not in _SUMMED], TITLES[kind])
    return 0


def _print_rows(rows: Sequence[Row]) -> None:
    table = [
        (
            row.type,
            str(row.total),
            str(row.active),
            size_text(row.size),
            size_text(row.shared),
            f"{size_text(row.reclaimable)} ({100 * row.reclaimable // row.size if row.size else 0}%)",
        )
        for row in rows
    ]
    print_table(("TYPE", "TOTAL", "ACTIVE", "SIZE", "SHARED", "RECLAIMABLE"), table)


def print_items(items: Sequence[Item], title: str) -> None:
    """Under a heading; nothing where there are none."""
    if not items:
        return
    now = time.time()
    table = [
        (
            _short(item.id),
            size_text(item.size),
            size_text(item.shared),
            ago_text(now - item.used) if item.used else "N/A",
            item.in_use or "-",
            _cut(item.name),
        )
        for item in sorted(items, key=lambda item: -item.used)
    ]
    print(f"\n{title}:\n")
    print_table(("ID", "SIZE", "SHARED", "LAST USED", "IN USE BY", "NAME"), table)


def _short(text: str) -> str:
    """Twelve digits of a digest, as docker shows ids; of a path its last part."""
    hexadecimal = text.rpartition(":")[2]
    return hexadecimal[:12] if is_hex(hexadecimal) else text.rpartition("/")[2][:24]


def _cut(text: str, most: int = 60) -> str:
    line = "".join(letter if letter.isprintable() else " " for letter in text)
    return line if len(line) <= most else f"{line[: most - 1]}…"
