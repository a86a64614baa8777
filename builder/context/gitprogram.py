"""The `git` program, run so that nothing but its arguments and the network decide what it does.

No configuration of the machine or the user, no hooks, no prompt, no background work, and no transport but http(s), ssh
and git: repositories and their submodules are hostile input. Secrets go through the environment, not the arguments,
which every user of the machine can see.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from typing import IO

from builder.errors import ContextError

NETWORK = "http:https:ssh:git"
LOCAL = "file"
"""For repositories that are ours."""
_OUTPUT = 4 << 20
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
_CONFIG = {
    "core.hooksPath": os.devnull,
    "gc.auto": "0",
    "maintenance.auto": "false",
    "init.defaultBranch": "master",
    "advice.detachedHead": "false",
    "pack.threads": "1",
}


class GitFailure(Exception):  # noqa: N818 - caught where its words decide what is tried next
    """`git` ended with an error; the text is what it said."""


def run_git(
    *words: str, config: Mapping[str, str] | None = None, protocols: str = NETWORK, env: Mapping[str, str] | None = None
) -> str:
    """What `git` printed (as `os.fsdecode` reads it, a few MiB at most). Raises GitFailure; ContextError `no-git` where
    the program is missing. Nothing of it is left running."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                ["git", *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                cwd=os.sep,  # a repository around the working directory has a configuration of its own
                env=_environment({**_CONFIG, **(config or {})}, protocols) | dict(env or {}),
                umask=0o022,
                process_group=0,
            )
        except FileNotFoundError as error:
            hint = "install git, or fetch the repository yourself and name its folder"
            raise ContextError(
                "no-git", "a git repository is needed, but there is no git program", hint=hint
            ) from error
        try:
            status = process.wait()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
        if status:
            raise GitFailure(_text(errors) or f"git ended with status {status}")
        return _text(output)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return os.fsdecode(file.read(_OUTPUT)).strip()


def _environment(config: Mapping[str, str], protocols: str) -> dict[str, str]:
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_ALLOW_PROTOCOL": protocols,
        "GIT_SSH_COMMAND": f"ssh -F {os.devnull} -o BatchMode=yes -o StrictHostKeyChecking=accept-new",
        "GIT_CONFIG_COUNT": str(len(config)),
    }
    for number, (key, value) in enumerate(config.items()):
        env |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    certificates = ("SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO")
    for name in (*certificates, *_PROXIES, *(name.upper() for name in _PROXIES)):
        if name in os.environ:
            env[name] = os.environ[name]
    return env
