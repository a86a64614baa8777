"""What is compared of a random case."""

from __future__ import annotations

import os

from tests.differential.comparison import Result
from tests.differential.facts import Difference, differences

_CLOCK = 1_600_000_000
"""Times of contexts and bases are before it; what is after it was read from a clock, and is not compared.
Nor are those of folders: BuildKit keeps a folder's time from an earlier context where nothing else of it changed."""

_OPAQUE = "/.wh..wh..opq"


def differences_of(ours: Result, theirs: Result) -> list[Difference]:
    found = differences(ours.facts, theirs.facts)
    if found or not ours.layers:
        return found
    for number, pair in enumerate(zip(ours.layers, theirs.layers, strict=False)):
        own, other = (_plain(layer, pair) for layer in pair)
        for path in sorted(other):
            if own.get(path) != other[path]:
                found.append(Difference(f"layers[{number}] {path}", own.get(path), other[path]))
    return found + [
        Difference(f"time of {path}", ours.times[path], time)
        for path, time in sorted(theirs.times.items())
        if time < _CLOCK and not theirs.facts["files"].get(path, "dir").startswith("dir") and ours.times[path] != time
    ]


def _plain(layer: dict[str, str], both: tuple[dict[str, str], dict[str, str]]) -> dict[str, str]:
    """Without whiteouts in a folder that one of them says to hide all that was below it, and without that mark: either
    says the same."""
    opaque = tuple(f"{os.path.dirname(path)}/" for layer in both for path in layer if path.endswith(_OPAQUE))
    return {path: line for path, line in layer.items() if line != "whiteout" or not path.startswith(opaque)}
