"""`pybuild build --dry-run`: prints what a build would do."""

from __future__ import annotations

import argparse
import json
import os
import sys

from builder.cli.tables import print_table
from builder.pipeline.build import BuildOptions
from builder.pipeline.foreseeing import Foreseen, Outlook
from builder.progress.choose import make_reporter
from builder.progress.figures import seconds_text
from builder.progress.text import printable
from builder.solve.reasons.hits import since
from builder.wiring.questions import foresee


def run_dry(args: argparse.Namespace, options: BuildOptions) -> int:
    reporter = make_reporter("none", sys.stderr, os.environ)
    rows = foresee(options, reporter).rows
    if args.format == "json":
        print(json.dumps([_document(row) for row in rows], indent=2))
        return 0
    if rows:
        print_table(("STEP", "OUTLOOK", "INSTRUCTION", "WHY"), [_cells(row) for row in rows])
    counts = {outlook: sum(row.outlook is outlook for row in rows) for outlook in Outlook}
    print(
        f"\n{counts[Outlook.CACHED]} cached, {counts[Outlook.RUNS]} would run, {counts[Outlook.DEPENDS]} not known yet"
    )
    return 0


def _cells(row: Foreseen) -> tuple[str, ...]:
    why = row.reason
    if row.outlook is Outlook.CACHED and row.record is not None:
        why = f"build {row.record.build}, {since(row.record.created)}, saves {seconds_text(row.record.seconds)}"
    elif row.outlook is Outlook.RUNS and row.record is not None:
        why = f"{why} (took {seconds_text(row.record.seconds)})"
    return f"{row.stage} {row.number}/{row.total}", str(row.outlook), printable(row.text), printable(why)


def _document(row: Foreseen) -> dict[str, object]:
    record = row.record
    members = ("key", "build", "created", "seconds", "origin")
    earlier = {name: getattr(record, name) for name in members} if record else None
    return row._asdict() | {"record": earlier}
