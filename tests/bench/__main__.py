"""`python -m tests.bench`: the command line of the benchmark."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack

import tests.bench
from tests.bench.contexts import write_bases, write_contexts
from tests.bench.peers.protocol import BuildFailedError, UnusableError
from tests.bench.peers.table import find_peers
from tests.bench.report import Setting, as_json, as_table
from tests.bench.rounds import Bench
from tests.bench.workloads.definition import SCALES, Workload
from tests.bench.workloads.table import WORKLOADS


def main(argv: Sequence[str]) -> int:
    args = _parser().parse_args(argv)
    # Ended by a signal it cleans up all the same: stores are large.
    before = signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        run(args)
    except (BuildFailedError, UnusableError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGTERM, before)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=tests.bench.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--workloads", default=[*WORKLOADS.values()], type=_workloads, metavar="NAME,…", help=", ".join(WORKLOADS))
    add("--peers", default="auto", metavar="NAME,…", help="auto (default), none, or names: buildkit, buildkit-oci, …")
    add("--rounds", default=5, type=_positive, metavar="N", help="measured rounds (default: 5)")
    add("--scale", default="full", choices=SCALES, help="full (default), or small: only to see that it works")
    add("--seed", default=1, type=int, metavar="N", help="what the generated files follow from (default: 1)")
    add("--json", metavar="FILE", help="write all times, medians and ratios to FILE")
    add("--prune", action="store_true", help="allow emptying the cache of a BuildKit daemon that was in use")
    return parser


def _workloads(text: str) -> list[Workload]:
    try:
        return [WORKLOADS[name] for name in text.split(",")]
    except KeyError as error:
        raise argparse.ArgumentTypeError(f"unknown workload {error}; known are {', '.join(WORKLOADS)}") from error


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is no positive number")
    return int(text)


def run(args: argparse.Namespace) -> None:
    scale = SCALES[args.scale]
    with ExitStack() as stack:
        # TMPDIR chooses the disk. The stores below it are gone before the folder is.
        work = stack.enter_context(tempfile.TemporaryDirectory(prefix="pybuild-bench-"))
        peers, left_out = find_peers(args.peers, work, may_prune=args.prune)
        for peer in peers:
            stack.callback(peer.close)
        bases = write_bases(work)
        contexts = write_contexts(work, args.workloads, scale, args.seed)
        bench = Bench(peers, bases, args.rounds, f"{work}/log", lambda line: print(line, file=sys.stderr))
        results = [bench.measure(workload, contexts[workload.context]) for workload in args.workloads]
        setting = Setting(scale, args.seed, args.rounds, peers, left_out)
        if args.json:
            with open(args.json, "w", encoding="utf-8") as file:
                json.dump(as_json(setting, results), file, indent=2)
        print(as_table(setting, results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
