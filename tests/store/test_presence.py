from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest

from builder.store.presence import Presence


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "lock")


def opened(path: str) -> Presence:
    presence = Presence(path)
    presence.begin()
    return presence


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A file that was used last a day ago."""
    path = tmp_path / "file"
    path.write_text("")
    os.utime(path, (1, 1))
    return str(path)


def test_the_oldest_of_the_others_is_the_horizon(path: str) -> None:
    first, second, third = opened(path), opened(path), opened(path)
    assert first.since_ns <= second.since_ns <= third.since_ns
    assert third.horizon() <= first.since_ns
    first.end()
    assert third.horizon() <= second.since_ns
    second.end()
    assert third.horizon() > third.since_ns, "what is ours holds nobody up but us"
    first.end()


def test_what_is_kept_is_stamped_and_never_earlier_than_the_horizon(path: str, file: str) -> None:
    user, pruner = opened(path), opened(path)
    assert os.stat(file).st_mtime_ns < pruner.horizon()
    assert user.keep(file)
    assert os.stat(file).st_mtime_ns == user.since_ns >= pruner.horizon()
    assert not user.keep(f"{file}.gone")
    user.end()
    assert os.stat(file).st_mtime_ns < pruner.horizon()


def test_stamping_waits_for_moving(path: str, file: str) -> None:
    from threading import Thread

    user, pruner = opened(path), opened(path)
    kept: list[bool] = []
    thread = Thread(target=lambda: kept.append(user.keep(file)))
    with pruner.moving():
        thread.start()
        os.unlink(file)
    thread.join()
    assert kept == [False]


def test_where_there_are_no_such_locks_nothing_counts_as_unused(
    path: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> bytes:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    monkeypatch.setattr(fcntl, "fcntl", refuse)
    presence = opened(path)
    assert presence.keep(file)
    assert presence.horizon() == 0
