"""pybuild ps"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence

from builder.cli.tables import print_table, since_text
from builder.containers.list import Listed, list_containers, port_text, status_text
from builder.wiring.store import open_store

HELP = "List containers."
EXAMPLES = """\
  pybuild ps
  pybuild ps -a --filter status=exited --filter label=team=web
  pybuild ps -q --filter ancestor=app:1.0
  pybuild ps -a --format json
"""
_COMMAND = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-a", "--all", action="store_true", help="also those that do not run")
    parser.add_argument("-q", "--quiet", action="store_true", help="ids only")
    parser.add_argument("-f", "--filter", action="append", default=[], metavar="KEY=VALUE", help="only these")
    parser.add_argument("-n", "--last", type=int, default=-1, metavar="NUMBER", help="the newest, running or not")
    parser.add_argument("--no-trunc", action="store_true", help="whole ids and commands")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        rows = list_containers(store, args.filter, everything=args.all or args.last >= 0)
    rows = rows[: args.last] if args.last >= 0 else rows
    _warn(rows)
    if args.quiet:
        for row in rows:
            print(row.id if args.no_trunc else row.id[:12])
    elif args.format == "json":
        for row in rows:
            print(json.dumps(row.to_json()))
    else:
        now = time.time()
        heads = ("CONTAINER ID", "IMAGE", "COMMAND", "CREATED", "STATUS", "PORTS", "NAMES")
        print_table(heads, [_cells(row, now, args.no_trunc) for row in rows])
    return 0


def _warn(rows: Sequence[Listed]) -> None:
    for row in rows:
        if row.status == "damaged":
            text = f"container {row.name} is damaged: {row.state.error} (`pybuild rm {row.name}` removes it)"
            print(f"pybuild: {text}", file=sys.stderr)


def _cells(row: Listed, now: float, whole: bool) -> tuple[str, ...]:
    command = " ".join(row.command)
    if not whole and len(command) > _COMMAND:
        command = f"{command[: _COMMAND - 1]}…"
    since = since_text(row.state.started if row.state.running else row.state.finished, now)
    return (
        row.id if whole else row.id[:12],
        row.image,
        json.dumps(command, ensure_ascii=False),
        since_text(row.created, now),
        status_text(row.state, since),
        ", ".join(map(port_text, row.ports)),
        row.name,
    )
