"""pybuild builds show"""

from __future__ import annotations

import argparse
import json
import time

from builder.builds.document import build_document
from builder.builds.reading import find_build
from builder.builds.types import BuildRecord, StepRow
from builder.cli.tables import print_table
from builder.progress.figures import ago_text, seconds_text, size_text
from builder.progress.text import printable
from builder.wiring.store import open_store

HELP = "Show one build: what was asked for, what came of it, and of each of its steps."
EXAMPLES = """\
  pybuild builds show                     the last build
  pybuild builds show ^1                  the one before
  pybuild builds show 0b9a --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("build", nargs="?", default="", metavar="BUILD", help="id, or ^N (default: the last)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        _, record = find_build(store, args.build)
    if args.format == "json":
        print(json.dumps(build_document(record), indent=2))
        return 0
    for name, value in _facts(record):
        if value:
            print(f"{name + ':':<11}{printable(value)}")
    if record.steps:
        print()
        print_table(("STEP", "RESULT", "TIME", "SIZE", "INSTRUCTION"), [_cells(row, record) for row in record.steps])
    return 0


def _facts(record: BuildRecord) -> tuple[tuple[str, str], ...]:
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.started))
    return (
        ("Build", record.id),
        ("File", record.file),
        ("Context", record.context),
        ("Target", record.target),
        ("Platforms", " ".join(record.platforms)),
        ("Options", " ".join(f"{name}={_words(value)}" for name, value in record.options.items())),
        ("Started", f"{started} ({ago_text(time.time() - record.started)})"),
        ("Time", seconds_text(record.seconds)),
        ("Result", f"{record.outcome}: {record.error}" if record.error else str(record.outcome)),
        ("Cached", f"{record.cached} of {len(record.steps)} steps"),
        ("Image", f"{record.image_id} ({size_text(record.size)})" if record.image_id else ""),
        ("Names", " ".join(record.names)),
    )


def _words(value: object) -> str:
    if isinstance(value, list):
        return ",".join("=".join(map(str, item)) if isinstance(item, list) else str(item) for item in value)
    return str(value)


def _cells(row: StepRow, record: BuildRecord) -> tuple[str, ...]:
    total = sum(other.stage == row.stage for other in record.steps)
    text = printable(row.text) + (f" ({printable(row.reason)})" if row.reason else "")
    size = size_text(row.size) if row.digest else ""
    return f"{row.stage} {row.number}/{total}", str(row.outcome), seconds_text(row.seconds), size, text
