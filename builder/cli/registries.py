"""What commands that speak with registries have in common."""

from __future__ import annotations

import os
import sys

from builder.cli.commands.build import add_insecure
from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from builder.model.platform import Platform


def add_registry_options(parser: argparse.ArgumentParser) -> None:
    add_insecure(parser.add_argument)


def add_transfer_options(parser: argparse.ArgumentParser, quiet: str) -> None:
    from builder.progress.choose import MODES

    parser.add_argument("-q", "--quiet", action="store_true", help=quiet)
    parser.add_argument("--progress", choices=MODES, default="auto", help="display of what is going on")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json: one object a line")
    add_registry_options(parser)


def progress_mode(args: argparse.Namespace) -> str:
    return "none" if args.quiet else str(args.progress)


def given_platform(args: argparse.Namespace) -> Platform | None:
    from builder.model.platform import Platform, host_platform

    text = args.platform or os.environ.get("DOCKER_DEFAULT_PLATFORM", "")
    return Platform.parse(text, host_platform()) if text else None


def say(args: argparse.Namespace, text: str) -> None:
    """A line for people, at once: transfers take their time."""
    if not args.quiet and args.format == "text":
        print(text, flush=True)


def warn(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
