"""A finding with everything taken away that it does not need."""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz.targets.target import Input, Target

_TRIES = 400


def shrink(target: Target, given: Input, is_one: Callable[[Input], bool]) -> Input:
    """`is_one` says whether an input still shows what was found. Parts are left out, large ones first."""
    left = _TRIES
    for name in target.texts(given):
        width = max(1, len(target.texts(given)[name]) // 2)
        while left > 0:
            at, shorter = 0, False
            while at < len(text := target.texts(given)[name]) and left > 0:
                left -= 1
                tried = target.with_text(given, name, text[:at] + text[at + width :])
                if target.texts(tried)[name] != text and is_one(tried):
                    given, shorter = tried, True
                else:
                    at += width
            if width == 1 and not shorter:
                break
            width = max(1, width // 2)
    return given
