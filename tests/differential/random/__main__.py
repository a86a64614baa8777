"""`python -m tests.differential.random`: see the package's docstring."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random

from tests.differential.builders.buildah import Buildah
from tests.differential.builders.buildkit import BuildKit
from tests.differential.builders.protocol import Builder, UnusableError
from tests.differential.builders.pybuild import Pybuild
from tests.differential.case import load_case
from tests.differential.comparison import Bench, Result
from tests.differential.facts import FAILS, OUTCOME, Difference
from tests.differential.random.buildfile import KINDS, Made, make
from tests.differential.random.copies import PLACE
from tests.differential.random.offered import WEB, serving
from tests.differential.random.shrink import shrink
from tests.differential.random.verdicts import differences_of
from tests.differential.report import Verdict, describe
from tests.differential.web import URL


class Trial:
    """Builds a case with both, in a folder of its own."""

    def __init__(
        self, folder: str, bench: Bench, ours: Builder, theirs: Builder, address: Callable[[str], str]
    ) -> None:
        self._folder, self._bench, self._ours, self._theirs = folder, bench, ours, theirs
        self._address = address

    def __call__(self, name: str, made: Made) -> tuple[Verdict, Result]:
        folder = Path(self._folder, name)
        write(folder, made, self._address(name))
        case = load_case(folder)
        theirs = self._bench.build(case, self._theirs)
        ours = self._bench.build(case, self._ours)
        found = differences_of(ours, theirs)
        trouble = [result.trouble for result in (ours, theirs) if result.trouble]
        if any(difference.where == OUTCOME for difference in found):
            trouble.append((ours if ours.facts == FAILS else theirs).log[-1500:])
        return Verdict(name, "random", tuple(found), "\n".join(trouble)), theirs


def write(folder: Path, made: Made, address: str) -> None:
    """Makes a case. `address` is where it can fetch from."""
    text, described = made
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Dockerfile").write_bytes(text.replace(PLACE, address).encode())
    (folder / "case.json").write_text(json.dumps(described, indent=1) + "\n")


def main() -> int:
    options = _parser().parse_args()
    deadline = time.monotonic() + options.minutes * 60 if options.minutes else None
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(3), "big")
    with ExitStack() as opened:
        folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="differential-random-"))
        bench = Bench(folder)
        try:
            peer: Builder = (
                BuildKit(bench.layouts) if options.peer == "buildkit" else Buildah(f"{folder}/b", bench.layouts)
            )
        except UnusableError as error:
            sys.exit(f"{options.peer} cannot be used: {error}")
        pybuild = Pybuild(os.path.join(folder, "store"), bench.layouts)
        opened.callback(pybuild.remove)
        address = opened.enter_context(serving(os.path.join(folder, "web")))
        trial = Trial(os.path.join(folder, "cases"), bench, pybuild, peer, address)
        ran = refused = bad = 0
        for number in range(options.first, options.first + options.count):
            if deadline and time.monotonic() > deadline:
                break
            name = f"random-{seed}-{number}"
            made = make(Random(f"{seed}/{number}"), options.only or tuple(KINDS))
            verdict, theirs = trial(name, made)
            ran, refused = ran + 1, refused + (theirs.facts == FAILS)
            if not verdict.agrees:
                bad += 1
                _report(trial, verdict, made, options)
            shutil.rmtree(os.path.join(folder, "contexts"), ignore_errors=True)
    print(f"seed {seed}: {ran} cases, {refused} refused by {peer.name}, {bad} differ")
    return 1 if bad else 0


def _report(trial: Trial, verdict: Verdict, made: Made, options: argparse.Namespace) -> None:
    wanted = {_class(difference) for difference in verdict.differences}

    def is_one(tried: Made) -> bool:
        found = trial("shrinking", tried)[0]
        return bool(wanted & {_class(difference) for difference in found.differences})

    if options.shrink and wanted - _seen:
        _seen.update(wanted)
        made = shrink(made, is_one)
        verdict = trial("shrinking", made)[0]._replace(case=verdict.case)
    print(describe(verdict, options.peer), flush=True)
    print("    " + made[0].replace("\n", "\n    "), flush=True)
    if options.findings:
        text, described = made
        given = {**described, "web": WEB} if PLACE in text else described
        write(Path(options.findings, verdict.case), (text, given), f"{URL}/{verdict.case}")


_seen: set[object] = set()


def _class(difference: Difference) -> object:
    """What stays of a difference while a case shrinks: numbers of layers and of history do not."""
    where = difference.where.split("[", 1)[0]
    return (
        where.split(".", 1)[0],
        difference.ours is None,
        difference.theirs is None,
        where == OUTCOME and difference.ours,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.random", description="pybuild against a peer")
    parser.add_argument("--seed", type=int, help="makes the same cases again (default: another each time)")
    parser.add_argument("--count", type=int, default=100, metavar="M", help="how many (default: 100)")
    parser.add_argument("--first", type=int, default=0, metavar="K", help="number of the first (default: 0)")
    parser.add_argument("--minutes", type=float, metavar="M", help="stop after that time")
    parser.add_argument(
        "--only", nargs="+", choices=tuple(KINDS), metavar="KIND", help=f"instructions: {', '.join(KINDS)}"
    )
    parser.add_argument("--peer", choices=("buildkit", "buildah"), default="buildkit")
    parser.add_argument("--findings", metavar="DIR", help="write what differs there, as cases")
    parser.add_argument("--no-shrink", dest="shrink", action="store_false", help="show findings as they are")
    return parser


if __name__ == "__main__":
    sys.exit(main())
