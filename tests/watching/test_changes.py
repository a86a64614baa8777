"""Which folders are watched, and what is told of them by the kernel."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder.errors import ContextError
from builder.watching.changes import Changes, watching
from builder.watching.folders import folders_of
from builder.watching.places import Place


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("app/src/deep", "app/modules/a/b", "lib/modules/c", "lib/src", "store/blobs", "kept/a/b"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def names(root: Path, *, is_deep: bool = True) -> list[str]:
    place = Place(str(root), is_deep, buildfile=str(root / "Buildfile"))
    found = list(folders_of(place, str(root / "store")))
    assert found[0] == str(root)
    return sorted(path.removeprefix(f"{root}/") for path in found[1:])


def test_all_folders_but_the_store_are_watched(root: Path) -> None:
    assert names(root) == [
        "app", "app/modules", "app/modules/a", "app/modules/a/b", "app/src", "app/src/deep", "kept", "kept/a",
        "kept/a/b", "lib", "lib/modules", "lib/modules/c", "lib/src",
    ]  # fmt: skip
    assert names(root, is_deep=False) == []


def test_what_is_ignored_whole_is_not_watched_however_deep(root: Path) -> None:
    (root / ".dockerignore").write_text("**/modules\nkept\n!kept/a\nlib/src\n!*.md\n")
    assert names(root) == ["app", "app/src", "app/src/deep", "kept", "kept/a", "kept/a/b", "lib"]
    (root / ".dockerignore").write_text("**/modules\n!app/modules/*/b\n")
    assert {"app/modules", "app/modules/a", "app/modules/a/b"} < set(names(root))
    assert "lib/modules" not in names(root)
    (root / "Buildfile.dockerignore").write_text("app\nkept\nlib\n")
    assert names(root) == []


def test_below_an_ignore_file_with_a_fault_nothing_is_watched(root: Path) -> None:
    (root / ".dockerignore").write_text("[\n")
    assert names(root) == []


def test_of_what_is_not_there_the_folder_above_is_watched(tmp_path: Path) -> None:
    assert list(folders_of(Place(f"{tmp_path}/a/b/c", True), "/store")) == [str(tmp_path)]


@pytest.fixture
def changes(root: Path) -> Iterator[Changes]:
    (root / ".dockerignore").write_text("**/modules\n")
    with watching((Place(f"{root}/context", True), Place(str(root), True)), str(root / "store")) as found:
        yield found


def told(changes: Changes, root: Path) -> set[str]:
    return {path.removeprefix(f"{root}/") for path in changes.wait()}


def test_what_happens_is_told_also_in_folders_that_came_or_moved(changes: Changes, root: Path) -> None:
    (root / "app" / "modules" / "a" / "ignored").write_text("")
    (root / "store" / "blobs" / "blob").write_text("")
    (root / "app" / "src" / "deep" / "file").write_text("")
    assert told(changes, root) == {"app/src/deep/file"}
    (root / "app" / "src").rename(root / "lib" / "moved")
    assert {"app/src", "lib/moved"} <= told(changes, root)
    (root / "lib" / "moved" / "deep" / "file").unlink()
    assert told(changes, root) == {"lib/moved/deep/file"}
    (root / "new" / "deep").mkdir(parents=True)
    assert "new" in told(changes, root)
    (root / "new" / "deep").chmod(0o700)
    assert "new/deep" in told(changes, root)
    (root / "new" / "deep" / "file").symlink_to("nowhere")
    assert told(changes, root) == {"new/deep/file"}


def test_a_folder_that_was_not_there_or_is_another_one_now(changes: Changes, root: Path) -> None:
    context = root / "context"
    for name in ("one", "two"):
        context.mkdir()
        assert "context" in told(changes, root)
        (context / name).write_text("")
        assert told(changes, root) == {f"context/{name}"}
        context.rename(root / "store" / name)
        assert "context" in told(changes, root)


def test_a_folder_with_two_paths_is_told_by_both(root: Path) -> None:
    link = root / "link"
    link.symlink_to("app/src")
    places = (Place(f"{root}/app", True), Place(str(link), False, ("Buildfile",)))
    with watching(places, "/store") as changes:
        (root / "app" / "src" / "Buildfile").write_text("")
        assert told(changes, root) == {"app/src/Buildfile", "link/Buildfile"}
        (root / "app" / "src" / "other").write_text("")
        assert told(changes, root) == {"app/src/other"}


def test_more_than_the_kernel_keeps_is_a_change_of_everything(changes: Changes, root: Path) -> None:
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    for number in range(limit // 2 + 100):
        (root / "lib" / "src" / f"f{number}").touch()
    assert str(root) in changes.wait()


def test_too_many_programs_that_watch_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))  # the same answer of the kernel
    try:
        with pytest.raises(ContextError, match="too many programs") as caught, watching((), "/store"):
            pass
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert caught.value.code == "cannot-watch"
