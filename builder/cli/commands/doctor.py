"""pybuild doctor"""

from __future__ import annotations

import argparse
import json

from builder.cli.tables import print_table
from builder.sandbox.probe import Finding, State, probe, works
from builder.wiring.store import open_store

HELP = "Say what this machine can do for builds and containers, what is missing and how to get it."
EXAMPLES = """\
  pybuild doctor
  pybuild doctor --format json
"""

_MARKS = {State.OK: "ok", State.OPTIONAL: "-", State.MISSING: "MISSING"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object")


def run(args: argparse.Namespace) -> int:
    """Exit code 1: a RUN cannot work here."""
    with open_store(args.root) as store:
        findings = [*probe(store.temporary.directory()), _networks()]
    if args.format == "json":
        print(json.dumps({"run": works(findings), "findings": [finding._asdict() for finding in findings]}))
    else:
        _show(findings)
    return 0 if works(findings) else 1


def _networks() -> Finding:
    """Of containers."""
    from builder.containers.network.connect import available, no_program

    name = available()
    if name:
        return Finding("-p, --network=private", State.OK, f"{name}: containers have networks of their own")
    why = no_program()
    return Finding("-p, --network=private", State.OPTIONAL, why.message, why.hint or "")


def _show(findings: list[Finding]) -> None:
    print_table(("", "WHAT", "FOUND"), [(_MARKS[finding.state], finding.name, finding.detail) for finding in findings])
    hints = [finding for finding in findings if finding.hint]
    if hints:
        print()
    for finding in hints:
        print(f"{finding.name}: {finding.hint}")
    print()
    print("RUN works here." if works(findings) else "RUN cannot work here; Buildfiles without RUN still do.")
