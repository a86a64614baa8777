"""Whether work grows with its input, found by repeating a part of it."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from types import FrameType

from tests.fuzz.targets.target import Input, Target

SECONDS = 10.0
"""Of the process's own time; a single input that takes longer is a finding."""
_SIZE = 1500
_RATIO = 3.0
_WORTH_A_LOOK = 0.02


class TooSlowError(Exception):
    """An input took longer than SECONDS."""


@contextmanager
def limited() -> Iterator[None]:
    def stop(_: int, __: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def grown(random: Random, target: Target, given: Input, size: int) -> Input:
    """A part of one of the input's texts, repeated until that text is about `size` long."""
    texts = {name: text for name, text in target.texts(given).items() if text}
    if not texts:
        return given
    name = random.choice(sorted(texts))
    text = texts[name]
    start = random.randrange(len(text))
    end = min(len(text), start + random.choice((1, 2, 4, 8, 30)))
    return target.with_text(given, name, text[:end] + text[start:end] * (size // (end - start)) + text[end:])


def grows_too_fast(target: Target, given: Input, seed: str) -> bool:
    """Twice the size taking three times the time, twice running, in the best of three measurements."""

    def seconds(factor: int) -> float:
        return _seconds(target, grown(Random(seed), target, given, factor * _SIZE))

    if seconds(4) < _WORTH_A_LOOK:
        return False
    first, second, third = (min(seconds(factor) for _ in range(3)) for factor in (1, 2, 4))
    return second > _RATIO * first and third > _RATIO * second


def _seconds(target: Target, given: Input) -> float:
    start = time.process_time()
    with limited():
        target.answer(given)
    return time.process_time() - start
