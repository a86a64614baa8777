"""`--chown` and USER as owners of files: numbers, or names looked up in the image's own passwd and group."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

ReadFile = Callable[[str], bytes | None]
"""The content of a file of the image by its path, None where there is none."""

PASSWD = "etc/passwd"  # noqa: S105 - a path
GROUP = "etc/group"


class Owner(NamedTuple):
    uid: int
    gid: int


def needs_names(text: str) -> bool:
    """Whether `text` (`user[:group]`) can only be understood with the image's passwd or group."""
    user, _, group = text.partition(":")
    return not user.isdecimal() or (bool(group) and not group.isdecimal())


def parse_owner(text: str, read: ReadFile) -> Owner:
    """`N` alone is N:N; a name alone takes its group from passwd; a name that is not there is 0, as BuildKit has it."""
    user, colon, group = text.partition(":")
    if user.isdecimal():
        uid = gid = int(user)
    else:
        uid, gid = _look_up(read(PASSWD), user, (2, 3)) or (0, 0)
    if colon:
        gid = int(group) if group.isdecimal() else (_look_up(read(GROUP), group, (2, 2)) or (0, 0))[0]
    return Owner(uid, gid)


def _look_up(data: bytes | None, name: str, columns: tuple[int, int]) -> tuple[int, int] | None:
    """Two numeric columns of the line that begins with `name`."""
    for line in (data or b"").decode("utf-8", "surrogateescape").splitlines():
        fields = line.split(":")
        if fields[0] == name and name and len(fields) > max(columns):
            first, second = (fields[column] for column in columns)
            if first.isdecimal() and second.isdecimal():
                return int(first), int(second)
    return None
