"""`python -m tests.fuzz`: see the package's docstring."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
from pathlib import Path

from tests.fuzz import peers
from tests.fuzz.run import Run
from tests.fuzz.seeds import load, real_files, save, seeds
from tests.fuzz.targets import TARGETS
from tests.fuzz.targets.target import Target


def main() -> int:
    options = _parser().parse_args()
    unknown = set(options.targets) - TARGETS.keys()
    if unknown:
        sys.exit(f"no such target: {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    targets = [target for target in TARGETS.values() if not options.targets or target.name in options.targets]
    if options.record:
        return _record(targets, options.peers)
    print(f"seed {options.seed}, {options.minutes} minutes, {', '.join(target.name for target in targets)}", flush=True)
    runs = [_prepare(target, options) for target in targets]
    end = time.monotonic() + options.minutes * 60
    while time.monotonic() < end:
        for run in runs:
            run.next_batch()
    for run in runs:
        print(run.summary())
    return 1 if any(run.findings for run in runs) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="random input, with BuildKit beside us")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"{', '.join(TARGETS)} (default: all)")
    parser.add_argument("--minutes", type=float, default=1.0, help="default: 1")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="default: a new one")
    parser.add_argument("--corpus", default="", metavar="DIR", help="real Dockerfiles to change")
    parser.add_argument("--peers", default="", metavar="DIR", help="where the peers' programs are (default: on PATH)")
    parser.add_argument("--findings", default="", metavar="DIR", help="keep findings there, as seeds")
    parser.add_argument("--record", action="store_true", help="write the peers' answers into the seeds; fuzz nothing")
    return parser


def _prepare(target: Target, options: argparse.Namespace) -> Run:
    program = peers.find(target, options.peers)
    if not program:
        print(f"{target.name}: {target.peer} is not there, so only crashes and slow input are found")
    material = [load(path)["input"] for path in seeds(target)]
    material += real_files(target, options.corpus)
    folder = Path(options.findings) / target.name if options.findings else None
    return Run(target, options.seed, material, program, folder)


def _record(targets: list[Target], folder: str) -> int:
    for target in targets:
        program = peers.find(target, folder)
        if not program:
            sys.exit(f"{target.peer} is not there")
        kept = [load(path) for path in seeds(target)]
        answers = peers.ask(target, program, [seed["input"] for seed in kept])
        for path, seed, answer in zip(seeds(target), kept, answers, strict=True):
            changed = json.dumps(answer, sort_keys=True) != json.dumps(seed["answer"], sort_keys=True)
            path.unlink()
            saved = save(path.parent, seed["input"], seed["why"], answer)
            print(f"{'recorded' if changed else 'as before'} {saved}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
