"""The history of builds: records are whole, bounded, and give no secret away."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.builds import folder
from builder.builds.folder import Place, forget_oldest, new_place, places
from builder.builds.logs import Logs
from builder.builds.reading import builds, find_build, read_build
from builder.builds.recording import Asked, Made, Recording, plain
from builder.builds.types import BuildRecord, Outcome, Source, StageRow, StepOutcome, StepRow, TaskRow
from builder.errors import StepError, UsageError
from builder.progress.events import TaskFinished, TaskLog, TaskStarted
from builder.progress.silent import SilentReporter
from builder.solve.types import Cause
from builder.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"))


def record(store: Store, file: str = "/app/Buildfile", error: BaseException | None = None) -> str:
    recording = Recording(store, SilentReporter(), tuple)
    recording.begin(Asked(file, "/app", "", ("linux/amd64",), {"tags": ("app",)}))
    recording.emit(TaskStarted("pull", "pulling base", 1.0, "internal"))
    recording.emit(TaskFinished("pull", 2.5))
    recording.end(None if error else Made("sha256:1", "sha256:2", ("app:latest",), 7), error)
    return recording.id


def test_a_build_is_read_back_as_it_was(store: Store) -> None:
    identifier = record(store)
    _, found = find_build(store, "")
    assert (found.id, found.outcome, found.names, found.size) == (identifier, "built", ("app:latest",), 7)
    assert found.options == {"tags": ["app"]}
    assert [(task.title, task.seconds) for task in found.tasks] == [("pulling base", 1.5)]


@pytest.mark.parametrize(
    ("error", "outcome", "text"),
    [
        (StepError("run-failed", "make failed\nmore"), "failed", "make failed"),
        (KeyboardInterrupt(), "interrupted", ""),
        (RuntimeError("bug"), "failed", "RuntimeError"),
    ],
)
def test_the_end_is_recorded_whatever_it_is(store: Store, error: BaseException, outcome: str, text: str) -> None:
    record(store, error=error)
    _, found = find_build(store, "")
    assert (found.outcome, found.error) == (outcome, text)


def test_the_last_build_is_the_last_where_the_clock_was_set_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    record(store)
    monkeypatch.setattr("time.time", lambda: 1_000_000.0)
    identifier = record(store)
    _, found = find_build(store, "")
    assert (found.id, found.started) == (identifier, 1_000_000.0)


def test_a_build_that_goes_on_and_one_that_was_killed_are_there(store: Store) -> None:
    recording = Recording(store, SilentReporter(), tuple)
    recording.begin(Asked("/app/Buildfile", "/app", "", ("linux/amd64",), {}))
    assert places(store) == []
    recording.emit(TaskStarted("pull", "pulling base", 1.0, "internal"))
    place, found = find_build(store, "")
    assert (found.id, found.outcome) == (recording.id, "running")
    lock = f"{place.path}/running"
    os.rename(lock, f"{lock}-away")
    assert find_build(store, "")[1].outcome == "killed"
    os.rename(f"{lock}-away", lock)
    recording.end(None, KeyboardInterrupt())
    assert find_build(store, "")[1].outcome == "interrupted"
    assert sorted(os.listdir(place.path)) == ["build.json"]


def test_what_is_no_record_does_not_stop_the_oldest_from_going(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    history = Path(store.folder("history"))
    (history / "00000000000001-aaaaaaaaaaaa-x").symlink_to(outside)
    (history / "00000000000002-bbbbbbbbbbbb-x" / "folder").mkdir(parents=True)
    (history / "00000000000003-cccccccccccc-x").write_text("")
    oldest = record(store)
    monkeypatch.setattr(folder, "MOST", 1)
    newest = record(store)
    assert [place.id for place in places(store)] == [newest, "bbbbbbbbbbbb"]
    assert oldest != newest
    assert (outside / "kept").exists()


def test_builds_are_found_by_id_by_place_and_by_file(store: Store) -> None:
    ids = [record(store, f"/app/{name}") for name in ("one", "two", "one")]
    assert [found.id for _, found in builds(store)] == ids[::-1]
    assert [found.id for _, found in builds(store, "/app/one")] == [ids[2], ids[0]]
    assert find_build(store, "^1")[1].id == find_build(store, ids[1][:11])[1].id == ids[1]
    for wanted in ("^9", "^x", "nothing"):
        with pytest.raises(UsageError, match="build"):
            find_build(store, wanted)


def test_the_oldest_builds_are_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MOST", 3)
    ids = [record(store) for _ in range(5)]
    assert [place.id for place in places(store)] == ids[:1:-1]
    forget_oldest(store)


@given(st.recursive(st.none() | st.integers() | st.text() | st.floats(), st.lists, max_leaves=4))
def test_a_damaged_record_is_none(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    place = Place(str(tmp_path_factory.mktemp("build")), "0", 0.0, "0")
    Path(place.path, "build.json").write_text(json.dumps({"format": 1, "build": value}))
    assert read_build(place) is None


@pytest.mark.parametrize("member", ["started", "steps", "platforms", "outcome", "id"])
def test_a_record_with_a_member_of_another_kind_is_none(store: Store, member: str) -> None:
    record(store)
    path = Path(places(store)[0].path, "build.json")
    value = json.loads(path.read_text())
    value["build"][member] = {"x": 1}
    path.write_text(json.dumps(value))
    assert list(builds(store)) == []


FULL = BuildRecord(
    "id", "/app/Buildfile", "/app", "", ("linux/amd64",), {"tags": ["app"]}, 1.5, 2.0, Outcome.BUILT,
    stages=(StageRow(0, "stage-0", "scratch", after=("1.1",), is_target=True),),
    steps=(
        StepRow(
            "0.1", "stage-0", 1, "RUN make", 2, 3, ("1.1",), StepOutcome.CACHED, causes=(Cause("files", "a"),),
            source=Source("id", "2026-11-24T00:00:00Z", 1),
        ),
    ),
    tasks=(TaskRow("pulling base", 0.0, 1.0),),
)  # fmt: skip


def written(folder: Path, value: object) -> Place:
    (folder / "build.json").write_text(json.dumps({"format": 1, "build": value}))
    return Place(str(folder), "id", 0.0, "0")


def test_all_rows_are_read_back_as_they_were(tmp_path: Path) -> None:
    assert read_build(written(tmp_path, plain(FULL))) == FULL


@pytest.mark.parametrize("path", ["", "stages", "steps", "steps/causes", "steps/source", "tasks"])
def test_every_member_of_every_row_is_checked(tmp_path: Path, path: str) -> None:
    def row_of(value: Any) -> dict[str, object]:
        for name in filter(None, path.split("/")):
            value = value[name][0] if isinstance(value[name], list) else value[name]
        assert isinstance(value, dict)
        return value

    for member in [*row_of(plain(FULL)), "foreign"]:
        for wrong in ({"x": 1}, -1.5, [1], None):
            value = plain(FULL)
            if (member, wrong) not in (("options", {"x": 1}), ("source", None)):
                row_of(value)[member] = wrong
                assert read_build(written(tmp_path, value)) is None, (member, wrong)


def test_nothing_foreign_in_the_folder_is_taken_for_a_build(store: Store) -> None:
    os.mkdir(f"{store.folder('history')}/something")
    os.mkdir(f"{store.folder('history')}/xyz-1-2")
    assert places(store) == []


@given(st.data())
def test_a_secret_is_in_no_log_however_its_output_is_cut(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    secrets = data.draw(st.lists(st.binary(min_size=4, max_size=9), min_size=1, max_size=3))
    parts = data.draw(st.lists(st.sampled_from(secrets) | st.binary(max_size=5), max_size=8))
    output = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(output)), max_size=6)))
    place = Place(str(tmp_path_factory.mktemp("logs")), "0", 0.0, "0")
    logs = Logs(place, tuple(secrets))
    for start, end in zip([0, *cuts], [*cuts, len(output)], strict=True):
        logs.add("0.1", output[start:end])
    logs.close()
    written = Path(place.log("0.1")).read_bytes()
    outside = written.replace(b"***", b"\0")
    assert not any(secret in outside for secret in secrets if b"*" not in secret and b"\0" not in secret)


def test_logs_are_whole(store: Store) -> None:
    recording = Recording(store, SilentReporter(), tuple)
    recording.begin(Asked("/app/Buildfile", "/app", "", (), {}))
    recording.emit(TaskStarted("0.1", "RUN", 1.0, "a"))
    for _ in range(100):
        recording.emit(TaskLog("0.1", 1.0, b"x" * 50_000))
    recording.end(None)
    assert os.path.getsize(places(store)[0].log("0.1")) == 5_000_000


def test_a_place_that_cannot_be_written_fails_no_build(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space")

    monkeypatch.setattr(os, "mkdir", full)
    record(store)
    monkeypatch.undo()
    assert places(store) == []
    assert new_place(store, "1", 0.0, "/x").id == "1"
