"""Which heredocs a line opens (BuildKit's heredocsFromLine). The escape of their words is always a backslash."""

from __future__ import annotations

import re

from builder.errors import BuildfileError
from builder.syntax.evaluate import Policy
from builder.syntax.expand import split_words
from builder.syntax.faults import shown
from builder.syntax.lines import Opening
from builder.syntax.text import replace_bad

_WORD = re.compile(r"(?P<fd>[0-9]*)<<(?P<chomp>-?)[\t\n\f\r ]*(?P<rest>[^<]*)\Z")
_LINE = Policy(keep_quotes=True, keep_escapes=True, keep_unset=True)
_QUOTED = Policy(keep_quotes=True, keep_unset=True)
_PLAIN = Policy(keep_unset=True)
_MAX_FD = 2**64 - 1


def find_openings(line: str) -> tuple[Opening, ...]:
    """The heredocs of a whole logical line, in order. A line whose quotes do not match has none."""
    if "<<" not in line:
        return ()
    try:
        words = split_words(line, {}, _LINE)
    except BuildfileError:
        return ()
    return tuple(opening for word in words if (opening := read_opening(word)) is not None)


def read_opening(word: str) -> Opening | None:
    """`<<NAME` and its kin, or None. A quote anywhere in the name says that the body is not to be expanded."""
    found = _WORD.match(replace_bad(word))
    if found is None or not found["rest"]:
        return None
    names = split_words(found["rest"], {}, _PLAIN)
    if len(names) != 1:
        return None
    quoted = split_words(found["rest"], {}, _QUOTED)
    if len(quoted) != 1:
        raise BuildfileError("heredoc-word", f"the heredoc's name cannot be read: {shown(word)}")
    expand = _quotes(names[0]) == _quotes(quoted[0])
    fd = found["fd"].lstrip("0")
    return Opening(names[0], expand, bool(found["chomp"]), min(int(fd or 0), _MAX_FD) if len(fd) <= 20 else _MAX_FD)


def opening_or_none(word: str) -> Opening | None:
    """As `read_opening`; a word that cannot be read is a plain word."""
    try:
        return read_opening(word)
    except BuildfileError:
        return None


def _quotes(word: str) -> int:
    return word.count("'") + word.count('"')
