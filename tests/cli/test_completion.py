"""Completion, asked of the shells themselves."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from builder.cli.completion import candidates
from builder.cli.main import COMMANDS
from tests.support.cli import Pybuild, write

Shell = Callable[[Pybuild, str], list[str]]

_BASH = """
source <(pybuild completion bash)
COMP_LINE=$line COMP_POINT=${#line}
_pybuild
printf '%s\\n' "${COMPREPLY[@]}"
"""
_FISH = "pybuild completion fish | source; complete -C $line"
_ZSH = """
compdef() { : }
_describe() { print -rl -- "${(@P)2}" }
_files() { : }
source <(pybuild completion zsh)
words=("${(@s: :)line}") CURRENT=$#words
_pybuild
"""


def _asked(pybuild: Pybuild, shell: list[str], script: str, line: str) -> list[str]:
    """What a shell that has `pybuild` on its path offers for `line`."""
    program = pybuild.root.parent / "bin" / "pybuild"
    write(program.parent, {"pybuild": f'#!/bin/sh\nexec {shlex.join(pybuild.argv())} "$@"\n'})
    program.chmod(0o755)
    environment = pybuild.environment({"line": line})
    environment["PATH"] = f"{program.parent}:{environment['PATH']}"
    done = subprocess.run([*shell, "-c", script], env=environment, stdout=subprocess.PIPE, text=True, check=False)
    return [answer for answer in done.stdout.split("\n") if answer]


def bash(pybuild: Pybuild, line: str) -> list[str]:
    return _asked(pybuild, ["bash", "--norc"], _BASH, line)


def fish(pybuild: Pybuild, line: str) -> list[str]:
    return [answer.partition("\t")[0] for answer in _asked(pybuild, ["fish", "--no-config"], _FISH, line)]


def zsh(pybuild: Pybuild, line: str) -> list[str]:
    """Words come with what they mean after a colon; their own colons are escaped."""
    answers = _asked(pybuild, ["zsh", "-f"], _ZSH, line)
    return [answer.replace("\\:", "\0").partition(":")[0].replace("\0", ":") for answer in answers]


@pytest.mark.parametrize("shell", [bash, fish, zsh])
def test_shells_offer_commands_options_and_names(tmp_path: Path, shell: Shell) -> None:
    pybuild = Pybuild(tmp_path / "store", write(tmp_path / "context", {"Buildfile": "FROM scratch\nCOPY . /\n"}))
    pybuild.run("-t", "app:1.0", "-t", "other:2")
    assert shell(pybuild, "pybuild imag") == ["images"]
    assert shell(pybuild, "pybuild store ") == ["check"]
    assert shell(pybuild, "pybuild build --no-cache-f") == ["--no-cache-filter"]
    assert shell(pybuild, "pybuild build --progress ra") == ["rawjson"]
    assert shell(pybuild, "pybuild history other") == ["other:2"]
    after_colon = ["1.0"] if shell is bash else ["app:1.0"]  # bash takes the word for what stands after the colon
    assert shell(pybuild, "pybuild history app:1") == after_colon


def test_what_is_offered(tmp_path: Path) -> None:
    def words(*typed: str) -> list[str]:
        return [candidate.word for candidate in candidates(typed, str(tmp_path))]

    assert set(words("")) == {name.partition(" ")[0] for name in COMMANDS}
    assert words("--progress=p") == ["--progress=plain"]
    assert words("--targ") == ["--target"], "without a command it is build"
    assert words("-f", "") == words("build", "--iidfile", "") == words("nowhere", "x") == [], "the shell offers files"
    assert words("--root=x", "volume", "l") == words("--root", "x", "volume", "l") == ["ls"]
    assert words("rm", "") == words("--root", "/proc/no-store", "history", "") == []
