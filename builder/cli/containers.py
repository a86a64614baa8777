"""What the commands on containers have in common: being attached, and docker's exit codes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from builder.containers.client import Detached, Manner, attend, parse_detach_keys
from builder.errors import BuilderError, OutputError
from builder.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import _socket

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


def write_cidfile(path: str | None, identifier: str) -> None:
    if path:
        with open(path, "x", encoding="utf-8") as file:
            file.write(identifier)


def terminal_size() -> tuple[int, int]:
    """Rows and columns of ours."""
    from builder.sandbox.terminal import size_of

    return size_of(1) or (24, 80)


def add_attachment(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--detach-keys", default="ctrl-p,ctrl-q", metavar="KEYS", help="what leaves it running (default: %(default)s)")
    add("--sig-proxy", default="true", choices=("true", "false"), help="signals go to the process (default: true)")


def follow(sock: _socket.socket, name: str, args: argparse.Namespace, *, tty: bool, stop_unread: bool = False) -> int:
    """Attached until the process ends; its exit code. `stop_unread`: when nobody gets its output any more, it ends."""
    import signal

    from builder.containers.monitor import wire

    manner = Manner(
        interactive=args.interactive,
        tty=tty,
        detach_keys=parse_detach_keys(args.detach_keys),
        forward_signals=args.sig_proxy == "true" and not tty,
    )
    try:
        return attend(sock, manner).code
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
