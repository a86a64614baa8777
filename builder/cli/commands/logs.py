"""pybuild logs"""

from __future__ import annotations

import argparse
import sys

from builder.containers.logs import read_log
from builder.containers.records import find_container
from builder.errors import UsageError
from builder.wiring.store import open_store

HELP = "Show what a container has written."
EXAMPLES = """\
  pybuild logs web
  pybuild logs -f --tail 20 web
  pybuild logs -t web 2>/dev/null          standard output alone, with times
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("container", metavar="CONTAINER", help="name or id")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until it ends")
    parser.add_argument("-n", "--tail", default="all", metavar="NUMBER", help="the last lines (default: all)")
    parser.add_argument("-t", "--timestamps", action="store_true", help="when each line was written")


def run(args: argparse.Namespace) -> int:
    if args.tail != "all" and not args.tail.isdecimal():
        raise UsageError("bad-option", f"--tail {args.tail}: not a number")
    with open_store(args.root) as store:
        container = find_container(store, args.container)
    streams = {"stdout": sys.stdout.buffer, "stderr": sys.stderr.buffer}
    tail = None if args.tail == "all" else int(args.tail)
    for line in read_log(store, container, tail=tail, follow=args.follow):
        out = streams[line.stream]
        out.write(f"{line.time} ".encode() + line.data if args.timestamps else line.data)
        out.flush()
    return 0
