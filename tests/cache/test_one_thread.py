"""One thread for all calls, whoever asks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from builder.cache.one_thread import OneThread


def test_all_calls_run_in_the_same_thread_and_answer_who_asked() -> None:
    one = OneThread("one")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: one.ask(lambda: (number, threading.get_ident())), range(100)))
    one.end()
    one.end()
    assert [number for number, _ in answers] == list(range(100))
    assert len({thread for _, thread in answers}) == 1
    assert threading.get_ident() not in {thread for _, thread in answers}


def test_an_error_is_raised_where_it_was_asked_and_ends_nothing() -> None:
    one = OneThread("one")
    with pytest.raises(ZeroDivisionError):
        one.ask(lambda: 1 // 0)
    assert one.ask(lambda: 1) == 1
    one.end()
