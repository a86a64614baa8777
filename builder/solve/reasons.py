"""Why a step missed: its key's parts against those of the nearest earlier record of the same step, in one line."""

from __future__ import annotations

from collections.abc import Callable

from builder.solve.types import Cause, Parts, Record

DescribeContent = Callable[[str, object, object], str]
"""Says what differs between two values of a content part, e.g. `1 file changed: src/app.py (content)`; given the
part's name, the old and the new value. Empty where it cannot tell."""

FIRST_BUILD = Cause("first", "no earlier build of this step here")
DISABLED = Cause("disabled", "cache disabled by --no-cache")
LOST = Cause("lost", "the layer of the earlier build is gone")

_FIXED = {
    "format": "this version keeps its cache in another form",
    "kind": "instruction changed",
    "parent": "an earlier step made other files",
}
_WORD_PARTS = {"argv": "command", "cwd": "working directory", "dest": "destination", "path": "directory"}


def causes_of_miss(parts: Parts, nearest: Record | None, describe: DescribeContent) -> tuple[Cause, ...]:
    """What explains the miss; never empty."""
    if nearest is None:
        return (FIRST_BUILD,)
    old = nearest.parts
    changed = [name for name in sorted(set(parts) | set(old)) if parts.get(name) != old.get(name)]
    if not changed:
        return (LOST,)
    ordered = sorted(changed, key=lambda name: (_RANK.get(name, 1), name))
    return tuple(Cause(name, _difference(name, old.get(name), parts.get(name), describe)) for name in _leading(ordered))


_RANK = {"format": -2, "kind": -1, "parent": 2}
"""The parent is named last: it is often the consequence of something that another step's line already says."""


def _leading(names: list[str]) -> list[str]:
    own = [name for name in names if name != "parent"]
    return own or names


def _difference(name: str, old: object, new: object, describe: DescribeContent) -> str:
    if name in _FIXED:
        return _FIXED[name]
    if name == "env":
        return _environment(old, new)
    if name == "epoch":
        return f"SOURCE_DATE_EPOCH: {_shown(old)} -> {_shown(new)}"
    if name in _WORD_PARTS:
        return f"{_WORD_PARTS[name]} changed: {_shown(old)} -> {_shown(new)}"
    return describe(name, old, new) or f"{name} changed: {_shown(old)} -> {_shown(new)}"


def _environment(old: object, new: object) -> str:
    before, after = _pairs(old), _pairs(new)
    for name in sorted(set(before) | set(after)):
        if before.get(name) != after.get(name):
            return f"{name}: {_shown(before.get(name))} -> {_shown(after.get(name))}"
    return "order of the environment changed"


def _pairs(value: object) -> dict[str, str]:
    return {str(pair[0]): str(pair[1]) for pair in value} if isinstance(value, (list, tuple)) else {}


def _shown(value: object, limit: int = 60) -> str:
    if value is None:
        return "(none)"
    text = " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    text = text.replace("\n", " ")
    return text if len(text) <= limit else text[: limit - 1] + "…"
