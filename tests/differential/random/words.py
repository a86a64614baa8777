"""Words with variables, quotes and escapes in them."""

from __future__ import annotations

from random import Random

NAMES = ("A", "B", "C", "LONG_name", "_u1", "UNSET", "PATH", "HOME", "TARGETARCH", "TARGETSTAGE")
_PLAIN = ("x", "foo", "a/b", "aXbXc", "foo.tar.gz", "1", "", "é", "-", "a b", "a=b", "*", "?", "[a]", "k.v")
_PATTERNS = ("x", "*", "f*", "*o", "?", "a*X", "*X", ".gz", "o", "[a]", "/", "a/")
_QUOTED = ("'x y'", '"x y"', "'$A'", '"$A"', "\\$A", "\\\\", "\\x", '"\\""', "'\\'", "\\'", '\\"', "\\ ")


def value(random: Random, depth: int = 2) -> str:
    """A word: without a blank outside of quotes, so that it is one word for every instruction."""
    return "".join(_piece(random, depth) for _ in range(random.choice((1, 1, 2, 2, 3))))


def name(random: Random) -> str:
    return random.choice(NAMES[:5])


def _piece(random: Random, depth: int) -> str:
    kind = random.random()
    if kind < 0.3:
        return random.choice(_PLAIN).replace(" ", "\\ ")
    if kind < 0.45:
        return random.choice(_QUOTED)
    if kind < 0.65 or not depth:
        variable = random.choice(NAMES)
        return random.choice((f"${variable}", f"${{{variable}}}"))
    return _substitution(random, depth - 1)


def _substitution(random: Random, depth: int) -> str:
    variable = random.choice(NAMES)
    kind = random.random()
    if kind < 0.03:
        return random.choice(("${PATH:?m}", "${PATH?$A}", "${UNSET?}", "${A:?m}"))
    if kind < 0.5:
        operator = random.choice((":-", "-", ":+", "+"))
        inner = value(random, depth) if depth else random.choice(_PLAIN).replace(" ", "\\ ")
        return f"${{{variable}{operator}{inner}}}"
    pattern = random.choice(_PATTERNS)
    if kind < 0.8:
        return f"${{{variable}{random.choice(('#', '##', '%', '%%'))}{pattern}}}"
    slash = random.choice(("/", "//"))
    return f"${{{variable}{slash}{pattern.replace('/', chr(92) + '/')}/{random.choice(('', 'r', '$B', 'a/b'))}}}"
