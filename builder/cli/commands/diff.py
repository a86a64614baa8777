"""pybuild diff"""

from __future__ import annotations

import argparse
import json
from itertools import groupby

from builder.cli.tables import size_text
from builder.lean import TYPE_CHECKING
from builder.model.path_text import path_text
from builder.progress.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from builder.images.compare import Change, Difference
    from builder.images.difference import ImageDifference

HELP = "Show what a container has changed, or which files two images have differently, layer by layer."
EXAMPLES = """\
  pybuild diff web                         what a container has changed
  pybuild diff app:1.0 app:1.1
  pybuild diff --flat app:1.0 app:1.1 | grep '^D'
  pybuild diff --format json app:1.0 app:1.1 | jq '.changes[] | select(.kind == "changed")'

A is added, C is changed, D is removed (deleted).
"""
_LETTERS = {"added": "A", "changed": "C", "removed": "D"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("first", metavar="IMAGE|CONTAINER", help="name or id")
    parser.add_argument("second", nargs="?", default="", metavar="IMAGE", help="name or id; without it: a container")
    parser.add_argument("--times", action="store_true", help="also files that differ in their times alone")
    parser.add_argument("--flat", action="store_true", help="sorted by path, not by layer")
    parser.add_argument("--platform", metavar="PLATFORM", help="which ones of images for several platforms")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="print everything as JSON")


def run(args: argparse.Namespace) -> int:
    return _of_images(args) if args.second else _of_container(args)


def _of_container(args: argparse.Namespace) -> int:
    from builder.containers.changes import changes_of
    from builder.containers.records import find_container
    from builder.wiring.containers import container_tools

    kinds = {letter: kind for kind, letter in _LETTERS.items()}
    with container_tools(args.root, "none") as tools:
        found = changes_of(find_container(tools.store, args.first), tools)
    if args.format == "json":
        print(json.dumps([{"kind": kinds[letter], "path": path} for letter, path in found]))
    else:
        for letter, path in found:
            print(f"{letter} {path_text(path)}")
    return 0


def _of_images(args: argparse.Namespace) -> int:
    from contextlib import ExitStack

    from builder.cli.commands.save import parse_platform
    from builder.images.difference import diff_images
    from builder.wiring.on_demand import means_of
    from builder.wiring.store import open_store

    with ExitStack() as opened:
        store = opened.enter_context(open_store(args.root))
        source = means_of(store, opened).open_source
        names = (args.first, args.second)
        found = diff_images(store, names, source, parse_platform(args.platform), times=args.times)
    if args.format == "json":
        print(json.dumps(_json(found)))
    elif args.flat:
        for change in found.changes:
            print(_line(change))
    else:
        _print(found, args.first, args.second)
    return 0


def _json(found: ImageDifference) -> dict[str, object]:
    changes = [change._asdict() | {"what": [item._asdict() for item in change.what]} for change in found.changes]
    return {
        "first_layers": [line._asdict() for line in found.first],
        "second_layers": [line._asdict() for line in found.second],
        "shared_layers": found.shared_layers,
        "config": [item._asdict() for item in found.config],
        "changes": changes,
    }


def _print(found: ImageDifference, first: str, second: str) -> None:
    counts = [(kind, sum(change.kind == kind for change in found.changes)) for kind in _LETTERS]
    print(f"{first} and {second} share {found.shared_layers} layers; {', '.join(f'{n} {kind}' for kind, n in counts)}")
    for item in found.config:
        print(f"  {item.what}: {item.before or '-'} -> {item.after or '-'}")

    def place(change: Change) -> tuple[int, int]:
        return (0, change.layer) if change.layer is not None else (1, change.first_layer or 0)

    for (gone, layer), changes in groupby(sorted(found.changes, key=place), key=place):
        line = (found.first if gone else found.second)[layer]
        where = f"only in {first}, layer" if gone else f"{second}, layer"
        print(f"\n{where} {layer + 1}  {line.diff_id.short}  {printable(line.created_by)[:80]}".rstrip())
        for change in changes:
            print(f"  {_line(change)}")


def _line(change: Change) -> str:
    said = f"  ({_said(change.what)})" if change.what else ""
    if not said and change.size_bytes:
        said = f"  {size_text(change.size_bytes)}"
    return f"{_LETTERS[change.kind]} /{path_text(change.path)}{said}"


def _said(what: Sequence[Difference]) -> str:
    plain = ("content", "attributes", "time")
    return ", ".join(item.what if item.what in plain else f"{item.what} {item.before} -> {item.after}" for item in what)
