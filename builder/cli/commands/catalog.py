"""pybuild catalog"""

from __future__ import annotations

import argparse
import json

HELP = "List the repositories of a registry, as far as it shows them."
EXAMPLES = """\
  pybuild catalog localhost:5000
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.cli.registries import add_registry_options

    parser.add_argument("server", metavar="HOST[:PORT]", help="the registry")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object")
    add_registry_options(parser)


def run(args: argparse.Namespace) -> int:
    from contextlib import closing

    from builder.model.reference import registry_named
    from builder.wiring.registries import registry_access

    with closing(registry_access(tuple(args.insecure_registry))) as access:
        found = sorted(access.client(registry_named(args.server)).catalog())
        if args.format == "json":
            print(json.dumps({"repositories": found}))
            return 0
        for repository in found:
            print(repository)
    return 0
