"""pybuild exec"""

from __future__ import annotations

import argparse
import os
import sys

from builder.cli.container_options.process import environment_of
from builder.cli.containers import CANNOT_RUN, add_attachment, follow, manner_of, terminal_size
from builder.containers.exec import Execution, execute
from builder.containers.records import find_container
from builder.containers.start import NotStarted
from builder.errors import UsageError
from builder.wiring.store import open_store

HELP = "Run a command in a running container."
EXAMPLES = """\
  pybuild exec -it web sh
  pybuild exec -u 0 -w /srv web ls -la
  tar -c . | pybuild exec -i web tar -x -C /srv
"""
MISUSED = CANNOT_RUN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-i", "--interactive", action="store_true", help="what is typed goes to the process")
    add("-t", "--tty", action="store_true", help="a terminal for the process")
    add("-d", "--detach", action="store_true", help="in the background")
    add("-e", "--env", action="append", default=[], metavar="NAME[=VALUE]", help="a variable of the environment")
    add("--env-file", action="append", default=[], metavar="FILE", help="variables, one a line")
    add("-w", "--workdir", default="", metavar="DIR", help="where the command starts")
    add("-u", "--user", default="", metavar="USER[:GROUP]", help="names or numbers")
    add("--privileged", action="store_true", help="every right that we have")
    add_attachment(parser)
    add("container", metavar="CONTAINER", help="name or id")
    add("command", metavar="COMMAND", help="a program of the container")
    rest = add("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="its arguments")
    rest.required = False  # or it is named as missing


def run(args: argparse.Namespace) -> int:
    if args.interactive and args.tty and not os.isatty(0):
        raise UsageError("not-a-terminal", "-it: the input is no terminal", hint="leave out -t")
    manner = manner_of(args, tty=args.tty)
    wanted = Execution(
        argv=(args.command, *args.arguments),
        env=environment_of(args.env, args.env_file, os.environ),
        workdir=args.workdir,
        user=args.user,
        privileged=args.privileged,
        size=terminal_size() if args.tty else None,
        interactive=args.interactive,
        detach=args.detach,
    )
    with open_store(args.root) as store:
        container = find_container(store, args.container)
        try:
            sock = execute(store, container, wanted)
        except NotStarted as failure:
            print(f"pybuild: {failure.status.reason}", file=sys.stderr)
            return failure.status.code
    if args.detach:
        return 0
    return follow(sock, container.name, manner)
