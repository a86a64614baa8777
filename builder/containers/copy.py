"""Files between a container and this machine, with docker's rules of where what goes.

What runs is visited through its own root, with all that is mounted there; what does not is mounted for the visit.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from tarfile import TarError
from typing import Any, BinaryIO, NamedTuple

from builder.containers.client import ask
from builder.containers.hold import hold_stopped
from builder.containers.records import state_of
from builder.containers.start import prepare, run_spec
from builder.containers.tools import Tools
from builder.containers.types import Container
from builder.errors import StoreError, UsageError
from builder.sandbox.visit import Into, destination, unpack_tree, write_tree
from builder.sandbox.worker import Call

_STREAM = "-"
_KIND_AT, _FOLDER = 156, ord("5")
"""The byte of a tar header that tells what kind of entry it is."""


class Manner(NamedTuple):
    keep_owner: bool = False
    follow: bool = False


def copy_out(container: Container, path: str, local: str, tools: Tools, manner: Manner) -> None:
    """`path` of the container to a path of this machine, or as a tar to standard output."""
    name = _name(path)
    args: dict[str, Any] = {"path": _absolute(path), "follow": manner.follow}
    args["name"] = (name or ".") if local == _STREAM else "."
    with _visiting(container, tools) as (more, fds):
        if local == _STREAM:
            tools.worker().call("visit", args | more, [1, *fds])
            return
        reading, writing = os.pipe()
        with open(reading, "rb") as tar:
            try:
                call = tools.worker().begin("visit", args | more, [writing, *fds])
            finally:
                os.close(writing)
            first = tar.peek(512)
            if not first:
                call.result()
            with _canceled_on_failure(call, local):
                try:
                    target = destination(local, name, is_folder=first[_KIND_AT] == _FOLDER)
                    unpack_tree(tar, target, keep_owner=manner.keep_owner)
                except TarError as error:
                    call.result()  # which says why what came is not whole
                    raise StoreError("copy-failed", f"{path}: what came is not whole") from error
            call.result()


@contextmanager
def _canceled_on_failure(call: Call, local: str) -> Generator[None]:
    """The job at the other end of a pipe, when this end fails."""
    try:
        yield
    except BaseException as error:
        call.cancel()
        if isinstance(error, OSError):
            raise StoreError("copy-failed", f"{error.filename or local}: {error.strerror}") from error
        raise


def copy_in(local: str, container: Container, path: str, tools: Tools, manner: Manner) -> None:
    """A path of this machine, or a tar on standard input, to `path` of the container. What comes is root's, unless its
    owner is kept."""
    args: dict[str, Any] = {"path": _absolute(path)}
    with _visiting(container, tools) as (more, fds):
        if local == _STREAM:
            args["into"] = Into("", is_folder=True, keep_owner=True, archive=True)
            tools.worker().call("visit", args | more, [0, *fds])
            return
        source = os.path.realpath(local) if manner.follow or local.endswith(("/", "/.")) else os.path.abspath(local)
        if not os.path.lexists(source):
            raise UsageError("no-such-file", f"there is no {local}")
        is_folder = os.path.isdir(source) and not os.path.islink(source)
        if local.endswith(("/", "/.")) and not is_folder:
            raise UsageError("not-a-folder", f"{local} is no folder")
        args["into"] = Into(_name(local), is_folder, manner.keep_owner)
        reading, writing = os.pipe()
        try:
            call = tools.worker().begin("visit", args | more, [reading, *fds])
        finally:
            os.close(reading)
        with _canceled_on_failure(call, local):
            _write(source, writing)
        call.result()


def _write(source: str, fd: int) -> None:
    """A job that has failed reads no more: its own error says why."""
    with suppress(BrokenPipeError):
        file: BinaryIO = open(fd, "wb")  # noqa: SIM115 - closing may fail too
        try:
            write_tree(source, ".", file)
        finally:
            file.close()


def _name(path: str) -> str:
    """What is copied is called so, where it goes into a folder; empty: only its entries go there."""
    return "" if path.endswith("/.") or path == "." else os.path.basename(os.path.normpath(path))


def _absolute(path: str) -> str:
    """docker's: paths of a container begin at its root."""
    return path if path.startswith("/") else f"/{path}"


@contextmanager
def _visiting(container: Container, tools: Tools) -> Generator[tuple[dict[str, Any], list[int]]]:
    """What the job needs to find the root: a descriptor of it, or how to mount it; then nobody starts it meanwhile."""
    with ExitStack() as opened:
        while (lock := hold_stopped(tools.store, container.id)) is None:
            try:
                sock, fds = ask(tools.store, container.id, container.name, {"do": "root"})
            except StoreError:
                if state_of(tools.store, container.id).running:
                    raise
                continue  # it has ended meanwhile
            sock.close()
            for fd in fds:
                opened.callback(os.close, fd)
            yield {}, fds
            return
        opened.callback(lock.release)
        yield {"spec": run_spec(container, tools, prepare(container, tools), (24, 80)).to_json()}, []
