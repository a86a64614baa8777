"""The command without a process of its own: a quarter of the time, for tests that need many and kill none."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout

from builder.cli.main import main
from tests.support.cli import Pybuild


class InProcess(Pybuild):
    def run(
        self, *args: str, code: int = 0, env: dict[str, str] | None = None, stdin: bytes | None = None
    ) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), chdir(self.cwd), _around(self.environment(env), stdin or b""):
            actual = main(["--root", str(self.root), *args])
        result = subprocess.CompletedProcess(list(args), actual, out.getvalue(), err.getvalue())
        assert actual == code, f"{args} -> {actual}\n{result.stdout}\n{result.stderr}"
        return result


@contextmanager
def _around(environment: dict[str, str], stdin: bytes) -> Iterator[None]:
    before, standard_input = dict(os.environ), sys.stdin
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
    try:
        yield
    finally:
        sys.stdin = standard_input
        os.environ.clear()
        os.environ.update(before)
