"""pybuild graph"""

from __future__ import annotations

import argparse
import os
import sys

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from builder.graph.types import Graph

HELP = (
    "Draw the stages and steps of a build with what became of them; with -f what would become of them now, "
    "as --dry-run finds out."
)
EXAMPLES = """\
  pybuild graph                              the last build, for Mermaid
  pybuild graph ^1 --format svg > build.svg
  pybuild graph -f Buildfile --format dot .  not built: which steps would run
"""
FORMATS = ("mermaid", "dot", "svg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("build", nargs="?", default="", metavar="BUILD", help="id, or ^N (default: the last); with -f: CONTEXT")
    add("-f", "--file", metavar="FILE", help="a Buildfile, as a build without further options would see it")
    add("--target", default="", metavar="STAGE", help="with -f: stage to build (default: the last)")
    add("--format", default="mermaid", choices=FORMATS, help="default: mermaid")


def run(args: argparse.Namespace) -> int:
    graph = _foreseen(args) if args.file else _recorded(args)
    sys.stdout.write(_drawn(graph, args.format))
    return 0


def _recorded(args: argparse.Namespace) -> Graph:
    from builder.builds.reading import find_build
    from builder.errors import UsageError
    from builder.graph.recorded import graph_of_record
    from builder.wiring.store import open_store

    if args.target:
        raise UsageError("bad-option", "--target is for -f FILE: a recorded build has its target")
    with open_store(args.root) as store:
        return graph_of_record(find_build(store, args.build)[1])


def _foreseen(args: argparse.Namespace) -> Graph:
    from builder.graph.foreseen import graph_of_plan
    from builder.pipeline.build import BuildOptions
    from builder.progress.choose import make_reporter
    from builder.wiring.questions import foresee

    options = BuildOptions(context=args.build or ".", file=args.file, target=args.target, root=args.root)
    forecast = foresee(options, make_reporter("none", sys.stderr, os.environ))
    return graph_of_plan(f"{args.file}, not built yet", forecast.plan, forecast.rows)


def _drawn(graph: Graph, kind: str) -> str:
    if kind == "mermaid":
        from builder.graph.mermaid import mermaid

        return mermaid(graph)
    if kind == "dot":
        from builder.graph.dot import dot

        return dot(graph)
    from builder.graph.svg import svg

    return svg(graph)
