"""pybuild report"""

from __future__ import annotations

import argparse
import os
import sys

from builder.builds.reading import find_build
from builder.errors import UsageError
from builder.wiring.store import open_store

HELP = (
    "Make a page of one build: its timeline, what the cache did and why, the image's layers and files, and how it "
    "compares with the build before. One HTML file that needs nothing else."
)
EXAMPLES = """\
  pybuild report                          the last build, to report.html
  pybuild report ^1 -o before.html        the one before
  pybuild report 0b9a -o - | gzip > report.html.gz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("build", nargs="?", default="", metavar="BUILD", help="id, or ^N (default: the last)")
    parser.add_argument("-o", "--output", default="report.html", metavar="FILE", help="where to; - is standard output")


def run(args: argparse.Namespace) -> int:
    from builder.report.make import make_report

    with open_store(args.root) as store:
        page = make_report(store, *find_build(store, args.build)).encode()
    if args.output == "-":
        sys.stdout.buffer.write(page)
        return 0
    try:
        with open(args.output, "wb") as file:
            file.write(page)
    except OSError as error:
        raise UsageError("cannot-write", f"{args.output} cannot be written: {os.strerror(error.errno or 0)}") from error
    print(args.output)
    return 0
