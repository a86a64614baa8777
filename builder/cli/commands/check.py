"""`pybuild check`: `pybuild build --check` as a command of its own."""

from __future__ import annotations

import argparse

from builder.cli.commands import build

HELP = "Check a Buildfile without building it."
EXAMPLES = """\
  pybuild check                           everything that is found, in all stages
  pybuild check --target app .            only what this stage needs
  pybuild check --fix --dry-run           what can be rewritten safely, as a diff
  pybuild check --fix                     rewrite it
  pybuild check --format json . | jq -r '.warnings[].ruleName'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    build.add_arguments(parser)
    parser.set_defaults(call="check")


def run(args: argparse.Namespace) -> int:
    return build.run(args)
