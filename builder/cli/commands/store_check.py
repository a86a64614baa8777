"""pybuild store check"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from builder.health.examine import examine
from builder.health.repair import Mended, open_damaged, repair
from builder.sandbox.remover import any_remover
from builder.store.check import Finding
from builder.store.store import default_root
from builder.wiring.store import image_uses, open_store

HELP = "Read all of the store and say what is damaged or missing; with --repair, make it whole again."
EXAMPLES = """\
  pybuild store check
  pybuild store check --repair
  pybuild store check --format json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--repair",
        action="store_true",
        help="drop what can be made again, move the rest to the store's folder `damaged`, and say what is lost",
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="print the findings as JSON")


def run(args: argparse.Namespace) -> int:
    """Exit code 1: something is damaged, and still is."""
    if args.repair:
        return _repair(args)
    with open_store(args.root) as store, _shown() as told:
        findings = examine(store, told)
    if args.format == "json":
        print(json.dumps([finding._asdict() for finding in findings]))
    else:
        _print(findings)
    return 1 if findings else 0


@contextmanager
def _shown() -> Generator[Callable[[str, int, int], None]]:
    """A large store is long to read: on a terminal one line tells how far we are, and is gone afterwards."""

    def told(what: str, done: int, total: int) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[Kreading {what}: {done + 1} of {total}", end="", flush=True, file=sys.stderr)

    try:
        yield told
    finally:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", flush=True, file=sys.stderr)


def _repair(args: argparse.Namespace) -> int:
    root = args.root or default_root(os.environ, os.getuid())
    store, opened = open_damaged(root)
    with store, any_remover() as remove, _shown() as told:
        found = repair(store, lambda: image_uses(store), remove, told)
    mended = [*opened, *found.mended]
    if args.format == "json":
        rows = [row.finding._asdict() | {"done": row.done} for row in mended]
        print(json.dumps({"mended": rows, "left": [finding._asdict() for finding in found.left]}))
    else:
        _print_mended(mended)
        _print(found.left)
    return 1 if found.left else 0


def _print_mended(mended: Sequence[Mended]) -> None:
    for finding, done in mended:
        print(f"{finding.code}: {finding.subject}: {finding.message}: {done}")


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        print(f"{finding.code}: {finding.subject}: {finding.message}")
    if not findings:
        print("The store is whole.")
