"""The command as a user runs it: a process of its own, with a store of its own."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any


class Pybuild:
    def __init__(self, root: Path, cwd: Path) -> None:
        self.root = root
        self.cwd = cwd

    def argv(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "builder", "--root", str(self.root), *args]

    def environment(self, env: dict[str, str] | None = None) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if k not in ("SOURCE_DATE_EPOCH", "PYBUILD_ROOT")}
        places = [str(Path(__file__).parents[2]), *filter(None, [inherited.get("PYTHONPATH")])]
        return inherited | {"PYTHONPATH": os.pathsep.join(places)} | (env or {})

    def run(
        self, *args: str, code: int = 0, env: dict[str, str] | None = None, stdin: bytes | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs to the end; fails the test for another exit code than `code`."""
        done = subprocess.run(
            self.argv(*args), cwd=self.cwd, env=self.environment(env), input=stdin, capture_output=True, check=False
        )
        result = subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")
        )
        assert result.returncode == code, f"{args} -> {result.returncode}\n{result.stdout}\n{result.stderr}"
        return result

    def build(self, *args: str, env: dict[str, str] | None = None) -> dict[str, Any]:
        """Builds; returns what `--format json` says."""
        value: dict[str, Any] = json.loads(self.run("build", "--format", "json", *args, env=env).stdout)
        return value

    def ran(self, *args: str, env: dict[str, str] | None = None) -> dict[str, str]:
        """Builds; returns the steps that were not cached, with the reason."""
        decisions = self.build(*args, env=env)["decisions"]
        return {decision["step"]: decision["reason"] for decision in decisions if not decision["cached"]}

    def files(self, *args: str, into: Path) -> Path:
        """Builds; returns the folder that the result's files were written to."""
        self.run("build", "-o", f"type=local,dest={into}", *args)
        return into


def damaged_blobs(root: Path) -> list[str]:
    """Names of blobs whose content is not what their name says."""
    return [
        path.name
        for path in (root / "blobs" / "sha256").iterdir()
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.name
    ]


def write(folder: Path, files: dict[str, str]) -> Path:
    """Writes text files, folders made on the way."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder
