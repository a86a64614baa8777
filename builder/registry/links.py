"""The Link header (RFC 8288, section 3)."""

from __future__ import annotations

import re

_TARGET = re.compile(r"[^<]*<([^<>]*)>")
_PARAMETER = re.compile(r'\s*;\s*([^\s=;,"<]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"<]*)))?')


def next_link(header: str) -> str:
    """The target of the first link with the relation `next`; empty where there is none."""
    position = 0
    while target := _TARGET.match(header, position):
        position, is_next = target.end(), False
        while parameter := _PARAMETER.match(header, position):
            position = parameter.end()
            value = parameter[2] if parameter[2] is not None else parameter[3] or ""
            if parameter[1].lower() == "rel":
                is_next = "next" in value.strip("'").lower().split()
        if is_next:
            return target[1]
    return ""
