"""pybuild volume create"""

from __future__ import annotations

import argparse
import os

from builder.containers.types import MountPoint
from builder.containers.volumes import check_volume_name, ensure_volume
from builder.wiring.containers import container_tools

HELP = "Make a volume; `run -v NAME:PATH` does so by itself."
EXAMPLES = """\
  pybuild volume create data
  pybuild run -d -v data:/var/lib/registry registry:2
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one that is there stays as it is; default: made up")


def run(args: argparse.Namespace) -> int:
    """An empty volume still gets what the image has at its place, when it is first used."""
    name = check_volume_name(args.name) if args.name is not None else os.urandom(32).hex()
    with container_tools(args.root) as tools:
        ensure_volume(tools.store, MountPoint("volume", "/", name, copy=False), (), tools.worker)
    print(name)
    return 0
