"""pybuild logs"""

from __future__ import annotations

import argparse
import sys
import time

from builder.containers.logs import Wanted, read_log
from builder.containers.records import find_container
from builder.containers.times import rfc3339
from builder.errors import UsageError
from builder.model.time_span import parse_moment
from builder.wiring.store import open_store

HELP = "Show what a container has written."
EXAMPLES = """\
  pybuild logs web
  pybuild logs -f --tail 20 web
  pybuild logs --since 10m --until 2026-11-24T12:00:00Z web
  pybuild logs -t web 2>/dev/null          standard output alone, with times
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("container", metavar="CONTAINER", help="name or id")
    parser.add_argument("-f", "--follow", action="store_true", help="go on until it ends")
    parser.add_argument("-n", "--tail", default="all", metavar="NUMBER", help="the last lines (default: all)")
    parser.add_argument("-t", "--timestamps", action="store_true", help="when each line was written")
    parser.add_argument("--since", default="", metavar="TIME", help="from then on: 10m, 2h, or a time (RFC 3339)")
    parser.add_argument("--until", default="", metavar="TIME", help="no later than that")


def run(args: argparse.Namespace) -> int:
    if args.tail != "all" and not args.tail.isdecimal():
        raise UsageError("bad-option", f"--tail {args.tail}: not a number")
    with open_store(args.root) as store:
        container = find_container(store, args.container)
    wanted = Wanted(
        tail=None if args.tail == "all" else int(args.tail),
        since=_moment("--since", args.since),
        until=_moment("--until", args.until),
        follow=args.follow,
    )
    streams = {"stdout": sys.stdout.buffer, "stderr": sys.stderr.buffer}
    for line in read_log(store, container, wanted):
        out = streams[line.stream]
        out.write(f"{line.time} ".encode() + line.data if args.timestamps else line.data)
        out.flush()
    return 0


def _moment(option: str, text: str) -> str:
    moment = parse_moment(text, time.time()) if text else 0.0
    if moment is None:
        hint = "such as 10m, 1h30m, 2026-11-24T12:00:00Z, or seconds since 1970"
        raise UsageError("bad-option", f"{option} {text}: neither a length of time nor a time", hint=hint)
    return rfc3339(int(moment * 1_000_000_000)) if text else ""
