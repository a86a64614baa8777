"""`--chown` and USER as owners of files: numbers, or names looked up in the image's own passwd and group."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from builder.errors import StepError

ReadFile = Callable[[str], bytes | None]
"""The content of a file of the image by its path, None where there is none."""

_LIMIT = 1 << 31
_UNCHANGED = (1 << 32) - 1
"""What chown(2) takes for "leave it": a file that was just made is root's."""
PASSWD = "etc/passwd"  # noqa: S105 - a path
GROUP = "etc/group"


class Owner(NamedTuple):
    uid: int
    gid: int


def parse_owner(text: str, read: ReadFile | None) -> Owner:
    """As BuildKit has it: `N` alone is N:N; a name alone takes its group from passwd; a user that is not there is 0, a
    group that is not there leaves the group as it would be without.

    `read` is None where no file system is below, as for `--link` and at the beginning of a scratch stage: then names
    are an error, StepError `no-users`.
    """
    user, colon, group = text.partition(":")
    number = _number(user)
    uid, gid = (number, number) if number is not None else _look_up(PASSWD, user, (2, 3), read) or (0, 0)
    if colon:
        number = _number(group)
        gid = number if number is not None else (_look_up(GROUP, group, (2, 2), read) or (gid,))[0]
    return Owner(_kept(uid), _kept(gid))


def _kept(number: int) -> int:
    return 0 if number & _UNCHANGED == _UNCHANGED else number & _UNCHANGED


def _number(text: str) -> int | None:
    """None for a name that has to be looked up; what does not fit into 32 bits with a sign is a name."""
    if text in ("", "root"):
        return 0
    number = _decimal(text)
    return number if number is not None and -_LIMIT <= number < _LIMIT else None


def _decimal(text: str) -> int | None:
    digits = text[1:] if text[:1] in ("+", "-") else text
    if not (digits.isascii() and digits.isdecimal()) or len(digits.lstrip("0")) > 18:
        return None
    return int(text[:1].strip("+0123456789") + (digits.lstrip("0") or "0"))


def _look_up(path: str, name: str, columns: tuple[int, int], read: ReadFile | None) -> tuple[int, int] | None:
    """Two numeric columns of the line that begins with `name`; what is no number there is 0."""
    if read is None:
        raise StepError(
            "no-users",
            f"the name {name!r} cannot be looked up: there is no file system below this step",
            hint="write the number, or leave --link away: an independent layer has no /etc/passwd",
        )
    for line in (read(path) or b"").decode("utf-8", "surrogateescape").split("\n"):
        fields = line.strip().split(":")
        if fields[0] == name and not (path == GROUP and name.startswith("#")):
            first, second = (_decimal(fields[at]) if at < len(fields) else 0 for at in columns)
            return first or 0, second or 0
    return None
