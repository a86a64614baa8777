"""A terminal that goes away and a polite kill end a command as Ctrl-C does: everything is stopped and cleaned up."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # `signal` only adds enums to it, for as much time as reading JSON takes
from collections.abc import Iterator
from contextlib import contextmanager

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_SIGNALS = (_signal.SIGTERM, _signal.SIGHUP)


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    before = {number: _signal.signal(number, _interrupt) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            _signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
