"""The Python API, and that what it says of itself is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

import builder
from builder.errors import BuilderError, UsageError
from builder.progress.events import BuildFinished, Event, TaskFinished
from tests.support.cli import Pybuild, write

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


@pytest.mark.kernel
def test_what_every_run_stands_in_is_said_as_on_the_command_line(based: Pybuild, tmp_path: Path) -> None:
    script = "(cat /etc/hosts; ulimit -n; ulimit -Hn; ls /sys/class/net) > /seen"
    write(tmp_path / "context", {"Buildfile": f"FROM base\nRUN {script}\nFROM scratch\nCOPY --from=0 /seen /\n"})
    builder.build(
        str(tmp_path / "context"),
        root=str(tmp_path / "store"),
        outputs=[f"type=local,dest={tmp_path / 'out'}"],
        network="none",
        add_hosts={"db": "10.1.2.3"},
        ulimits={"nofile": (64, 128)},
        iidfile=str(tmp_path / "iid"),
        metadata_file=str(tmp_path / "metadata"),
    )
    assert re.search(r"10\.1\.2\.3\s+db\n(?s:.*)64\n128\nlo\n", (tmp_path / "out" / "seen").read_text())
    assert (tmp_path / "iid").read_text().startswith("sha256:")
    assert (tmp_path / "metadata").exists()


@pytest.mark.parametrize(
    "wrong",
    [{"network": "bridge"}, {"allow": ["all"]}, {"add_hosts": {"a": "b"}}, {"ulimits": {"nofile": (2, 1)}}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_no_run_can_stand_in_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    write(tmp_path, {"Buildfile": "FROM scratch\n"})
    with pytest.raises(UsageError) as caught:
        builder.build(str(tmp_path), root=str(tmp_path / "store"), **wrong)
    assert caught.value.code == "bad-option"


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
