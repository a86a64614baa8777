"""pybuild layers"""

from __future__ import annotations

import argparse
import json
import os
import sys

from builder.cli.tables import print_table, size_text
from builder.lean import TYPE_CHECKING
from builder.model.path_text import path_text
from builder.progress.text import printable

if TYPE_CHECKING:
    from builder.layerview.analysis import Analysis, LayerRow, Table
    from builder.layerview.files import FileRow
    from builder.layerview.thresholds import Verdict

HELP = "Walk through an image's layers and files; what they waste; with --ci whether that is too much."
EXAMPLES = """\
  pybuild layers app:1.0                        # on a terminal: full screen, ? shows the keys
  pybuild layers app:1.0 | cat                  # the same as text
  pybuild layers --files --layer 3 app:1.0      # what layer 3 added, changed and removed
  pybuild layers --format json app:1.0
  pybuild layers --ci --lowest-efficiency 0.95 --highest-wasted-bytes 20MB app:1.0
"""
_WASTES = 10
_SHOWN = 60
_LETTERS = {"added": "A", "changed": "C", "removed": "D"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from builder.layerview.thresholds import Thresholds

    parser.add_argument("image", metavar="IMAGE", help="name or id")
    parser.add_argument("--format", choices=("text", "json"), help="print, also on a terminal")
    parser.add_argument("--files", action="store_true", help="with --format: also the files of each layer")
    parser.add_argument("--layer", type=int, default=0, metavar="NUMBER", help="only this layer, from 1 for the lowest")
    parser.add_argument("--platform", metavar="PLATFORM", help="which one of an image for several platforms")
    group = parser.add_argument_group("for CI (dive's rules; a rule can be off)")
    group.add_argument("--ci", action="store_true", help="judge the image; exit code 1 where it fails")
    for name, default in Thresholds()._asdict().items():
        option = f"--{name.replace('_', '-')}"
        group.add_argument(option, default=default, metavar="LIMIT", help=f"default: {default}")


def run(args: argparse.Namespace) -> int:
    from builder.layerview.thresholds import Thresholds, judge

    analysis, tables, name = analysed(args)
    if args.ci:
        limits = Thresholds(args.lowest_efficiency, args.highest_wasted_bytes, args.highest_user_wasted_percent)
        return _print_verdicts(judge(analysis, limits), analysis, args)
    if args.format or args.files or args.layer or not _has_screen():
        print_layers(analysis, tables, args)
        return 0
    from builder.layerview.screen import LayerScreen

    LayerScreen(name, analysis, tables).run()
    return 0


def _has_screen() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def analysed(args: argparse.Namespace) -> tuple[Analysis, list[Table], str]:
    from contextlib import ExitStack

    from builder.cli.commands.save import parse_platform
    from builder.images.find import find_image
    from builder.images.stored import stored_image
    from builder.layerview.analysis import analyse
    from builder.wiring.on_demand import means_of
    from builder.wiring.store import open_store

    with ExitStack() as opened:
        store = opened.enter_context(open_store(args.root))
        found = find_image(store, args.image)
        image = stored_image(store, found.descriptor, args.image, parse_platform(args.platform))
        return (*analyse(store, image, means_of(store, opened).open_source), args.image)


def print_layers(analysis: Analysis, tables: list[Table], args: argparse.Namespace) -> None:
    """As text or JSON: `args` have `format`, `files` and `layer`."""
    from builder.errors import UsageError

    if args.layer and not 0 < args.layer <= len(analysis.layers):
        raise UsageError("bad-layer", f"--layer {args.layer}: the image has layers 1 to {len(analysis.layers)}")
    rows = [row for row in analysis.layers if args.layer in (0, row.number)]
    if args.format == "json":
        print(json.dumps(_json(analysis, rows, tables, args.files)))
        return
    for row in rows if args.files else ():
        print(f"layer {row.number}  {row.diff_id.short}  {printable(row.created_by)[:_SHOWN]}".rstrip())
        for file in _files(tables, row.number):
            print(f"  {_LETTERS[file.state]} {size_text(file.size_bytes):>7}  /{path_text(file.path)}")
    if not args.files:
        _print_table(analysis, rows)


def _files(tables: list[Table], number: int) -> list[FileRow]:
    from builder.layerview.files import Wanted, files_of_layer

    selection = files_of_layer(tables, number).select(Wanted(frozenset(_LETTERS)))
    return [row for row in selection.walk() if row.state in _LETTERS]


def _print_table(analysis: Analysis, rows: list[LayerRow]) -> None:
    cells = [
        (
            str(row.number), row.diff_id.short, size_text(row.size_bytes), str(row.added), str(row.changed),
            str(row.removed), size_text(row.hidden_bytes), row.created_by[:_SHOWN],
        )
        for row in rows
    ]  # fmt: skip
    print_table(("LAYER", "DIFF ID", "SIZE", "ADDED", "CHANGED", "REMOVED", "HIDDEN", "CREATED BY"), cells)
    print(f"\n{summary(analysis)}")
    if analysis.wastes:
        print()
        table = [
            (size_text(waste.size_bytes), ", ".join(map(str, waste.layers)), f"/{path_text(waste.path)}")
            for waste in analysis.wastes[:_WASTES]
        ]
        print_table(("WASTED", "LAYERS", "PATH"), table)
        if len(analysis.wastes) > _WASTES:
            print(f"and {len(analysis.wastes) - _WASTES} more: --format json has all")


def summary(analysis: Analysis) -> str:
    return (
        f"efficiency {analysis.efficiency:.2%}; wasted {size_text(analysis.wasted_bytes)} "
        f"of {size_text(analysis.size_bytes)}, {analysis.user_wasted_percent:.2%} of what the upper layers hold; "
        f"one layer would save {size_text(analysis.hidden_bytes)}"
    )


def _json(analysis: Analysis, rows: list[LayerRow], tables: list[Table], files: bool) -> dict[str, object]:
    layers = []
    for row in rows:
        layer: dict[str, object] = row._asdict()
        if files:
            layer["files"] = [file._asdict() for file in _files(tables, row.number)]
        layers.append(layer)
    return analysis._asdict() | {"layers": layers, "wastes": [waste._asdict() for waste in analysis.wastes]}


def _print_verdicts(verdicts: list[Verdict], analysis: Analysis, args: argparse.Namespace) -> int:
    failed = any(verdict.status == "FAIL" for verdict in verdicts)
    if args.format == "json":
        value = {"result": "FAIL" if failed else "PASS", "rules": [verdict._asdict() for verdict in verdicts]}
        print(json.dumps(value | {"efficiency": analysis.efficiency, "wasted_bytes": analysis.wasted_bytes}))
    else:
        for verdict in verdicts:
            print(f"{verdict.status}: {verdict.rule}: {verdict.message}")
        print(f"Result: {'FAIL' if failed else 'PASS'}")
    return int(failed)
