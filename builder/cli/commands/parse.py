"""`pybuild parse`: what a Buildfile says, before any variable is expanded."""

from __future__ import annotations

import argparse
import json
import os
import sys

from builder.errors import BuilderError
from builder.syntax.instructions import Buildfile

HELP = "Print a Buildfile's instructions as they are understood."
EXAMPLES = """\
  pybuild parse
  pybuild parse --format json Dockerfile
  find . -name Dockerfile | pybuild parse --format json --batch
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE", help="the file, or - for standard input")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    parser.add_argument(
        "--batch", action="store_true", help="read paths from standard input, print a line of JSON each"
    )


def run(args: argparse.Namespace) -> int:
    """Raises what is wrong with the file; a batch instead says it in that file's line."""
    if args.batch:
        for line in sys.stdin.buffer:
            print(json.dumps(_form_or_error(os.fsdecode(line.rstrip(b"\n")))))
        return 0
    from builder.syntax.form import to_json, to_text

    buildfile = _read(args.file)
    print(json.dumps(to_json(buildfile)) if args.format == "json" else to_text(buildfile))
    return 0


def _form_or_error(path: str) -> dict[str, object]:
    from builder.syntax.form import error_to_json, to_json

    if "\0" in path:
        return error_to_json("not a path: it holds a NUL")
    try:
        return to_json(_read(os.path.join(".", path)))
    except BuilderError as error:
        return error_to_json(error.message)


def _read(path: str | None) -> Buildfile:
    from builder.context.buildfile import read_buildfile
    from builder.syntax.parse import parse

    source = read_buildfile(".", path)
    return parse(source.data, source.name)
