"""One thread for all calls, whoever asks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from builder.cache.one_thread import OneThread


def test_all_calls_run_in_the_same_thread_and_answer_who_asked() -> None:
    one = OneThread("one", lambda: None, 0)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: one.ask(lambda: (number, threading.get_ident())), range(100)))
    one.end()
    one.end()
    assert [number for number, _ in answers] == list(range(100))
    assert len({thread for _, thread in answers}) == 1
    assert threading.get_ident() not in {thread for _, thread in answers}


def test_an_error_is_raised_where_it_was_asked_and_ends_nothing() -> None:
    one = OneThread("one", lambda: None, 0)
    with pytest.raises(ZeroDivisionError):
        one.ask(lambda: 1 // 0)
    assert one.ask(lambda: 1) == 1
    one.end()


def test_later_is_called_once_after_soon_and_before_the_end() -> None:
    called: list[int] = []
    one = OneThread("one", lambda: called.append(threading.get_ident()), 3600)
    one.end()
    assert called == []
    one = OneThread("one", lambda: called.append(threading.get_ident()), 3600)
    for _ in range(3):
        one.soon()
    thread = one.ask(threading.get_ident)
    assert called == []
    one.end()
    assert called == [thread]


def test_later_comes_without_another_call() -> None:
    came = threading.Event()
    one = OneThread("one", came.set, 0.001)
    one.soon()
    assert came.wait(60)
    one.end()


def test_what_later_raises_comes_out_of_the_end_and_stops_nothing() -> None:
    one = OneThread("one", lambda: 1 // 0, 0)  # type: ignore[arg-type]
    one.soon()
    assert one.ask(lambda: 1) == 1
    with pytest.raises(ZeroDivisionError):
        one.end()
