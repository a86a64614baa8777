"""Random text: pieces strung together, and real text with something done to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

_ODD = (
    "\x00",
    "\x0b",
    "\x0c",
    "\x1c",
    "\x7f",
    "\x85",
    "\xa0",
    "\u00b2",
    "\u0301",
    "\u2028",
    "\u3000",
    "\ufeff",
    "\U0001f600",
)
_LONGEST = 4000


def strung(random: Random, pieces: Sequence[str], most: int = 24) -> str:
    return "".join(
        random.choice(pieces) if random.random() < 0.95 else any_character(random)
        for _ in range(random.randint(0, most))
    )


def any_character(random: Random) -> str:
    if random.random() < 0.4:
        return chr(random.randrange(0x80))
    if random.random() < 0.7:
        return random.choice(_ODD)
    code = random.randrange(0x80, 0x30000)
    return chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd"


def changed(random: Random, text: str, pieces: Sequence[str], others: Sequence[str]) -> str:
    """`text` with one to six changes; `others` are texts to take parts of."""
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        text = random.choice(_CHANGES)(random, text, pieces, others)
    return text[:_LONGEST]


_Change = Callable[[Random, str, Sequence[str], Sequence[str]], str]


def _span(random: Random, text: str, longest: int = 12) -> tuple[int, int]:
    start = random.randint(0, len(text))
    return start, min(len(text), start + random.randint(0, longest))


def _insert(random: Random, text: str, pieces: Sequence[str], others: Sequence[str]) -> str:
    at, _ = _span(random, text)
    return text[:at] + strung(random, pieces, 3) + text[at:]


def _replace(random: Random, text: str, pieces: Sequence[str], others: Sequence[str]) -> str:
    start, end = _span(random, text)
    return text[:start] + strung(random, pieces, 3) + text[end:]


def _delete(random: Random, text: str, pieces: Sequence[str], others: Sequence[str]) -> str:
    start, end = _span(random, text)
    return text[:start] + text[end:]


def _repeat(random: Random, text: str, pieces: Sequence[str], others: Sequence[str]) -> str:
    start, end = _span(random, text)
    return text[:end] + text[start:end] * random.randint(1, 4) + text[end:]


def _move(random: Random, text: str, pieces: Sequence[str], others: Sequence[str]) -> str:
    start, end = _span(random, text)
    rest = text[:start] + text[end:]
    at = random.randint(0, len(rest))
    return rest[:at] + text[start:end] + rest[at:]


def _graft(random: Random, text: str, pieces: Sequence[str], others: Sequence[str]) -> str:
    """A part of another text, from some line's beginning more often than not."""
    other = random.choice(others) if others else ""
    start, end = _span(random, other, 60)
    start = other.rfind("\n", 0, start) + 1 if random.random() < 0.6 else start
    at, after = _span(random, text)
    return text[:at] + other[start:end] + text[after:]


def _drop_line(random: Random, text: str, pieces: Sequence[str], others: Sequence[str]) -> str:
    lines = text.split("\n")
    del lines[random.randrange(len(lines))]
    return "\n".join(lines)


_CHANGES: tuple[_Change, ...] = (_insert, _insert, _replace, _replace, _delete, _repeat, _move, _graft, _drop_line)
