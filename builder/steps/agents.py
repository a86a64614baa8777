"""`--ssh` as buildx reads it: sockets of agents that run, or key files that an agent of this build's own serves."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from threading import Lock

from builder.errors import StepError, UsageError

_DEFAULT = "default"
_SOCKET = "agent.sock"


class Agents:
    """By id. Safe for several threads."""

    def __init__(
        self, specs: Iterable[str], env: Mapping[str, str], folder: Callable[[], str], opened: ExitStack
    ) -> None:
        """Raises UsageError for what is neither a socket nor a file. An agent of our own is started in a `folder` when
        a step wants it, and ends with `opened`."""
        self._folder = folder
        self._opened = opened
        self._lock = Lock()
        self._sockets: dict[str, str] = {}
        self._keys: dict[str, list[str]] = {}
        for text in specs:
            self._add(text, env)

    def socket(self, name: str) -> str | None:
        """None for an agent that was not given."""
        with self._lock:
            if name in self._keys and name not in self._sockets:
                self._sockets[name] = _serve_keys(self._keys[name], self._folder(), self._opened)
            return self._sockets.get(name)

    def _add(self, text: str, env: Mapping[str, str]) -> None:
        name, _, written = text.partition("=")
        name = name or _DEFAULT
        if name in self._sockets or name in self._keys:
            raise UsageError("bad-ssh", f"--ssh {name} is given twice")
        paths = written.split(",") if written else [env.get("SSH_AUTH_SOCK", "")]
        if not paths[0]:
            hint = "start an agent (eval $(ssh-agent); ssh-add), or write --ssh ID=SOCKET or --ssh ID=KEY"
            raise UsageError("bad-ssh", f"--ssh {text}: SSH_AUTH_SOCK is not set", hint=hint)
        sockets = [path for path in paths if _is_socket(text, path)]
        if not sockets:
            self._keys[name] = paths
        elif len(paths) == 1:
            self._sockets[name] = paths[0]
        else:
            raise UsageError("bad-ssh", f"--ssh {text}: one socket, or one or more keys")


def _is_socket(text: str, path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError as error:
        raise UsageError("bad-ssh", f"--ssh {text}: {path}: {error.strerror}") from error


def _serve_keys(keys: list[str], folder: str, opened: ExitStack) -> str:
    """Starts an agent that knows the keys and listens in `folder`, which is nobody else's and whose path may be longer
    than a socket's name. It asks for no passphrase."""
    import subprocess
    from shutil import which

    programs = [which("ssh-agent"), which("ssh-add")]
    agent, add = (program or "" for program in programs)
    if not (agent and add):
        hint = "install OpenSSH's client, or give the socket of an agent that runs"
        raise StepError("no-ssh-agent", "keys need the programs ssh-agent and ssh-add", hint=hint)
    process = subprocess.Popen(
        [agent, "-D", "-a", _SOCKET], cwd=folder, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )

    def end() -> None:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()

    opened.callback(end)
    if process.stdout:
        process.stdout.readline()  # it says where it listens once it does
    environment = {**os.environ, "SSH_AUTH_SOCK": _SOCKET, "SSH_ASKPASS_REQUIRE": "never"}
    added = subprocess.run(
        [add, "-q", *map(os.path.abspath, keys)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        start_new_session=True,
    )
    if added.returncode:
        said = added.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        hint = "a key with a passphrase needs an agent of yours: ssh-add KEY, then --ssh default"
        raise StepError("bad-ssh-key", f"ssh-add refuses {', '.join(keys)}: {said[-1]}", hint=hint)
    return f"{folder}/{_SOCKET}"
