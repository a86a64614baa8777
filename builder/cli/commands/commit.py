"""pybuild commit"""

from __future__ import annotations

import argparse
import os

from builder.cli.epoch import source_date_epoch
from builder.containers.commit import Commit, commit_container
from builder.containers.records import find_container
from builder.plan.changes import changed_config
from builder.wiring.containers import container_tools

HELP = "Make an image of a container: its image, and one more layer with what has changed in it."
EXAMPLES = """\
  pybuild commit web app:1.1
  pybuild commit -m "new certificates" -a "A. Uthor" web app:1.1
  pybuild commit -c 'CMD ["app", "--fast"]' -c 'ENV MODE=fast' web app:fast
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("container", metavar="CONTAINER", help="name or id")
    parser.add_argument("name", nargs="?", default="", metavar="NAME[:TAG]", help="of the new image")
    parser.add_argument("-m", "--message", default="", help="what history says of it")
    parser.add_argument("-a", "--author", default="", help="who made it")
    parser.add_argument("-c", "--change", action="append", default=[], metavar="INSTRUCTION", help="such as CMD or ENV")
    parser.add_argument(
        "-p", "--pause", action=argparse.BooleanOptionalAction, default=True, help="halt the container meanwhile"
    )


def run(args: argparse.Namespace) -> int:
    wanted = Commit(
        name=args.name,
        message=args.message,
        author=args.author,
        edit=lambda config: changed_config(config, args.change),
        pause=args.pause,
        epoch=source_date_epoch(os.environ),
    )
    with container_tools(args.root) as tools:
        image = commit_container(find_container(tools.store, args.container), tools, wanted)
    print(image.id)
    return 0
