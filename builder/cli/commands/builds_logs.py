"""pybuild builds logs"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable
from typing import BinaryIO

from builder.builds.folder import Place
from builder.builds.reading import find_build
from builder.builds.select import find_steps
from builder.builds.types import StepRow
from builder.errors import UsageError
from builder.wiring.store import open_store

HELP = "Print what the commands of a build wrote, whole and as it came."
EXAMPLES = """\
  pybuild builds logs                     all steps of the last build
  pybuild builds logs ^1 build.3          one step of the build before
  pybuild builds logs 0b9a :12            the step of line 12
"""
_CHUNK = 1 << 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("build", nargs="?", default="", metavar="BUILD", help="id, or ^N (default: the last)")
    parser.add_argument("step", nargs="?", default="", metavar="STEP", help="N, STAGE.N or :LINE (default: all)")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object a step and line")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        place, record = find_build(store, args.build)
        rows = find_steps(record, args.step) if args.step else record.steps
        rows = tuple(row for row in rows if row.log_bytes)
        if args.format == "json":
            _print_json(place, rows)
        else:
            _copy(place, rows, with_titles=not args.step)
    return 0


def _print_json(place: Place, rows: Iterable[StepRow]) -> None:
    for row in rows:
        with _opened(place, row) as file:
            text = file.read().decode("utf-8", "replace")
        print(json.dumps({"id": row.id, "stage": row.stage, "number": row.number, "text": row.text, "log": text}))


def _copy(place: Place, rows: Iterable[StepRow], with_titles: bool) -> None:
    """Bytes as the command wrote them: who looks at them on a terminal sees its colours, too."""
    out = sys.stdout
    for row in rows:
        if with_titles:
            from builder.progress.text import printable

            print(f"[{row.stage} {row.number}] {printable(row.text)}")
        out.flush()
        with _opened(place, row) as file:
            while data := file.read(_CHUNK):
                last = data[-1:]
                out.buffer.write(data)
        if with_titles and last != b"\n":
            out.buffer.write(b"\n")
        out.buffer.flush()


def _opened(place: Place, row: StepRow) -> BinaryIO:
    path = place.log(row.id)
    try:
        return open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")
    except OSError as error:
        raise UsageError("no-log", f"the log of step {row.id} of build {place.id} is gone") from error
