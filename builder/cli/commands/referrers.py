"""pybuild referrers"""

from __future__ import annotations

import argparse
import json

HELP = "List what a registry has that refers to an image: signatures, SBOMs and the like."
EXAMPLES = """\
  pybuild referrers localhost:5000/team/app:1.0
  pybuild referrers --artifact-type application/spdx+json localhost:5000/team/app:1.0
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.cli.registries import add_registry_options

    parser.add_argument("image", metavar="NAME[:TAG|@DIGEST]", help="an image of a registry")
    parser.add_argument("--artifact-type", default="", metavar="TYPE", help="only these")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")
    add_registry_options(parser)


def run(args: argparse.Namespace) -> int:
    from contextlib import closing

    from builder.cli.tables import print_table, size_text
    from builder.model.reference import Reference
    from builder.wiring.registries import registry_access

    reference = Reference.parse(args.image)
    with closing(registry_access(tuple(args.insecure_registry))) as access:
        client = access.client(reference.domain)
        digest = reference.digest or client.manifest(reference.path, reference.tag).descriptor.digest
        found = client.referrers(reference.path, digest, args.artifact_type)
    if args.format == "json":
        for item in found:
            print(json.dumps({**item.descriptor.to_json(), "artifactType": item.artifact_type}))
        return 0
    rows = [(item.descriptor.digest, item.artifact_type, size_text(item.descriptor.size)) for item in found]
    print_table(("DIGEST", "ARTIFACT TYPE", "SIZE"), rows)
    return 0
