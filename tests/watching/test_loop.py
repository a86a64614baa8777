"""Which changes build again: one edit after the other, without waiting for events."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builder.builds.reading import builds
from builder.builds.types import BuildRecord
from builder.errors import BuilderError
from builder.pipeline.build import BuildOptions
from builder.progress.silent import SilentReporter
from builder.watching.loop import Builder, build_for_ever
from builder.watching.places import Place, places_of
from builder.wiring.build import build
from builder.wiring.questions import foresee
from builder.wiring.store import open_store

BUILDFILE = "FROM scratch\nCOPY src /src\nCOPY other /other\n"


def made_at_once(edits: Iterator[Callable[[], str]]) -> Callable[[], frozenset[str]]:
    """What happens is not waited for: the next edit is made."""

    def wait() -> frozenset[str]:
        edit = next(edits, None)
        if edit is None:
            raise KeyboardInterrupt
        return frozenset([edit()])

    return wait


class Log:
    """Builds for real; remembers what was said, `built` or `failed` for builds."""

    def __init__(self, folder: Path) -> None:
        self.lines: list[str] = []
        self._options = BuildOptions(str(folder / "context"), tags=("app",), root=str(folder / "store"))

    def build(self, _is_first: bool) -> bool:
        try:
            build(self._options, SilentReporter())
        except BuilderError:
            self.lines.append("failed")
            return False
        self.lines.append("built")
        return True

    def _record(self, file: str) -> BuildRecord | None:
        with open_store(self._options.root) as store:
            return next((found for _, found in builds(store, file)), None)

    def watch(self, *edits: Callable[[], str], secrets: dict[str, str] | None = None) -> list[str]:
        builder = Builder(
            lambda: foresee(self._options, SilentReporter()),
            self.build,
            self._record,
            self.lines.append,
            lambda error: self.lines.append(error.code),
        )
        with pytest.raises(KeyboardInterrupt):
            build_for_ever(builder, made_at_once(iter(edits)), secrets or {})
        return self.lines


@pytest.fixture
def context(tmp_path: Path) -> Path:
    folder = tmp_path / "context"
    for name in ("src", "other"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_text("1")
    (folder / "Buildfile").write_text(BUILDFILE)
    (folder / ".dockerignore").write_text("**/*.log\n")
    return folder


def write(path: Path, text: str) -> Callable[[], str]:
    def edit() -> str:
        path.write_text(text)
        return str(path)

    return edit


def test_what_the_image_does_not_depend_on_builds_nothing(context: Path, tmp_path: Path) -> None:
    def touch() -> str:
        os.utime(context / "src" / "file", (1, 1))
        return str(context)

    edits = (
        write(context / "src" / "x.log", "ignored"),
        write(context / "unused", "no step reads it"),
        write(context / "src" / "file", "1"),
        touch,
        write(context / "Buildfile", f"# a comment\n{BUILDFILE}"),
        write(context / ".dockerignore", "# a comment\n**/*.log\n"),
    )
    assert Log(tmp_path).watch(*edits) == ["built"]


def test_what_it_depends_on_is_said_and_builds_once(context: Path, tmp_path: Path) -> None:
    edits = (
        write(context / "src" / "file", "2"),
        write(context / "unused", "noise"),
        write(context / "Buildfile", f"{BUILDFILE}LABEL a=b\n"),
        write(context / "src" / "file", "1"),
        write(context / "unused", "noise again"),
    )
    lines = Log(tmp_path).watch(*edits)
    assert lines[:3] == ["built", "changed: [stage-0 1/2] COPY src: 1 file changed: src/file (content)", "built"]
    assert lines[3:5] == ["changed: the image's configuration changed, or steps that make no files", "built"]
    assert lines[5].startswith("changed: [stage-0 1/2] is again as it was in ")
    assert lines[6:] == ["built"]


def test_what_failed_is_tried_again_for_an_input_only(context: Path, tmp_path: Path) -> None:
    broken = f"{BUILDFILE}COPY nothing /\n"
    edits = (
        write(context / "Buildfile", broken),
        write(context / "unused", "noise"),
        write(context / "nothing", "there"),
    )
    lines = Log(tmp_path).watch(*edits)
    assert lines == [
        "built",
        "source-not-found",
        "changed: [stage-0 3/3] new instruction: no earlier build has it",
        "built",
    ]


def test_a_fault_of_the_buildfile_is_said_once(context: Path, tmp_path: Path) -> None:
    edits = (
        write(context / "Buildfile", "FROM scratch\nCOPPY a b\n"),
        write(context / "unused", "noise"),
        write(context / "Buildfile", BUILDFILE),
        write(context / "src" / "file", "2"),
    )
    lines = Log(tmp_path).watch(*edits)
    assert len(lines) == 4
    assert (lines[0], lines[3]) == ("built", "built")


def test_a_secret_is_said(context: Path, tmp_path: Path) -> None:
    secret = tmp_path / "token"
    lines = Log(tmp_path).watch(write(secret, "2"), secrets={"token": str(secret)})
    assert lines == ["built", "changed: secret token (a secret is in no cache key, so no step runs for it)"]


def test_places(context: Path, tmp_path: Path) -> None:
    (tmp_path / "named").mkdir()
    (tmp_path / "layout").mkdir()
    named = (("one", str(tmp_path / "named")), ("two", f"oci-layout://{tmp_path}/layout:tag"))
    options = BuildOptions(str(context), file=str(tmp_path / "app.Buildfile"), build_contexts=named)
    places = places_of(options, str(tmp_path / "store"), {"token": str(tmp_path / "token")})
    assert places[0] == Place(str(context), True, buildfile=str(tmp_path / "app.Buildfile"))

    def counts(path: str) -> bool:
        return any(place.holds(str(tmp_path / path)) for place in places)

    inputs = (
        "context/a/b", "app.Buildfile", "app.Buildfile.dockerignore", "named/x/y", "layout/index.json",
        "token", "store/index.json",
    )  # fmt: skip
    assert all(counts(path) for path in inputs)
    assert not any(counts(path) for path in ("other", "contexts/a", "store/blobs/x", "store/tmp"))
