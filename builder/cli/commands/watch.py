"""`pybuild build --watch`"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from itertools import islice

from builder.builds.reading import builds
from builder.builds.types import BuildRecord
from builder.cli.commands.build import announce, refuse_stdin
from builder.cli.errors import print_error
from builder.cli.interrupts import interrupted_by_signals
from builder.errors import BuilderError, UsageError
from builder.pipeline.build import BuildOptions
from builder.pipeline.foreseeing import Forecast
from builder.progress.choose import make_reporter
from builder.progress.text import printable
from builder.steps.secrets import Secrets
from builder.store.store import default_root
from builder.watching.changes import watching
from builder.watching.loop import Builder, build_for_ever
from builder.watching.places import places_of
from builder.wiring.questions import foresee
from builder.wiring.store import open_store

Once = Callable[[BuildOptions], object]


def run_watch(args: argparse.Namespace, options: BuildOptions, once: Once) -> int:
    """`once` builds, with its display. Ends by Ctrl-C only, or where there is nothing to watch."""
    _check(args, options)
    root = options.root or default_root(os.environ, os.getuid())
    secrets = {name: os.path.abspath(path) for name, path in Secrets(options.secrets, os.environ).files().items()}
    places = places_of(options, root, secrets)
    later = options._replace(no_cache=False, no_cache_filter=(), pull=False)

    def build(is_first: bool) -> bool:
        try:
            once(options if is_first else later)
        except BuilderError as error:
            print_error(error, sys.stderr)
            return False
        return True

    def foreseen() -> Forecast:
        return foresee(later, make_reporter("none", sys.stderr, os.environ))

    def record(file: str) -> BuildRecord | None:
        with open_store(options.root) as store:
            return next((found for _, found in islice(builds(store, file), 1)), None)

    def say(text: str) -> None:
        if not args.quiet:
            announce(printable(text))

    with open_store(options.root):  # makes it, where it is new: its index is watched
        pass
    with interrupted_by_signals(), watching(places, root) as changes:
        say(f"watching {', '.join(dict.fromkeys(place.folder for place in places[:-1]))}; Ctrl-C ends it")
        build_for_ever(
            Builder(foreseen, build, record, say, lambda error: print_error(error, sys.stderr)), changes.wait, secrets
        )
    return 0


def _check(args: argparse.Namespace, options: BuildOptions) -> None:
    refuse_stdin(options.context, options.file, "--watch")
    wrong = [
        *(["--dry-run"] if args.dry_run else []),
        *(["--on-error"] if args.on_error != "fail" else []),
        *(f"-o {text}" for text in options.outputs if text == "-" or "dest=-" in text.split(",")),
    ]
    if wrong:
        raise UsageError("bad-option", f"--watch and {wrong[0]} do not go together")
    if not os.path.exists(options.context):
        hint = "fetch it, and watch the folder"
        raise UsageError("cannot-watch", f"the context {options.context} is not on this machine", hint=hint)
