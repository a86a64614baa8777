"""Selected files of a build context as real files, for a mount to show."""

from __future__ import annotations

import os
from collections.abc import Callable

from builder.context.select import Source as Selection
from builder.model.entry import Entry, Kind

_CHUNK = 1 << 20


def lay_out(selection: Selection, open_: Callable[[str], int], place: str) -> str:
    """Makes `place`, a directory, and returns where in it the selected file or directory stands. All belongs to us:
    to root, as the process sees it. Devices are left out where we may not make them."""
    os.mkdir(place, 0o755)
    os.chmod(place, 0o755)  # noqa: S103 - what a process of any user is to see
    if not selection.is_directory:
        target = f"{place}/{selection.name or 'file'}"
        make_entry(selection.entry, target, place, open_)
        _set_time(target, selection.entry)
        return target
    entries = [(f"{place}/{entry.path[len(selection.prefix) :]}", entry) for entry in selection.below]
    for target, entry in entries:
        link = f"{place}/{entry.link[len(selection.prefix) :]}" if entry.kind is Kind.HARDLINK else ""
        make_entry(entry, target, link, open_)
    if selection.entry.path:
        os.chmod(place, selection.entry.mode)
    set_times(place, selection)
    return place


def set_times(place: str, selection: Selection) -> None:
    """Of everything in a directory that was laid out, and of itself at last."""
    cut = len(selection.prefix)
    for entry in reversed(selection.below):
        _set_time(f"{place}/{entry.path[cut:]}", entry)
    _set_time(place, selection.entry)


def make_entry(entry: Entry, target: str, link: str, open_: Callable[[str], int]) -> None:
    match entry.kind:
        case Kind.DIRECTORY:
            os.mkdir(target)
        case Kind.SYMLINK:
            os.symlink(entry.link, target)
            return
        case Kind.HARDLINK:
            os.link(link, target, follow_symlinks=False)
            return
        case Kind.FILE:
            _copy(open_(entry.path), target)
        case Kind.FIFO:
            os.mkfifo(target)
        case _:
            if os.geteuid():
                return
            kind = 0o020000 if entry.kind is Kind.CHAR_DEVICE else 0o060000
            os.mknod(target, kind | entry.mode, os.makedev(*entry.device))
    os.chmod(target, entry.mode)
    for name, value in entry.xattrs:
        os.setxattr(target, name, value)


def _copy(source: int, target: str) -> None:
    with open(source, "rb", buffering=0) as reading, open(target, "xb", buffering=0) as writing:
        while data := reading.read(_CHUNK):
            writing.write(data)


def _set_time(target: str, entry: Entry) -> None:
    try:
        if int(os.lstat(target).st_mtime) == entry.mtime:
            return
    except FileNotFoundError:  # a device that we may not make
        return
    os.utime(target, (entry.mtime, entry.mtime), follow_symlinks=False)
