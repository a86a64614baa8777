"""pybuild ps"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence

from builder.cli.placeholders import fill, form_of
from builder.cli.tables import print_table, since_text
from builder.containers.list import Listed, list_containers, port_text, status_text
from builder.wiring.store import open_store

HELP = "List containers."
EXAMPLES = """\
  pybuild ps
  pybuild ps -a --filter status=exited --filter label=team=web
  pybuild ps -q --filter ancestor=app:1.0
  pybuild ps -a --format json
  pybuild ps --format 'table {{.Names}}\\t{{.Ports}}'
"""
_COMMAND = 20
_TABLE = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
_HEADS = {
    "ID": "CONTAINER ID",
    "Image": "IMAGE",
    "Command": "COMMAND",
    "RunningFor": "CREATED",
    "CreatedAt": "CREATED AT",
    "Status": "STATUS",
    "State": "STATE",
    "Ports": "PORTS",
    "Names": "NAMES",
    "Labels": "LABELS",
    "Mounts": "MOUNTS",
    "Networks": "NETWORKS",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-a", "--all", action="store_true", help="also those that do not run")
    parser.add_argument("-q", "--quiet", action="store_true", help="ids only")
    parser.add_argument("-f", "--filter", action="append", default=[], metavar="KEY=VALUE", help="only these")
    parser.add_argument("-n", "--last", type=int, default=-1, metavar="NUMBER", help="the newest, running or not")
    parser.add_argument("-l", "--latest", dest="last", action="store_const", const=1, help="as --last 1")
    parser.add_argument("--no-trunc", action="store_true", help="whole ids and commands")
    parser.add_argument(
        "--format",
        type=form_of("table", "json"),
        default="table",
        metavar="FORM",
        help="json: one object a line; or a template such as '{{.Names}}: {{.Status}}', behind `table ` with a head",
    )


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
        _print(rows, args.format, whole=args.no_trunc)
    return 0


def _print(rows: Sequence[Listed], form: str, *, whole: bool) -> None:
    now, table = time.time(), form.startswith("table")
    template = form.removeprefix("table").lstrip(" ") or _TABLE
    lines = [fill(template, _fields(row, now, whole=whole)) for row in rows]
    if table:
        print_table(fill(template, _HEADS).split("\t"), [line.split("\t") for line in lines])
    else:
        for line in lines:
            print(line)


def _warn(rows: Sequence[Listed]) -> None:
    for row in rows:
        if row.status == "damaged":
            text = f"container {row.name} is damaged: {row.state.error} (`pybuild rm {row.name}` removes it)"
            print(f"pybuild: {text}", file=sys.stderr)


def _fields(row: Listed, now: float, *, whole: bool) -> dict[str, str]:
    """By docker's names."""
    command = " ".join(row.command)
    if not whole and len(command) > _COMMAND:
        command = f"{command[: _COMMAND - 1]}…"
    since = since_text(row.state.started if row.state.running else row.state.finished, now)
    return {
        "ID": row.id if whole else row.id[:12],
        "Image": row.image,
        "Command": json.dumps(command, ensure_ascii=False),
        "RunningFor": since_text(row.created, now),
        "CreatedAt": row.created,
        "Status": status_text(row.state, since),
        "State": row.status,
        "Ports": ", ".join(map(port_text, row.ports)),
        "Names": row.name,
        "Labels": ",".join(f"{name}={value}" for name, value in row.labels),
        "Mounts": ",".join(mount.source or mount.destination for mount in row.mounts),
        "Networks": row.network,
    }
