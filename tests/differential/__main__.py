"""`python -m tests.differential`: see the package's docstring."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from contextlib import ExitStack

from tests.differential.builders.buildah import Buildah
from tests.differential.builders.buildkit import BuildKit
from tests.differential.builders.protocol import Builder, UnusableError
from tests.differential.builders.pybuild import Pybuild
from tests.differential.case import Case, all_cases
from tests.differential.comparison import Bench, judge, judge_freely, record, time_differences
from tests.differential.report import Verdict, describe, summary
from tests.differential.web import serving


def main() -> int:
    options = _parser().parse_args()
    cases = all_cases()
    unknown = set(options.cases) - {case.name for case in cases}
    if unknown:
        sys.exit(f"no such case: {', '.join(sorted(unknown))}")
    chosen = [case for case in cases if not options.cases or case.name in options.cases]
    with ExitStack() as opened:
        folder = options.keep or opened.enter_context(tempfile.TemporaryDirectory(prefix="differential-"))
        bench = Bench(os.path.abspath(folder))
        opened.enter_context(serving(chosen, opened.enter_context(tempfile.TemporaryDirectory(prefix="web-"))))
        try:
            peer = _peer(options.peer, bench)
        except UnusableError as error:
            sys.exit(f"{options.peer} cannot be used: {error}")
        if options.record:
            return _record(bench, peer, chosen)
        pybuild = Pybuild(os.path.join(bench.folder, "store"), bench.layouts)
        if not options.keep:
            opened.callback(pybuild.remove)
        verdicts = _compare(bench, pybuild, peer, chosen, options.times)
    print(summary(verdicts, peer.name))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump([verdict.to_json() for verdict in verdicts], file, indent=1)
    return 0 if all(verdict.agrees for verdict in verdicts) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description="pybuild against a peer")
    parser.add_argument("cases", nargs="*", metavar="CASE", help="names of cases (default: all)")
    parser.add_argument("--peer", choices=("buildkit", "buildah"), default="buildkit")
    parser.add_argument("--keep", metavar="DIR", help="work in DIR and leave contexts, archives and store there")
    parser.add_argument("--json", metavar="FILE", help="write the verdicts to FILE")
    parser.add_argument("--times", action="store_true", help="show where modification times differ, as information")
    parser.add_argument("--record", action="store_true", help="write BuildKit's results to expected.json; no pybuild")
    return parser


def _peer(name: str, bench: Bench) -> Builder:
    if name == "buildkit":
        return BuildKit(bench.layouts)
    return Buildah(os.path.join(bench.folder, "buildah-storage"), bench.layouts)


def _record(bench: Bench, peer: Builder, cases: list[Case]) -> int:
    failed = 0
    for case in cases:
        result = bench.build(case, peer)
        if result.trouble or bool(case.fails) != ("fails" in result.facts):
            failed += 1
            print(f"NOT RECORDED {case.name}: {result.trouble or 'not the outcome that the case says'}\n{result.log}")
        else:
            record(case, result.facts)
            print(f"recorded {case.name}")
    return 1 if failed else 0


def _compare(bench: Bench, pybuild: Pybuild, peer: Builder, cases: list[Case], times: bool) -> list[Verdict]:
    judge_as = judge if isinstance(peer, BuildKit) else judge_freely
    verdicts = []
    for case in cases:
        theirs = bench.build(case, peer)
        ours = bench.build(case, pybuild)
        verdict = judge_as(case, ours, theirs.facts, theirs.log)
        if theirs.trouble:
            verdict = verdict._replace(trouble=f"{verdict.trouble}\n{theirs.trouble}".strip())
        print(describe(verdict, peer.name), flush=True)
        if times:
            for found in time_differences(ours, theirs):
                print(f"    time of {found.where}: pybuild {found.ours}, {peer.name} {found.theirs}")
        verdicts.append(verdict)
    return verdicts


if __name__ == "__main__":
    sys.exit(main())
