"""pybuild volume prune"""

from __future__ import annotations

import argparse

from builder.cli.commands import prune

HELP = "Remove volumes that no container has: those without a name, or all. The same as `prune --filter type=volumes`."
EXAMPLES = """\
  pybuild volume prune                     asks first
  pybuild volume prune --all --force
  pybuild volume prune --all --dry-run
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-a", "--all", action="store_true", help="also those with a name")
    parser.add_argument("-f", "--force", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    parser.add_argument("-v", "--verbose", action="store_true", help="name every single one")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="print what was removed as JSON")


def run(args: argparse.Namespace) -> int:
    args.filter, args.volumes, args.keep_storage = ["type=volumes"], False, None
    return prune.run(args)
