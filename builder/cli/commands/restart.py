"""pybuild restart"""

from __future__ import annotations

import argparse

from builder.cli.containers import add_stopping, each, start_unattached
from builder.containers.records import find_container
from builder.containers.stop import stop_container
from builder.errors import StoreError
from builder.wiring.containers import container_tools

HELP = "Stop containers and start them again."
EXAMPLES = """\
  pybuild restart web
  pybuild restart -t 1 $(pybuild ps -q)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_stopping(parser)


def run(args: argparse.Namespace) -> int:
    with container_tools(args.root) as tools:

        def restart(text: str) -> None:
            container = find_container(tools.store, text)
            if container.settings.remove:
                hint = "`pybuild run` makes it anew; without --rm it can be started again"
                raise StoreError("removes-itself", f"container {container.name} is removed when it ends", hint=hint)
            stop_container(tools.store, container, args.time, args.signal)
            start_unattached(container, tools)

        return each(args.containers, restart)
