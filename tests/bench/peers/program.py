"""Running a tool's command outside the clock."""

from __future__ import annotations

import shutil
import subprocess

from tests.bench.peers.protocol import BuildFailedError, UnusableError

TAIL_BYTES = 2000


def program(name: str) -> str:
    """The path of a program, or `UnusableError`."""
    path = shutil.which(name)
    if path is None:
        raise UnusableError(f"{name} is not installed")
    return path


def output_of(argv: list[str]) -> str:
    """What a command prints on stdout, or `BuildFailedError`."""
    result = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise BuildFailedError(failure(argv, result.returncode, result.stdout + result.stderr))
    return result.stdout.strip()


def failure(argv: list[str], code: int, output: str) -> str:
    return f"{' '.join(argv)}\nexit code {code}\n{output[-TAIL_BYTES:]}"


def remove_tree(path: str) -> None:
    """Removes a store, also one whose files belong to the subordinate ids of an ordinary user."""
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except PermissionError:
        output_of(["unshare", "--user", "--map-auto", "--map-root-user", "rm", "-rf", path])
