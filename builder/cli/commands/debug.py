"""`pybuild debug`: a shell in the filesystem of a step."""

from __future__ import annotations

import argparse
import os
import sys

HELP = "Open a shell, or run a command, in the filesystem of any step of the last build of a Buildfile."
EXAMPLES = """\
  pybuild debug                           where the last build failed, else its last step
  pybuild debug --step 3                  after step 3 of the target's stage
  pybuild debug --step build.2 --before   what step 2 of the stage `build` found
  pybuild debug --step :12 -- ls -la      a command, after the step of line 12
  pybuild debug --export files.tar        the files, instead of a shell"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--context", default=".", metavar="CONTEXT", help="context of the build (default: .)")
    add("-f", "--file", metavar="FILE", help="Buildfile, as the build was given it")
    add("--step", default="", metavar="STEP", help="N, STAGE.N or :LINE (default: the failed step, else the last)")
    add("--before", action="store_true", help="the files that the step found, not those it left")
    add("--export", default="", metavar="PATH", help="write the files to a folder or a .tar")
    add("command", nargs="*", metavar="COMMAND", help="what to run, after -- (default: the stage's shell)")


def run(args: argparse.Namespace) -> int:
    from builder.cli.commands.build import announce, refuse_stdin
    from builder.pipeline.build import BuildOptions
    from builder.pipeline.debugging import Request
    from builder.progress.choose import make_reporter
    from builder.wiring.questions import debug

    refuse_stdin(args.context, args.file, "debug")
    given = BuildOptions(context=args.context, file=args.file, root=args.root)
    request = Request(args.step, args.before, tuple(args.command), args.export)
    return debug(given, request, make_reporter("none", sys.stderr, os.environ), announce)
