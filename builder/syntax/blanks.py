"""White space and letter case as Go knows them; Python's differ in both."""

from __future__ import annotations

import re

BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""The characters of unicode.IsSpace, for str.strip (str.isspace also has U+001C to U+001F)."""

BLANKS = re.compile(f"[{BLANK}]+")

WORD_GAPS = re.compile("[\t\v\f\r ]+")
"""Between the words of most instructions; a no-break space is not among them."""

_LOWER = str.maketrans({"\u0130": "i"})


def lower(text: str) -> str:
    """strings.ToLower: letter by letter, so that `İ` is one `i` (Python adds a dot above)."""
    return text.lower() if text.isascii() else text.translate(_LOWER).lower()


def upper(text: str) -> str:
    """strings.ToUpper: a letter whose upper case is several letters stays as it is."""
    if text.isascii():
        return text.upper()
    return "".join(big if len(big := character.upper()) == 1 else character for character in text)
