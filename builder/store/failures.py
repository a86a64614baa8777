"""What the operating system says, as errors that name the cause."""

from __future__ import annotations

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager

from builder.errors import StoreError
from builder.model.digest import Digest

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_UNLOCKABLE = frozenset({errno.ENOLCK, errno.EOPNOTSUPP})


def store_error(error: OSError, path: str) -> StoreError:
    reason = error.strerror or str(error)
    if error.errno in FULL:
        return StoreError(
            "disk-full",
            f"no space is left for the store at {path}",
            hint="free some space, or choose another place with --root",
            retryable=True,
        )
    if error.errno in _DENIED:
        return StoreError(
            "store-denied",
            f"the store does not allow it: {_place(error, path)}: {reason}",
            hint="choose a store that you own with --root or PYBUILD_ROOT",
        )
    if error.errno in _UNLOCKABLE:
        return StoreError(
            "store-unlockable",
            f"the filesystem of {path} has no file locks: {reason}",
            hint="put the store on a local filesystem with --root or PYBUILD_ROOT",
        )
    return StoreError("store-io", f"the store cannot be used: {path}: {reason}")


def _place(error: OSError, path: str) -> str:
    """The file itself where the system has named it in full: in a store of ours it may belong to somebody else."""
    named = error.filename
    return named if isinstance(named, str) and os.path.isabs(named) else path


@contextmanager
def storing(path: str) -> Generator[None]:
    """Inside, an OSError becomes the StoreError that names its cause and `path`."""
    try:
        yield
    except OSError as error:
        raise store_error(error, path) from error


def mismatch(digest: Digest, wanted: str, actual: str) -> StoreError:
    return StoreError(
        "digest-mismatch",
        f"the content of {digest} is not what it should be: {wanted} expected, {actual} found",
        hint="it was damaged on its way or on the disk; try again",
        retryable=True,
    )
