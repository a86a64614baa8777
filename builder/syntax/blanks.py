"""What counts as white space. Go's unicode.IsSpace and Python's str.isspace differ (U+001C to U+001F)."""

from __future__ import annotations

import re

BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
"""For str.strip: the characters that Go's unicode.IsSpace knows."""

BLANKS = re.compile(f"[{BLANK}]+")

WORD_GAPS = re.compile("[\t\v\f\r ]+")
"""Between the words of most instructions; a no-break space is not among them."""
