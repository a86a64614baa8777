"""`--chown` and USER as owners of files: numbers, or names looked up in the image's own passwd and group."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

ReadFile = Callable[[str], bytes | None]
"""The content of a file of the image by its path, None where there is none."""

_MAX_ID = (1 << 31) - 1
PASSWD = "etc/passwd"  # noqa: S105 - a path
GROUP = "etc/group"


class Owner(NamedTuple):
    uid: int
    gid: int


def parse_owner(text: str, read: ReadFile) -> Owner:
    """As BuildKit has it: `N` alone is N:N; a name alone takes its group from passwd; a user that is not there is 0, a
    group that is not there leaves the group as it would be without."""
    user, colon, group = text.partition(":")
    number = _number(user)
    uid, gid = (number, number) if number is not None else _look_up(read(PASSWD), user, (2, 3)) or (0, 0)
    if colon:
        number = _number(group)
        gid = number if number is not None else (_look_up(read(GROUP), group, (2, 2)) or (gid,))[0]
    return Owner(uid, gid)


def _number(text: str) -> int | None:
    """None for a name that has to be looked up. What does not fit into 31 bits is a name."""
    if text in ("", "root"):
        return 0
    digits = text.lstrip("0") or "0"
    if not (text.isascii() and text.isdecimal()) or len(digits) > len(str(_MAX_ID)) or int(digits) > _MAX_ID:
        return None
    return int(digits)


def _look_up(data: bytes | None, name: str, columns: tuple[int, int]) -> tuple[int, int] | None:
    """Two numeric columns of the line that begins with `name`."""
    for line in (data or b"").decode("utf-8", "surrogateescape").splitlines():
        fields = line.split(":")
        if fields[0] == name and name and len(fields) > max(columns):
            first, second = (fields[column] for column in columns)
            if first.isdecimal() and second.isdecimal():
                return int(first), int(second)
    return None
