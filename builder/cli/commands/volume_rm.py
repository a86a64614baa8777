"""pybuild volume rm"""

from __future__ import annotations

import argparse

from builder.cli.containers import each
from builder.containers.volumes import find_volume, remove_unused_volume, volume_users
from builder.errors import StoreError
from builder.sandbox.remover import any_remover
from builder.wiring.store import open_store

HELP = "Remove volumes, with what is in them. Those that a container has are refused."
EXAMPLES = """\
  pybuild volume rm data
  pybuild volume rm $(pybuild volume ls -q --filter dangling=true)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("names", nargs="+", metavar="VOLUME", help="name")
    parser.add_argument("-f", "--force", action="store_true", help="one that is not there is no error")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store, any_remover() as remover:

        def remove(name: str) -> None:
            if not remove_unused_volume(store, find_volume(store, name), remover):
                users = ", ".join(volume_users(store).get(name, []))
                hint = "remove the container first: `pybuild rm`"
                raise StoreError("volume-in-use", f"volume {name} is in use by {users or 'a container'}", hint=hint)

        return each(args.names, remove, forgiven=("no-such-volume",) if args.force else ())
