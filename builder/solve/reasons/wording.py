"""Values and words in one line."""

from __future__ import annotations

from builder.model.secret_names import sounds_secret

_LONGEST = 60
_REGIONS = 3
_MOST = 1 << 20
"""So many pairs of words are compared."""


def shown(value: object, limit: int = _LONGEST) -> str:
    if value is None:
        return "(unset)"
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def change(old: object, new: object) -> str:
    """`1.2 -> 1.3`; of long texts the part that differs."""
    before, after = shown(old, 10_000), shown(new, 10_000)
    if max(len(before), len(after)) <= _LONGEST:
        return f"{before or '(empty)'} -> {after or '(empty)'}"
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    start = max(start - 10, 0)
    lead = "…" if start else ""
    return f"{lead}{shown(before[start:])} -> {lead}{shown(after[start:])}"


def variable_change(name: str, old: object, new: object) -> str:
    """`VERSION: 1.2 -> 1.3`."""
    if sounds_secret(name):
        return f"{name}: {'set' if old is None else 'unset' if new is None else 'another value (not shown)'}"
    return f"{name}: {change(old, new)}"


def words_change(old: str, new: str) -> str:
    """The words that differ: `test -> check`, `--verbose added`, `-q removed`."""
    from difflib import SequenceMatcher

    before, after = _without_common_ends(old.split(), new.split())
    if len(before) * len(after) > _MOST:
        return change(before, after)
    regions = []
    for tag, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        removed, added = shown(before[i:j]), shown(after[k:m])
        if tag == "replace":
            regions.append(f"{removed} -> {added}")
        elif tag == "delete":
            regions.append(f"{removed} removed")
        elif tag == "insert":
            regions.append(f"{added} added")
    more = f" and {len(regions) - _REGIONS} more" if len(regions) > _REGIONS else ""
    return ", ".join(regions[:_REGIONS]) + more


def _without_common_ends(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    length = min(len(old), len(new))
    start = next((n for n in range(length) if old[n] != new[n]), length)
    end = next((n for n in range(length - start) if old[-1 - n] != new[-1 - n]), length - start)
    return old[start : len(old) - end], new[start : len(new) - end]
