"""pybuild prune"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from functools import partial

from builder.cli.commands.df import print_items
from builder.cli.tables import print_table, size_text
from builder.disk.choose import Wish
from builder.disk.prune import foresee, prune
from builder.disk.types import ASKED_FOR, CACHES, TITLES, Item, Kind
from builder.errors import UsageError
from builder.model.size import parse_size
from builder.model.time_span import parse_moment
from builder.sandbox.remover import any_remover
from builder.wiring.store import image_uses, open_store

HELP = "Remove what nothing needs: stopped containers, images without a name, unused cache."
EXAMPLES = """\
  pybuild prune                                    asks first
  pybuild prune --all --force                      also images without containers, and the whole cache
  pybuild prune --filter until=24h                 only what was not used for a day
  pybuild prune --keep-storage 10GB                the cache down to 10 GB, least recently used first
  pybuild prune --filter type=mounts --dry-run     what would go of the directories of cache mounts
"""
_ALIASES = {
    "regular": Kind.CACHE,
    "exec.cachemount": Kind.MOUNTS,
    "source.local": Kind.CONTEXTS,
    "source.git.checkout": Kind.DOWNLOADS,
}
"""What buildx calls them."""
_PLAIN = {
    Kind.CONTAINERS: "all stopped containers",
    Kind.IMAGES: "all images without a name",
    Kind.CACHE: "all build cache that no image is made of",
    Kind.MOUNTS: "all directories of cache mounts",
    Kind.DOWNLOADS: "all files, repositories and base images that were fetched",
    Kind.HISTORY: "the history of builds",
}
_ALL = _PLAIN | {
    Kind.IMAGES: "all images without at least one container associated to them",
    Kind.CACHE: "all build cache",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("-a", "--all", action="store_true", help="all unused images and all cache, not just what nothing is made of")
    add("--volumes", action="store_true", help="also anonymous volumes that no container uses")
    add("-f", "--force", action="store_true", help="do not ask")
    add(
        "--filter",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=f"until=24h, or a time: only what was not used since; type={'|'.join(Kind)}: only these kinds",
    )
    add("--keep-storage", metavar="SIZE", help="keep so much of the cache, what was used last; takes nothing else")
    add("--dry-run", action="store_true", help="only say what would be removed")
    add("-v", "--verbose", action="store_true", help="name every single thing")
    add("--format", choices=("text", "json"), default="text", help="print what was removed as JSON")


def run(args: argparse.Namespace) -> int:
    wish = _wish(args, time.time())
    if not (args.force or args.dry_run or _confirmed(wish)):
        print("Nothing was removed.", file=sys.stderr)
        return 1
    with open_store(args.root) as store, any_remover() as remove:
        uses = partial(image_uses, store)
        items, freed = foresee(store, uses, wish) if args.dry_run else prune(store, uses, wish, remove)
    if args.format == "json":
        print(json.dumps({"items": [item._asdict() for item in items], "freed": freed}))
        return 0
    _print(items, args.verbose)
    print(f"{'Would reclaim at least' if args.dry_run else 'Total reclaimed space'}: {size_text(freed)}")
    return 0


def _wish(args: argparse.Namespace, now: float) -> Wish:
    kinds: set[Kind] = set()
    until = None
    for text in args.filter:
        name, _, value = text.partition("=")
        if name == "until":
            until = parse_moment(value, now)
            if until is None:
                raise _bad(f"until={value}", "say 24h, 30d, a date as 2026-11-24T10:00:00, or seconds since 1970")
        elif name == "type":
            kinds.add(_kind(value))
        else:
            raise _bad(text, "there are until=TIME and type=KIND")
    keep_bytes = parse_size(args.keep_storage) if args.keep_storage else None
    if args.keep_storage and keep_bytes is None:
        raise UsageError("bad-option", f"--keep-storage {args.keep_storage}: no size", hint="say 10GB or 500m")
    default = CACHES if keep_bytes is not None else frozenset(Kind) - ASKED_FOR
    if args.volumes:
        default |= {Kind.VOLUMES}
    return Wish(frozenset(kinds) or default, args.all, until, keep_bytes, args.all and Kind.VOLUMES in kinds)


def _kind(text: str) -> Kind:
    if text in _ALIASES:
        return _ALIASES[text]
    for kind in Kind:
        if text in (kind.value, kind.value.removesuffix("s")):
            return kind
    raise _bad(f"type={text}", f"there are {', '.join(Kind)}")


def _bad(text: str, hint: str) -> UsageError:
    return UsageError("bad-filter", f"--filter {text} is not understood", hint=hint)


def _confirmed(wish: Wish) -> bool:
    texts = _ALL if wish.everything else _PLAIN
    lines = [texts[kind] for kind in Kind if kind in wish.taken_kinds and kind in texts]
    if Kind.VOLUMES in wish.taken_kinds:
        named = "" if wish.named_volumes else "anonymous "
        lines.append(f"all {named}volumes not used by at least one container")
    if wish.keep_bytes is not None:
        lines = [f"unused cache beyond {size_text(wish.keep_bytes)}, what was used least recently first"]
    elif not lines:
        lines = [f"unused {', '.join(TITLES[kind].lower() for kind in Kind if kind in wish.taken_kinds)}"]
    print("WARNING! This will remove:", *(f"  - {line}" for line in lines), sep="\n", file=sys.stderr)
    if wish.until is not None:
        when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wish.until))
        print(f"\nof it what was not used since {when}.", file=sys.stderr)
    print("\nAre you sure you want to continue? [y/N] ", end="", flush=True, file=sys.stderr)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _print(items: Sequence[Item], each: bool) -> None:
    if each:
        for kind in Kind:
            print_items([item for item in items if item.kind is kind], TITLES[kind])
        print()
    elif items:
        counts = {kind: [item for item in items if item.kind is kind] for kind in Kind}
        rows = [(TITLES[kind], str(len(found))) for kind, found in counts.items() if found]
        print_table(("TYPE", "REMOVED"), rows)
