"""Transfers side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

AT_ONCE = 4
"""Transfers at a time: what docker and BuildKit allow against one registry, about."""


def side_by_side(work: Callable[[_T], _R], items: Iterable[_T], stop: Callable[[], None] = lambda: None) -> list[_R]:
    """What `work` returns for each item, in their order. The first failure, or an interrupt, is raised when all that
    had begun have ended; `stop` is called before that, to hurry them up."""
    todo = list(items)
    if len(todo) <= 1:
        return [work(item) for item in todo]
    from concurrent.futures import Future, ThreadPoolExecutor, as_completed

    with ThreadPoolExecutor(min(AT_ONCE, len(todo)), thread_name_prefix="transfer") as pool:
        futures: list[Future[_R]] = []
        try:
            futures += [pool.submit(work, item) for item in todo]
            for future in as_completed(futures):
                future.result()
        except BaseException:
            for future in futures:
                future.cancel()
            stop()
            raise
        return [future.result() for future in futures]
