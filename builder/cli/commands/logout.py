"""pybuild logout"""

from __future__ import annotations

import argparse

HELP = "Forget the login of a registry."
EXAMPLES = """\
  pybuild logout registry.example:5000
  pybuild logout                                    Docker Hub
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("server", nargs="?", default="", metavar="HOST[:PORT]", help="default: Docker Hub")


def run(args: argparse.Namespace) -> int:
    from contextlib import closing

    from builder.model.reference import registry_named
    from builder.wiring.registries import registry_access

    domain = registry_named(args.server)
    with closing(registry_access()) as access:
        was_there = access.log_out(domain)
    print(f"Removing login credentials for {domain}" if was_there else f"Not logged in to {domain}")
    return 0
