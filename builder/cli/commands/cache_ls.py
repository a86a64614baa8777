"""pybuild cache ls"""

from __future__ import annotations

import argparse
import json
import os
from contextlib import closing

from builder.builds.usage import Usage, usages
from builder.cache.local import LocalCache
from builder.cli.tables import print_table
from builder.images.find import entries
from builder.model.digest import Digest
from builder.progress.figures import size_text
from builder.progress.text import printable
from builder.solve.reasons.hits import since
from builder.solve.types import Record
from builder.store.store import Store
from builder.wiring.store import open_store

HELP = "List the records of steps that ran: what a build can take from the cache."
EXAMPLES = """\
  pybuild cache ls
  pybuild cache ls -f Buildfile           steps of one Buildfile
  pybuild cache ls --format json          one object a line
"""
_UNUSED = Usage(0, 0.0)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-f", "--file", metavar="FILE", help="only steps of this Buildfile")
    parser.add_argument("-q", "--quiet", action="store_true", help="keys only")
    parser.add_argument("--no-trunc", action="store_true", help="whole keys and instructions")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="json: one object a line")


def run(args: argparse.Namespace) -> int:
    wanted = f"{os.path.abspath(args.file)}#" if args.file else ""
    with open_store(args.root) as store, closing(LocalCache(store)) as cache:
        records = [record for record in cache.records() if record.step.startswith(wanted)]
        used, names = usages(store), names_by_layer(store)
        is_here = {record.key: store.blobs.size(record.layer.descriptor.digest) is not None for record in records}
    records.sort(key=lambda record: (record.created, record.step), reverse=True)
    if args.quiet:
        for record in records:
            print(record.key if args.no_trunc else record.key[:12])
    elif args.format == "json":
        for record in records:
            print(json.dumps(row_document(record, used, names) | {"layer_is_here": is_here[record.key]}))
    else:
        heads = ("KEY", "CREATED", "TOOK", "SIZE", "HITS", "STEP", "IMAGES")
        print_table(heads, [_cells(record, used, names, args.no_trunc) for record in records])
    return 0


def names_by_layer(store: Store) -> dict[Digest, list[str]]:
    """The names of the images that have a layer, by its diff id."""
    found: dict[Digest, list[str]] = {}
    for entry in entries(store):
        for diff_id in dict.fromkeys(diff_id for image in entry.images for diff_id in image.config.diff_ids):
            found.setdefault(diff_id, []).extend(entry.names or (entry.image.id.short,))
    return found


def row_document(record: Record, used: dict[str, Usage], names: dict[Digest, list[str]]) -> dict[str, object]:
    usage = used.get(record.key, _UNUSED)
    return {
        "key": record.key,
        "step": record.text,
        "of": record.step,
        "created": record.created,
        "seconds": record.seconds,
        "build": record.build,
        "size": record.layer.descriptor.size,
        "layer": str(record.layer.diff_id),
        "hits": usage.hits,
        "last_used": usage.last,
        "images": names.get(record.layer.diff_id, []),
    }


def _cells(record: Record, used: dict[str, Usage], names: dict[Digest, list[str]], whole: bool) -> tuple[str, ...]:
    text = printable(record.text)
    return (
        record.key if whole else record.key[:12],
        since(record.created),
        f"{record.seconds:.1f}s",
        size_text(record.layer.descriptor.size),
        str(used.get(record.key, _UNUSED).hits),
        text if whole or len(text) <= 50 else text[:49] + "…",
        printable(" ".join(names.get(record.layer.diff_id, []))),
    )
