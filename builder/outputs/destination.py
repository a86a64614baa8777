"""Destinations that are whole or untouched."""

from __future__ import annotations

import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from builder.errors import OutputError, UsageError
from builder.outputs.types import STDOUT


def check_destination(dest: str, stdout_fd: int) -> None:
    """Raises UsageError or OutputError for what can be told before there is anything to write: `-` is a terminal, or
    the directory of `dest` is not there."""
    if dest != STDOUT:
        with _failing(dest):
            os.stat(os.path.dirname(dest) or ".")
    elif os.isatty(stdout_fd):
        raise UsageError("terminal", "an archive is not written to a terminal", hint="redirect it, or name a file")


@contextmanager
def open_destination(dest: str, stdout_fd: int) -> Generator[BinaryIO]:
    """A file to write an archive to. At the end of the block it stands at `dest`, complete; after an error `dest` is
    as it was. `-` is standard output, unless that is a terminal."""
    check_destination(dest, stdout_fd)
    if dest == STDOUT:
        with _failing("standard output"), open(stdout_fd, "wb", closefd=False) as file:
            yield file
        return
    with _failing(dest):
        if _is_special(dest):
            with open(dest, "wb") as file:
                yield file
        else:
            with _replacing(dest) as file:
                yield file


def write_whole(path: str, data: bytes) -> None:
    """A small file, atomically."""
    with _failing(path), _replacing(path) as file:
        file.write(data)


@contextmanager
def _replacing(path: str) -> Generator[BinaryIO]:
    folder, name = os.path.split(os.path.abspath(path))
    temporary = os.path.join(folder, f".{name[:200]}.{os.urandom(6).hex()}")
    try:
        with open(temporary, "xb") as file:
            yield file
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


@contextmanager
def _failing(path: str) -> Generator[None]:
    """Inside, an OSError becomes the OutputError that names the cause."""
    try:
        yield
    except OSError as error:
        hint = "make the directory first" if isinstance(error, FileNotFoundError) else None
        message = f"{path} cannot be written: {error.strerror or error}"
        raise OutputError("output-failed", message, hint=hint) from error


def _is_special(path: str) -> bool:
    """A device or a pipe is written to, not replaced."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except FileNotFoundError:
        return False
