"""What a rebuild in which nothing changed imports: its start is most of its time (DESIGN section 3)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MOST_MODULES = 90
"""Of ours. Each costs about 0.15 ms; one more is fine if something is gained by it, ten more are 4 % of the command."""

FORBIDDEN = frozenset(
    {
        # what builds need when there is something to do
        "lark", "rich", "pathspec", "diskcache", "sqlite3", "urllib3", "http", "ssl", "socket", "subprocess", "tarfile",
        "zstandard", "isal", "deflate", "ctypes", "bz2", "lzma", "threading", "multiprocessing", "concurrent.futures",
        # what costs more than it gives here
        "typing", "dataclasses", "inspect", "hashlib", "_hashlib", "pathlib", "tempfile", "shutil", "signal", "logging",
        "traceback", "importlib.metadata", "csv", "difflib", "datetime", "random", "weakref", "uuid", "ast",
        # with one of these the command does not leave at once: see `cli.main.entry`
        "atexit",
        # rooms of ours that a rebuild stays out of
        "builder.syntax", "builder.plan.make", "builder.lint", "builder.calls",
        "builder.sandbox", "builder.registry", "builder.steps.copying",
        "builder.solve.parallel", "builder.solve.reasons", "builder.cache.database", "builder.images.sources",
        "builder.layers.writer", "builder.layers.tree", "builder.store.writer", "builder.store.create",
        "builder.outputs.spec", "builder.context.patterns",
        "builder.builds.reading", "builder.builds.logs", "builder.builds.past", "builder.advice",
    }
)  # fmt: skip

SCRIPT = """
import sys
from builder.cli.main import main

code = main(sys.argv[1:])
print("\\n".join(sys.modules))
raise SystemExit(code)
"""


def modules_of(folder: Path, *command: str) -> set[str]:
    process = subprocess.run(
        [sys.executable, "-c", SCRIPT, "--root", str(folder / "store"), *command],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "80"},
    )
    return set(process.stdout.split())


ELSEWHERE = ("attach", "cp", "exec", "images", "kill", "logs", "ps", "rm", "run", "start", "stop", "tag", "wait")
"""Commands on containers and images: they have nothing to do with builds."""


def test_commands_on_containers_know_nothing_of_builds() -> None:
    imports = "".join(f"import builder.cli.commands.{name}; " for name in ELSEWHERE)
    process = subprocess.run(
        [sys.executable, "-c", f"{imports}import sys; print(*sys.modules)"], check=True, capture_output=True, text=True
    )
    loaded = set(process.stdout.split())
    assert "builder.wiring.containers" in loaded, "the test is to see what is imported"
    builds = ("builder.pipeline", "builder.solve", "builder.cache", "builder.wiring.build")
    assert not [name for name in loaded if name.startswith(builds)]


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """A build on a base of the store, with an ignore file and every kind of step that needs no privileges."""
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "Buildfile").write_text("FROM scratch\nCOPY Buildfile /\nENV HOME=/root\n")
    modules_of(tmp_path, "-t", "base", str(tmp_path / "base"))
    folder = tmp_path / "context"
    (folder / "src" / "deep").mkdir(parents=True)
    (folder / "src" / "deep" / "file").write_text("content\n")
    (folder / ".dockerignore").write_text("*.o\n.git\n")
    text = (
        "FROM base AS one\nCOPY src /src\nFROM base\nWORKDIR /work\nCOPY --from=one /src .\nCOPY --chown=1:1 src /b/\n"
    )
    (folder / "Buildfile").write_text(text)
    return folder


@pytest.mark.parametrize("progress", ["plain", "quiet", "none"])
def test_a_rebuild_without_changes_imports_little(context: Path, progress: str) -> None:
    command = ["-t", "app:1.0", "--progress", progress, str(context)]
    first = modules_of(context.parent, *command)
    assert "builder.syntax.parse" in first, "the first build is to show that the test sees what is imported"
    rebuilds = [modules_of(context.parent, *command) for _ in range(3)]
    assert set.union(*rebuilds) & FORBIDDEN == set()
    # One of them writes down what is known of the context's files: the first that comes two seconds after their change.
    ours = {name for name in set.intersection(*rebuilds) if name.partition(".")[0] == "builder"}
    assert len(ours) <= MOST_MODULES, sorted(ours)
