"""Canonical JSON: one text for one value, so that a hash of it means something."""

from __future__ import annotations

import json

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


def canonical(value: object) -> bytes:
    """`value` as JSON with sorted keys, no blanks, ASCII only (lone surrogates survive as escapes)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")
