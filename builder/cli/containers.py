"""What the commands on containers have in common: being attached, and docker's exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from builder.cli.interrupts import uninterrupted
from builder.containers.client import Attendance, Detached, Manner, parse_detach_keys
from builder.errors import BuilderError, OutputError, StoreError, UsageError
from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import _socket

    from builder.containers.tools import Tools
    from builder.containers.types import Container

CANNOT_RUN = 125
"""As docker: what failed was not the command in the container."""


def failing_as(code: int, do: Callable[[], int]) -> int:
    """Errors that are not the container's command's are told as such, and have a code of their own: one can tell them
    from the exit codes of the command."""
    try:
        return do()
    except BuilderError as error:
        from builder.cli.errors import print_error

        print_error(error, sys.stderr)
        return code


def warn_of_network(container: Container, asked: str) -> None:
    """Of one that nobody has chosen."""
    if container.network == "host" and not asked:
        hint = "--network host says so too; --network none gives it none; pasta or slirp4netns one of its own"
        print(f"pybuild: the container shares this machine's network ({hint})", file=sys.stderr)


def check_cidfile(path: str | None) -> None:
    if path and os.path.lexists(path):
        hint = "choose another file, or remove this one if its container is gone"
        raise UsageError("file-exists", f"--cidfile {path}: the file is there already", hint=hint)


def write_cidfile(path: str | None, identifier: str) -> None:
    if path:
        with open(path, "x", encoding="utf-8") as file:
            file.write(identifier)


@contextmanager
def nothing_left(identifier: str, tools: Tools, args: argparse.Namespace) -> Iterator[None]:
    """Of the container that is made in the block, when a signal interrupts it, or with --rm anything else: neither it
    nor what runs in it nor its file with the id."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) or args.rm:
            with uninterrupted():
                _undo(identifier, tools, args.cidfile)
        raise


def _undo(identifier: str, tools: Tools, cidfile: str | None) -> None:
    from builder.containers.records import find_even_damaged
    from builder.containers.remove import remove_container

    try:
        remove_container(find_even_damaged(tools.store, identifier), tools, force=True, volumes=True)
    except StoreError as error:
        if error.code != "no-such-container":
            raise
    else:
        if cidfile:
            with suppress(FileNotFoundError):
                os.unlink(cidfile)


def terminal_size() -> tuple[int, int]:
    """Rows and columns of ours."""
    from builder.sandbox.terminal import size_of

    return size_of(1) or (24, 80)


def add_attachment(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--detach-keys", default="ctrl-p,ctrl-q", metavar="KEYS", help="what leaves it running (default: %(default)s)")
    add("--sig-proxy", default="true", choices=("true", "false"), help="signals go to the process (default: true)")


def add_stopping(parser: argparse.ArgumentParser) -> None:
    """Which containers are to be ended, and how."""
    parser.add_argument("containers", nargs="+", metavar="CONTAINER", help="name or id")
    parser.add_argument("-t", "--time", type=int, metavar="SECONDS", help="how long to wait; -1: for ever")
    parser.add_argument("-s", "--signal", default="", metavar="SIGNAL", help="instead of the image's STOPSIGNAL")


def manner_of(args: argparse.Namespace, *, tty: bool) -> Manner:
    return Manner(
        interactive=args.interactive,
        tty=tty,
        detach_keys=parse_detach_keys(args.detach_keys),
        forward_signals=args.sig_proxy == "true" and not tty,
    )


def follow(sock: _socket.socket, name: str, manner: Manner) -> int:
    """Attached until the process ends; its exit code."""
    attendance = Attendance(sock, manner)
    with attendance.signals():
        return see_out(attendance, sock, name)


def see_out(attendance: Attendance, sock: _socket.socket, name: str, *, stop_unread: bool = False) -> int:
    """Until the process ends; its exit code. `stop_unread`: when nobody gets its output any more, it ends."""
    import signal

    from builder.containers.monitor import wire

    try:
        return attendance.run().code
    except Detached:
        print(f"\nread escape sequence: {name} goes on", file=sys.stderr)
        return 0
    except (BrokenPipeError, OutputError):
        if stop_unread:
            sock.send(wire.pack({"signal": signal.SIGKILL}))
        raise
    except KeyboardInterrupt:
        print(f"pybuild: {name} goes on: pybuild stop {name}", file=sys.stderr)
        raise
    finally:
        sock.close()


def start_unattached(container: Container, tools: Tools) -> None:
    """Afterwards it runs, as it may have done before. Raises StoreError `cannot-start`."""
    from builder.containers.start import NotStarted, start_container

    try:
        start_container(container, tools).close()
    except NotStarted as failure:
        raise StoreError("cannot-start", f"container {container.name}: {failure.status.reason}") from failure
    except StoreError as error:
        if error.code != "already-running":
            raise


def each(names: Sequence[str], do: Callable[[str], None], forgiven: Sequence[str] = ()) -> int:
    """Does it for every container, and prints the names for which it was done, as docker; what fails is told, and the
    others have their turn. `forgiven`: codes of errors that are none here."""
    from builder.cli.errors import print_error

    code = 0
    for name in names:
        try:
            do(name)
        except BuilderError as error:
            if error.code not in forgiven:
                print_error(error, sys.stderr)
                code = error.exit_code
        else:
            print(name)
    return code
