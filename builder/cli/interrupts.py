"""A terminal that goes away and a polite kill end a command as Ctrl-C does: everything is stopped and cleaned up."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found] # `signal` only adds enums to it, for as much time as reading JSON takes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_SIGNALS = (_signal.SIGTERM, _signal.SIGHUP)
_ALL = (*_SIGNALS, _signal.SIGINT)


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    with _handled(_SIGNALS, _interrupt):
        yield


@contextmanager
def uninterrupted() -> Iterator[None]:
    """For the short work of leaving things in order: who is impatient may still send SIGKILL."""
    with _handled(_ALL, _signal.SIG_IGN):
        yield


@contextmanager
def _handled(numbers: Sequence[int], handler: object) -> Iterator[None]:
    before = {number: _signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, earlier in before.items():
            _signal.signal(number, earlier)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
