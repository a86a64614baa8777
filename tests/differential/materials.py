"""From a description in JSON to real files, and to archives of them.

A description maps paths to what stands there. A text is a regular file; a path with a trailing slash is a directory;
otherwise an object, with one of

    "text": str | "base64": str | "zeros": int     a regular file
    "sparse": int                                  the same as zeros, without a block on the disk
    "symlink": target | "hardlink": other path | "fifo": true | "socket": true |
    "device": "c 1 3"
    "tar": [member, ...]                           an archive; a member is such an object with a "name", or also
                                                   with "directory": true

and any of "mode" (octal text), "owner" ("1:2"), "xattrs" ({name: text}), "mtime" (seconds), and for archives
"compress" (gz, bz2, xz, zst), "format" (gnu, pax, ustar), "poke" ({offset: text} that is written over it), "append"
(text after it), "cut" (bytes to keep of what comes out). Names are surrogate escapes where they are not UTF-8.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import os
import socket
import stat
import tarfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import zstandard

Description = Mapping[str, Any]

_FORMATS = {"gnu": tarfile.GNU_FORMAT, "pax": tarfile.PAX_FORMAT, "ustar": tarfile.USTAR_FORMAT}


def _gzip(data: bytes) -> bytes:
    """The same bytes from every Python: since 3.13 it does not say any more that this is a Unix (RFC 1952, OS)."""
    packed = gzip.compress(data, mtime=0)
    return packed[:9] + b"\3" + packed[10:]


_COMPRESSORS: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "gz": _gzip,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


def compressed(data: bytes, how: str) -> bytes:
    """`how` is `gz`, `bz2`, `xz`, `zst` or `none`."""
    compress: Callable[[bytes], bytes] = _COMPRESSORS["" if how == "none" else how]
    return compress(data)


def make_files(folder: str, description: Description) -> None:
    """Makes what is described below `folder`, in the order of the description."""
    for path, what in description.items():
        details = {"text": what} if isinstance(what, str) else what
        place = os.path.join(folder, path.rstrip("/"))
        os.makedirs(place if path.endswith("/") else os.path.dirname(place), exist_ok=True)
        if not path.endswith("/"):
            _make(folder, place, details)
        _adorn(place, details)
    for path, what in reversed(list(description.items())):  # last: what is put into a directory changes its time, and
        if path.endswith("/") and "mtime" in what:
            os.utime(os.path.join(folder, path), (what["mtime"], what["mtime"]))
        if path.endswith("/") and "mode" in what:  # it may be closed to an ordinary user
            os.chmod(os.path.join(folder, path), int(what["mode"], 8))


def _make(folder: str, place: str, details: Description) -> None:
    if "symlink" in details:
        os.symlink(details["symlink"], place)
    elif "hardlink" in details:
        os.link(os.path.join(folder, details["hardlink"]), place, follow_symlinks=False)
    elif "fifo" in details:
        os.mkfifo(place)
    elif "socket" in details:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(place)
    elif "device" in details:
        kind, major, minor = details["device"].split()
        os.mknod(place, 0o600 | (stat.S_IFCHR if kind == "c" else stat.S_IFBLK), os.makedev(int(major), int(minor)))
    else:
        with open(place, "wb") as file:
            file.write(_content(details))
            file.truncate(details.get("sparse"))


def _content(details: Description) -> bytes:
    if "tar" in details:
        data = tar_of(details["tar"], details.get("format", "gnu"))
        for offset, written in details.get("poke", {}).items():
            data = data[: int(offset)] + written.encode() + data[int(offset) + len(written) :]
        data += details.get("append", "").encode()
        return _COMPRESSORS[details.get("compress", "")](data)[: details.get("cut")]
    if "zeros" in details:
        return bytes(details["zeros"])
    if "sparse" in details:
        return b""
    if "base64" in details:
        return base64.b64decode(details["base64"])
    text: str = details["text"]
    return text.encode()


def _adorn(place: str, details: Description) -> None:
    if "owner" in details:
        uid, _, gid = details["owner"].partition(":")
        os.chown(place, int(uid), int(gid), follow_symlinks=False)
    if "mode" in details:
        os.chmod(place, int(details["mode"], 8))
    for name, value in details.get("xattrs", {}).items():
        os.setxattr(place, name, value.encode(), follow_symlinks=False)
    if "mtime" in details:
        os.utime(place, (details["mtime"], details["mtime"]), follow_symlinks=False)


def tar_of(members: Sequence[Description], format_: str = "gnu") -> bytes:
    """An archive with these members in this order, however odd their names are."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=_FORMATS[format_], errors="surrogateescape") as archive:
        for details in members:
            data = _content(details) if {"text", "zeros", "base64"} & details.keys() else b""
            archive.addfile(_header(details, len(data)), io.BytesIO(data))
    return buffer.getvalue()


def _header(details: Description, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(details["name"])
    header.size, header.mtime = size, details.get("mtime", 1_000_000_000)
    uid, _, gid = details.get("owner", "0:0").partition(":")
    header.uid, header.gid = int(uid), int(gid)
    header.mode = int(details.get("mode", "0755" if "directory" in details else "0644"), 8)
    if "directory" in details:
        header.type = tarfile.DIRTYPE
    elif "symlink" in details:
        header.type, header.linkname = tarfile.SYMTYPE, details["symlink"]
    elif "hardlink" in details:
        header.type, header.linkname = tarfile.LNKTYPE, details["hardlink"]
    elif "fifo" in details:
        header.type = tarfile.FIFOTYPE
    elif "device" in details:
        kind, major, minor = details["device"].split()
        header.type = tarfile.CHRTYPE if kind == "c" else tarfile.BLKTYPE
        header.devmajor, header.devminor = int(major), int(minor)
    header.pax_headers = {f"SCHILY.xattr.{name}": value for name, value in details.get("xattrs", {}).items()}
    return header
