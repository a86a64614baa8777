"""pybuild tags"""

from __future__ import annotations

import argparse
import json

HELP = "List the tags that a repository of a registry has."
EXAMPLES = """\
  pybuild tags localhost:5000/team/app
  pybuild tags debian
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.cli.registries import add_registry_options

    parser.add_argument("repository", metavar="NAME", help="without a tag")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object")
    add_registry_options(parser)


def run(args: argparse.Namespace) -> int:
    from contextlib import closing

    from builder.model.reference import Reference
    from builder.wiring.registries import registry_access

    reference = Reference.parse(args.repository)
    with closing(registry_access(tuple(args.insecure_registry))) as access:
        found = sorted(access.client(reference.domain).tags(reference.path))
        if args.format == "json":
            print(json.dumps({"name": reference._replace(tag="", digest=None).familiar, "tags": found}))
            return 0
        for tag in found:
            print(tag)
    return 0
