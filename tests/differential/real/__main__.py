"""`python -m tests.differential.real`: see the package's docstring."""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.differential.builders.buildkit import BuildKit
from tests.differential.builders.protocol import UnusableError
from tests.differential.builders.pybuild import Pybuild
from tests.differential.comparison import Bench, judge
from tests.differential.facts import FAILS
from tests.differential.real.listed import Listed, MissingError, case_of, listed
from tests.differential.real.table import Row, table
from tests.differential.report import Verdict, describe, summary

VOLATILE = re.compile(
    r"/var/log/|/var/cache/(?:ldconfig/aux-cache|apt/|debconf/|fontconfig/)|/etc/(?:machine-id|\.pwd\.lock)|/var/lib/dbus/machine-id"
)


def main() -> int:
    options = _parser().parse_args()
    # Under names that no file uses: a context that is named like a stage would take the stage's place.
    bases = {f"base-{name}": layout for name, _, layout in (base.partition("=") for base in options.base)}
    chosen = [entry for entry in listed() if not options.names or entry.name in options.names]
    unknown = set(options.names) - {entry.name for entry in chosen}
    if unknown:
        sys.exit(f"not in the list: {', '.join(sorted(unknown))}")
    with ExitStack() as opened:
        folder = options.keep or opened.enter_context(tempfile.TemporaryDirectory(prefix="real-"))
        bench = Bench(os.path.abspath(folder), bases)
        try:
            buildkit = BuildKit(bases)
        except UnusableError as error:
            sys.exit(f"BuildKit cannot be used: {error}")
        pybuild = Pybuild(os.path.join(bench.folder, "store"), bases)
        if not options.keep:
            opened.callback(pybuild.remove)
        rows = [_compare(entry, bench, pybuild, buildkit, options.corpus) for entry in chosen]
    print(summary([row.verdict for row in rows], "buildkit"))
    if options.write:
        Path(options.write).write_text(table(rows), encoding="utf-8")
    return 0 if all(row.verdict.agrees for row in rows) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.real", description="real files, two builders")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of list.json (default: all)")
    parser.add_argument("--corpus", default="", metavar="DIR", help="where the files are: DIR/OWNER+NAME/PATH")
    parser.add_argument("--base", action="append", default=[], metavar="NAME=LAYOUT", help="an OCI layout for a base")
    parser.add_argument("--keep", metavar="DIR", help="work in DIR and leave contexts, archives and store there")
    parser.add_argument("--write", metavar="FILE", help="write the table of results")
    return parser


def _compare(entry: Listed, bench: Bench, pybuild: Pybuild, buildkit: BuildKit, corpus: str) -> Row:
    try:
        case = case_of(entry, corpus, os.path.join(bench.folder, "files"), set(bench.layouts))
    except MissingError as error:
        row = Row(entry, Verdict(entry.name, entry.path, trouble=str(error)), 0, 0)
    else:
        theirs = bench.build(case, buildkit)
        ours = bench.build(case, pybuild)
        refused = theirs.facts == FAILS
        verdict = judge(case._replace(fails="." if refused else ""), ours, theirs.facts, theirs.log)
        stable = tuple(
            found for found in verdict.differences if not _is_only_content(found.where, found.ours, found.theirs)
        )
        files = None if refused else len(theirs.facts["files"])
        row = Row(entry, verdict._replace(differences=stable), files, len(verdict.differences) - len(stable))
    print(describe(row.verdict, "buildkit"), flush=True)
    return row


def _is_only_content(path: str, ours: object, theirs: object) -> bool:
    """Of a file with the time in it: kind, mode and owner are equal."""
    if not VOLATILE.match(path) or not isinstance(ours, str) or not isinstance(theirs, str):
        return False
    return ours.split(" ")[:3] == theirs.split(" ")[:3]


if __name__ == "__main__":
    sys.exit(main())
