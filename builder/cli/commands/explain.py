"""pybuild explain"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence

from builder.advice.advise import advise
from builder.advice.types import Advice
from builder.builds.document import build_document, step_document
from builder.builds.explanation import summary_line, title, verdict
from builder.builds.reading import find_build
from builder.builds.select import find_steps
from builder.builds.types import BuildRecord, StepRow
from builder.progress.figures import ago_text
from builder.progress.text import printable
from builder.wiring.store import open_store

HELP = "Say of each step of a build why it ran, or where it was cached from, and what would make builds faster."
EXAMPLES = """\
  pybuild explain                         the last build
  pybuild explain ^1                      the one before; `pybuild builds ls` lists them
  pybuild explain 0b9a build.3            one step; also :12 for a line
  pybuild explain --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("build", nargs="?", default="", metavar="BUILD", help="id, or ^N (default: the last)")
    parser.add_argument("step", nargs="?", default="", metavar="STEP", help="N, STAGE.N or :LINE (default: all)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="print it as JSON")


def run(args: argparse.Namespace) -> int:
    build, step = _words(args)
    with open_store(args.root) as store:
        _, record = find_build(store, build)
        rows = find_steps(record, step) if step else record.steps
        advice = [] if step else advise(store, record)
    if args.format == "json":
        _print_json(record, rows, advice, whole=not step)
    else:
        _print_text(record, rows, advice, whole=not step)
    return 0


def _words(args: argparse.Namespace) -> tuple[str, str]:
    """One word that can be no id is a step of the last build: `:12`, `build.3`."""
    if not args.step and (args.build.startswith(":") or "." in args.build):
        return "", args.build
    return args.build, args.step


def _print_json(record: BuildRecord, rows: Sequence[StepRow], advice: Sequence[Advice], *, whole: bool) -> None:
    if not whole:
        print(json.dumps([step_document(record, row) for row in rows], indent=2))
        return
    told = [item._asdict() | {"gain": item.gain} for item in advice]
    print(json.dumps(build_document(record) | {"advice": told}, indent=2))


def _print_text(record: BuildRecord, rows: Sequence[StepRow], advice: Sequence[Advice], *, whole: bool) -> None:
    now = time.time()
    if whole:
        print(f"Build {record.id} of {printable(record.file)}, {ago_text(now - record.started)}: {record.outcome}")
        print(summary_line(record))
    for row in rows:
        print(f"\n{printable(title(record, row))}\n  {printable(verdict(row))}")
        if row.compared:
            print(f"  compared with build {row.compared}")
    if advice:
        print("\nAdvice:")
        for item in advice:
            print(f"  - {printable(item.text)} ({item.gain})" if item.gain else f"  - {printable(item.text)}")
