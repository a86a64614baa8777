"""pybuild volume ls"""

from __future__ import annotations

import argparse
import json

from builder.cli.tables import print_table
from builder.containers.volumes import all_volumes, inspect_volume, volume_users
from builder.errors import UsageError
from builder.wiring.store import open_store

HELP = "List volumes. `pybuild df -v` shows their sizes."
EXAMPLES = """\
  pybuild volume ls
  pybuild volume ls -q --filter dangling=true       those that no container has
  pybuild volume ls --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-q", "--quiet", action="store_true", help="names only")
    parser.add_argument(
        "-f", "--filter", action="append", default=[], metavar="KEY=VALUE", help="dangling=true|false, name=TEXT"
    )
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    filters = [text.partition("=")[::2] for text in args.filter]
    for key, value in filters:
        if key not in ("dangling", "name") or (key == "dangling" and value not in ("true", "false", "1", "0")):
            hint = "dangling=true, dangling=false or name=TEXT"
            raise UsageError("bad-option", f"--filter {key}={value}: no such filter", hint=hint)
    with open_store(args.root) as store:
        users = volume_users(store)
        names = [
            name
            for name in all_volumes(store)
            if all(
                value in name if key == "name" else (value in ("true", "1")) != (name in users)
                for key, value in filters
            )
        ]
        values = [inspect_volume(store, name) for name in names] if args.format == "json" else []
    if args.quiet:
        print(*names, sep="\n", end="\n" if names else "")
    elif args.format == "json":
        for found in values:
            print(json.dumps(found))
    else:
        print_table(("DRIVER", "VOLUME NAME"), [("local", name) for name in names])
    return 0
