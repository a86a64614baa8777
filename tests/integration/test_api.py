"""The Python API, and that what it says of itself is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import builder
from builder.errors import BuilderError
from builder.progress.events import BuildFinished, Event, TaskFinished
from tests.support.cli import write

ROOT = Path(__file__).parents[2]


def test_build_does_what_the_command_does_with_events(tmp_path: Path) -> None:
    write(tmp_path / "context", {"Buildfile": "FROM scratch\nARG V\nCOPY a /$V\n", "a": "1"})
    events: list[Event] = []
    context, root = str(tmp_path / "context"), str(tmp_path / "store")
    first = builder.build(context, tags=["app:1.0"], build_args={"V": "x"}, root=root, on_event=events.append)
    again = builder.build(context, tags=["app:1.0"], build_args={"V": "x"}, root=root)
    assert (first.cached, again.cached, again.steps) == (0, 1, 1)
    assert first.digest == again.digest
    assert first.names == ("app:1.0",)
    assert isinstance(events[-1], BuildFinished)
    assert [event.cached for event in events if isinstance(event, TaskFinished)] == [False]


def test_errors_are_values_and_the_last_event_tells(tmp_path: Path) -> None:
    write(tmp_path, {"Buildfile": "FORM scratch\n"})
    events: list[Event] = []
    with pytest.raises(BuilderError) as caught:
        builder.build(str(tmp_path), root=str(tmp_path / "store"), on_event=events.append)
    assert caught.value.code == "unknown-instruction"
    assert caught.value.span is not None
    assert caught.value.span.line == 1
    assert isinstance(events[-1], BuildFinished)
    assert events[-1].error


def test_the_public_list() -> None:
    assert builder.__all__ == ["__version__", "build"]


def test_version_is_that_of_the_project_and_of_the_changelog() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    newest = re.search(r"^## \[([^]]+)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest
    assert builder.__version__ == project["version"] == newest[1]
