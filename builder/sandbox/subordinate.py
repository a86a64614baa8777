"""The ranges of users and groups that an ordinary user may hand out in a user namespace: subuid(5), subgid(5)."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from builder.sandbox.small_files import read_text


class SubordinateRange(NamedTuple):
    first: int
    length: int


def subordinate_ranges(path: str, user: int) -> list[SubordinateRange]:
    """What the file (subuid(5)) grants to the user, by name or by number."""
    import pwd

    names = {str(user)}
    with contextlib.suppress(KeyError):
        names.add(pwd.getpwuid(user).pw_name)
    try:
        lines = read_text(path, 1 << 20).splitlines()
    except OSError:
        return []
    rows = [line.split(":") for line in lines]
    return [
        SubordinateRange(int(row[1]), int(row[2]))
        for row in rows
        if len(row) == 3 and row[0] in names and row[1].isdecimal() and row[2].isdecimal()
    ]
