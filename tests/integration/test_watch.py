"""`pybuild build --watch`: every change of an input builds again, once, and nothing else does."""

from __future__ import annotations

import os
import queue
import random
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.cli import Pybuild

BUILDFILE = """\
FROM base
COPY src /src
RUN cat /src/app.py > /out && test ! -e /src/broken
"""
_LONG = 60
"""Seconds after which a watcher that says nothing fails the test."""


class Watcher:
    """A watching process, and what it says."""

    def __init__(self, pybuild: Pybuild, *args: str) -> None:
        self.process = subprocess.Popen(
            pybuild.argv("build", "--watch", "--progress", "plain", *args),
            cwd=pybuild.cwd,
            env=pybuild.environment(),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        with self.process.stderr as lines:
            for line in lines:
                self._lines.put(line.rstrip("\n"))

    def until(self, *beginnings: str) -> list[str]:
        """What is said until a line that begins so."""
        found: list[str] = []
        while True:
            try:
                found.append(self._lines.get(timeout=_LONG))
            except queue.Empty:
                raise AssertionError(f"only {found}") from None
            if found[-1].startswith(beginnings):
                return found

    def changed(self, *ends: str) -> list[str]:
        """What is said to have changed before the next build, which ends with one of `ends`."""
        lines = self.until(*(ends or ("Built in",)))
        return [line.removeprefix("changed: ") for line in lines if line.startswith("changed: ")]

    def interrupt(self, number: int = signal.SIGINT) -> int:
        self.process.send_signal(number)
        code = self.process.wait(_LONG)
        self._reader.join(_LONG)
        return code

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._reader.join(_LONG)


@pytest.fixture
def project(based: Pybuild) -> Pybuild:
    (based.cwd / "src").mkdir()
    (based.cwd / "src" / "app.py").write_text("1")
    (based.cwd / "Buildfile").write_text(BUILDFILE)
    (based.cwd / ".dockerignore").write_text("src/*.log\n")
    return based


@pytest.fixture
def watcher(project: Pybuild) -> Iterator[Watcher]:
    with Watcher(project, "-t", "app", ".") as started:
        started.until("Built in")
        yield started


def save(path: Path, text: str) -> None:
    """At once, as many editors do it. A watcher on a busy machine may look in the middle of anything else."""
    draft = next(folder for folder in path.parents if (folder / "store").is_dir()) / "draft"
    draft.write_text(text)
    os.replace(draft, path)


def builds(pybuild: Pybuild) -> int:
    return len(pybuild.run("builds", "ls", "-q").stdout.split())


def test_what_counts_builds_again_and_nothing_else(project: Pybuild, watcher: Watcher) -> None:
    source, file = project.cwd / "src", project.cwd / "Buildfile"
    save(source / "app.py", "2")
    assert watcher.changed() == ["[stage-0 1/2] COPY src: 1 file changed: src/app.py (content)"]
    # None of these: ignored, not read by a step, the same content, a comment.
    save(source / "debug.log", "noise")
    save(project.cwd / "notes.txt", "noise")
    save(source / "app.py", "2")
    os.utime(source / "app.py")
    save(file, f"# a comment\n{BUILDFILE}")
    # What follows is the next thing that is said.
    save(source / "new.py", "new")
    assert watcher.changed() == ["[stage-0 1/2] COPY src: 1 file added (src/new.py)"]
    save(file, f"{BUILDFILE}LABEL a=b\n")
    assert watcher.changed() == ["the image's configuration changed, or steps that make no files"]
    save(project.cwd / ".dockerignore", "")
    assert watcher.changed() == ["[stage-0 1/2] COPY src: 1 file added (src/debug.log)"]
    assert builds(project) == 5
    assert watcher.interrupt() == 130


def test_a_build_that_fails_and_a_buildfile_with_a_fault_are_watched_on(project: Pybuild, watcher: Watcher) -> None:
    source, file = project.cwd / "src", project.cwd / "Buildfile"
    (source / "broken").write_text("")
    assert watcher.changed("Failed after") == ["[stage-0 1/2] COPY src: 1 file added (src/broken)"]
    (project.cwd / "notes.txt").write_text("no input, so no second try")
    (source / "broken").unlink()
    assert watcher.changed() == ["[stage-0 1/2] is again as it was in " + first_build(project)]
    save(file, "FROM base\nRUNN true\n")
    assert any("RUNN" in line for line in watcher.until("hint:", "Buildfile:2"))
    save(file, BUILDFILE.replace("cat", "tac"))
    assert watcher.changed("Failed after", "Built in") == ["[stage-0 2/2] instruction changed: cat -> tac"]
    assert builds(project) == 4
    assert watcher.interrupt(signal.SIGTERM) == 130


def first_build(pybuild: Pybuild) -> str:
    return pybuild.run("builds", "ls", "-q").stdout.split()[-1]


def test_named_contexts_secrets_and_bases_are_inputs(project: Pybuild, tmp_path: Path, base_tar: Path) -> None:
    other, secret = tmp_path / "other", tmp_path / "token"
    other.mkdir()
    (other / "file").write_text("1")
    secret.write_text("wrong")
    text = "FROM base\nCOPY --from=other file /\nRUN --mount=type=secret,id=token grep -q right /run/secrets/token\n"
    (project.cwd / "Buildfile").write_text(text)
    with Watcher(project, "--secret", f"id=token,src={secret}", "--build-context", f"other={other}", ".") as watcher:
        watcher.until("Failed after")
        save(secret, "right")
        assert watcher.changed() == ["secret token"]
        save(other / "file", "2")
        assert watcher.changed() == ["[stage-0 1/2] COPY --from=other file: 1 file changed: file (content)"]
        project.run("import", "--change", "ENV A=b", str(base_tar), "base")
        assert len(watcher.changed()) == 1
        assert watcher.interrupt() == 130


def test_folders_that_are_ignored_are_not_watched_and_others_come_and_go(project: Pybuild) -> None:
    (project.cwd / ".dockerignore").write_text("**/modules\n")
    for number in range(40):
        (project.cwd / "modules" / f"m{number}").mkdir(parents=True)
        (project.cwd / "packages" / "one" / "modules" / f"m{number}").mkdir(parents=True)
    source, aside = project.cwd / "src", project.cwd / "modules" / "src"
    with Watcher(project, ".") as watcher:
        watcher.until("Built in")
        fdinfo = Path(f"/proc/{watcher.process.pid}/fdinfo")
        assert 0 < sum(file.read_text().count("inotify wd:") for file in fdinfo.iterdir()) < 20
        source.rename(aside)
        assert watcher.until("Buildfile:2")
        (aside / "app.py").write_text("2")
        (aside / "app.py").chmod(0o644)
        aside.rename(source)
        assert watcher.changed() == ["[stage-0 1/2] COPY src: 1 file changed: src/app.py (content)"]
        (source / "app.py").chmod(0o700)
        assert watcher.changed() == ["[stage-0 1/2] COPY src: mode of src/app.py 0644 -> 0700"]
        assert watcher.interrupt() == 130


def test_an_interrupt_in_the_middle_of_a_build_leaves_no_process(project: Pybuild) -> None:
    seconds = random.randrange(10**8, 10**9)  # tells it from that of another run of the tests
    (project.cwd / "Buildfile").write_text(f"FROM base\nRUN echo $((6 * 7)) is out; exec sleep {seconds}\n")
    with Watcher(project, ".") as watcher:
        while "42 is out" not in watcher.until("#")[-1]:
            pass
        assert watcher.interrupt() == 130
    left = subprocess.run(["pgrep", "-f", f"^sleep {seconds}"], capture_output=True, check=False)
    assert left.returncode == 1


def test_what_cannot_be_watched_is_refused(project: Pybuild) -> None:
    for args in (
        ["-"],
        ["-o", "-", "."],
        ["--dry-run", "."],
        ["--on-error", "shell", "."],
        ["https://localhost/x.git"],
    ):
        assert project.run("build", "--watch", *args, code=2).stderr.startswith("error")


def test_too_many_folders_are_told_before_the_first_build(project: Pybuild) -> None:
    for number in range(20):
        (project.cwd / f"f{number}" / "deep").mkdir(parents=True)
    few = 'echo 10 > /proc/sys/user/max_inotify_watches && exec "$@"'
    command = ["unshare", "--user", "--map-root-user", "sh", "-c", few, "-", *project.argv("build", "--watch", ".")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=project.cwd, env=project.environment()
    )
    assert done.returncode == 1
    assert done.stderr.startswith("error: the build's inputs cannot be watched: 4")
    assert " folders are more than a user may watch" in done.stderr
    assert "max_user_watches" in done.stderr
