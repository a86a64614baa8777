"""pybuild store check"""

from __future__ import annotations

import argparse
import json

from builder.store.check import Finding, check
from builder.wiring import open_store

HELP = "Read all of the store and say what is damaged or missing."
EXAMPLES = """\
  pybuild store check
  pybuild store check --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("text", "json"), default="text", help="print the findings as JSON")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store:
        findings = check(store)
    if args.format == "json":
        print(json.dumps([finding._asdict() for finding in findings]))
    else:
        _print(findings)
    return 1 if findings else 0


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        print(f"{finding.code}: {finding.subject}: {finding.message}")
    if not findings:
        print("The store is whole.")
