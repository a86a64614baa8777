"""pybuild cache inspect"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from contextlib import closing

from builder.builds.usage import usages
from builder.cache.local import LocalCache
from builder.cli.commands.cache_ls import names_by_layer, row_document
from builder.errors import UsageError
from builder.model.secret_names import sounds_secret
from builder.solve.reasons.notes import read_pairs
from builder.solve.types import Record
from builder.wiring.store import open_store

HELP = "Show everything that is known of records: all that their keys are made of."
EXAMPLES = """\
  pybuild cache inspect 79839b4fe70a
  pybuild cache inspect $(pybuild cache ls -q)
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", nargs="+", metavar="KEY", help="the beginning of a key")
    parser.add_argument("--format", choices=("json",), default="json", help="it is JSON anyway")


def run(args: argparse.Namespace) -> int:
    with open_store(args.root) as store, closing(LocalCache(store)) as cache:
        records = find_records(cache, args.key)
        used, names = usages(store), names_by_layer(store)
        documents = [row_document(record, used, names) | _whole(record) for record in records]
    print(json.dumps(documents, indent=2))
    return 0


def find_records(cache: LocalCache, wanted: list[str]) -> list[Record]:
    """Each once. Raises UsageError for the beginning of no key, or of several."""
    every = list(cache.records())
    found: dict[str, Record] = {}
    for word in wanted:
        matching = [record for record in every if record.key.startswith(word)]
        if len(matching) != 1:
            count = "no record's key begins" if not matching else f"the keys of {len(matching)} records begin"
            raise UsageError("no-such-record", f"{count} with {word!r}", hint="`pybuild cache ls` lists them")
        found[matching[0].key] = matching[0]
    return list(found.values())


def _whole(record: Record) -> dict[str, object]:
    return {
        "blob": record.layer.descriptor.to_json(),
        "parts": _shown(record.parts, "env"),
        "notes": _shown(record.notes, "variables"),
    }


def _shown(members: Mapping[str, object], variables: str) -> dict[str, object]:
    """Without the values of variables that sound like secrets; `variables` names the member that has variables."""
    pairs = read_pairs(members.get(variables))
    shown = [[name, "(not shown)" if sounds_secret(name) else value] for name, value in pairs.items()]
    return dict(members) | ({variables: shown} if shown else {})
