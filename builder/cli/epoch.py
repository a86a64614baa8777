"""SOURCE_DATE_EPOCH of the environment, for commands that make images without a Buildfile."""

from __future__ import annotations

from collections.abc import Mapping

from builder.errors import UsageError


def source_date_epoch(environment: Mapping[str, str]) -> int | None:
    text = environment.get("SOURCE_DATE_EPOCH", "")
    if text and not (text.isascii() and text.isdecimal()):
        raise UsageError("bad-epoch", f"SOURCE_DATE_EPOCH is not a number of seconds: {text!r}")
    return int(text) if text else None
