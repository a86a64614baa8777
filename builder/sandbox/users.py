"""Who `USER` means, by the image's own /etc/passwd and /etc/group, with the rules of runc and BuildKit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from builder.errors import StepError
from builder.sandbox.small_files import read_text

_MAX_BYTES = 10 << 20
_MAX_ID = (1 << 31) - 1


class Identity(NamedTuple):
    uid: int
    gid: int
    groups: tuple[int, ...]
    """Supplementary ones; the primary one is always among them."""
    home: str


def look_up(
    user: str, more_groups: Sequence[str] = (), users_file: str = "/etc/passwd", groups_file: str = "/etc/group"
) -> Identity:
    """`user[:group]`, names or numbers; empty is root. The paths are those of the image's files; they may not exist.

    A number needs no entry. A user with an entry brings its group and, unless a group is given, those that list it.
    """
    name, _, group = user.partition(":")
    wanted = name or "0"
    entry = _user_entry(wanted, users_file)
    uid = int(entry[2]) if entry else _number(wanted)
    if uid is None:
        raise _unknown("user", name)
    gid = int(entry[3]) if entry else 0
    home = (entry[5] if entry else "") or "/"
    groups: tuple[int, ...] = ()
    if group:
        gid = _group_id(group, groups_file)
    elif entry:
        groups = tuple(int(fields[2]) for fields in _lines(groups_file, 4) if entry[0] in fields[3].split(","))
    groups = tuple(dict.fromkeys((*groups, *(_group_id(name, groups_file) for name in more_groups))))
    return Identity(uid, gid, groups if gid in groups else (gid, *groups), home)


def _user_entry(wanted: str, users_file: str) -> list[str] | None:
    number = _number(wanted)
    for fields in _lines(users_file, 6):
        if not fields[3].isdecimal():
            continue
        if fields[0] == wanted if number is None else int(fields[2]) == number:
            return fields
    return None


def _group_id(wanted: str, groups_file: str) -> int:
    number = _number(wanted)
    if number is not None:
        return number
    for fields in _lines(groups_file, 3):
        if fields[0] == wanted:
            return int(fields[2])
    raise _unknown("group", wanted)


def _number(text: str) -> int | None:
    if not (text.isascii() and text.isdecimal()):
        return None
    number = int(text)
    if number > _MAX_ID:
        raise StepError("bad-user", f"user or group number {text} is too large", hint=f"the largest is {_MAX_ID}")
    return number


def _lines(path: str, least: int) -> list[list[str]]:
    """The entries with at least `least` fields and a number in the third; none where there is no regular file."""
    try:
        text = read_text(path, _MAX_BYTES)
    except OSError:
        return []
    entries = (line.strip().split(":") for line in text.split("\n") if not line.startswith("#"))
    return [fields for fields in entries if len(fields) >= least and fields[2].isdecimal()]


def _unknown(what: str, name: str) -> StepError:
    return StepError(
        f"unknown-{what}",
        f"unable to find {what} {name}: no matching entries in the image's /etc/{'passwd' if what == 'user' else what}",
        hint=f"create the {what} in an earlier RUN, or use its number",
    )
