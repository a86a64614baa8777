"""The options of `pybuild build` that say what every RUN stands in."""

from __future__ import annotations

from builder.errors import UsageError
from builder.lean import TYPE_CHECKING
from builder.plan.types import Surroundings, Ulimit

if TYPE_CHECKING:
    import argparse


def surroundings_of(args: argparse.Namespace) -> Surroundings:
    if not (args.allow or args.add_host or args.shm_size or args.ulimit or args.network != "default"):
        return Surroundings()
    from builder.plan.asked import surroundings

    return surroundings(
        network=args.network,
        hosts=[extra_host(text) for text in args.add_host],
        shm_size=size_of(args.shm_size) if args.shm_size else 0,
        ulimits=[ulimit_of(text) for text in args.ulimit],
        allow=[text for item in args.allow for text in item.split(",")],
    )


def extra_host(text: str) -> tuple[str, str]:
    """`NAME:ADDRESS` or `NAME=ADDRESS`."""
    from builder.plan.asked import host

    name, _, address = text.partition("=" if "=" in text else ":")
    if not name or not address:
        raise UsageError("bad-option", f"--add-host {text}: expected NAME:ADDRESS", hint="such as db:10.0.0.5")
    return host(name, address)


def size_of(text: str) -> int:
    from builder.model.size import parse_size

    size = parse_size(text)
    if size is None:
        raise UsageError("bad-option", f"--shm-size {text}: not a size", hint="write it like 64m or 1g")
    return size


def ulimit_of(text: str) -> Ulimit:
    from builder.plan.asked import ulimit

    name, _, limits = text.partition("=")
    soft, colon, hard = limits.partition(":")
    try:
        first = int(soft)
        second = int(hard) if colon else first
    except ValueError:
        name = ""
        first = second = 0
    if not name:
        raise UsageError("bad-option", f"--ulimit {text}: expected NAME=SOFT[:HARD]", hint="such as nofile=1024:4096")
    return ulimit(name, first, second)
