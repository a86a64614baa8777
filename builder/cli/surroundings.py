"""Values of options that say what processes stand in: the RUNs of a build, and those of containers."""

from __future__ import annotations

from builder.errors import UsageError
from builder.plan.types import Ulimit


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
    from builder.sandbox.privileges import LIMITS

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
    if name not in LIMITS:
        raise UsageError("bad-option", f"--ulimit {text}: no such limit", hint=f"there are: {', '.join(LIMITS)}")
    return ulimit(name, first, second)
