from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from builder.model.digest import Digest
from builder.store.snapshots import Staging
from builder.store.store import Store
from builder.store.trees import remove_tree

DIFF_ID = Digest.of(b"layer")


def fill(staging: Staging, content: str) -> None:
    with open(f"{staging.upper}/file", "w", encoding="utf-8") as file:
        file.write(content)


def adopt(store: Store, content: str) -> str:
    with store.snapshots.staging() as staging:
        fill(staging, content)
        return store.snapshots.adopt(DIFF_ID, staging)


def content_of(path: str | None) -> str:
    with open(f"{path}/file", encoding="utf-8") as file:
        return file.read()


def test_staging_is_adopted_as_the_snapshot(store: Store) -> None:
    assert store.snapshots.path(DIFF_ID) is None
    path = adopt(store, "one")
    assert store.snapshots.path(DIFF_ID) == path
    assert content_of(path) == "one"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o755
    assert os.listdir(store.snapshots.folder(DIFF_ID)) == ["fs"]
    assert store.snapshots.all() == [DIFF_ID]


def test_whoever_was_first_is_used_and_ours_is_removed(store: Store) -> None:
    first = adopt(store, "one")
    assert adopt(store, "two") == first
    assert content_of(first) == "one"
    store.close()
    assert os.listdir(f"{store.root}/tmp") == []


def test_staging_without_adoption_leaves_nothing(store: Store) -> None:
    with store.snapshots.staging() as staging:
        fill(staging, "one")
    assert not os.path.exists(staging.root)
    assert store.snapshots.all() == []


def test_what_an_overlay_leaves_in_its_work_directory_goes_with_the_snapshot(store: Store) -> None:
    with store.snapshots.staging() as staging:
        os.makedirs(f"{staging.work}/work/incompat/volatile")
        os.chmod(f"{staging.work}/work", 0o000)
        store.snapshots.adopt(DIFF_ID, staging)
    store.snapshots.remove(DIFF_ID)
    assert os.listdir(f"{store.root}/snapshots") == []


def test_removal_goes_through_the_remover(store: Store) -> None:
    adopt(store, "one")
    seen: list[str] = []

    def refuse(path: str) -> None:
        seen.append(path)
        raise PermissionError(path)

    store.snapshots.remove(DIFF_ID, refuse)
    assert store.snapshots.path(DIFF_ID) is None
    assert store.snapshots.all() == []
    assert os.path.isdir(seen[0]), "what could not be removed waits"
    store.snapshots.bury_dead(remove_tree)
    assert os.listdir(f"{store.root}/snapshots") == []
    store.snapshots.remove(DIFF_ID, refuse)


def test_staging_that_cannot_be_removed_waits_for_a_stronger_remover(store: Store) -> None:
    def refuse(path: str) -> None:
        raise PermissionError(path)

    with store.snapshots.staging(refuse) as staging:
        fill(staging, "one")
    store.close()
    with Store.open(store.root) as again:
        again.temporary.bury_dead(remove_tree)
    assert os.listdir(f"{store.root}/tmp") == []


@pytest.mark.parametrize("name", ["open", "scandir", "unlink", "rmdir"])
@pytest.mark.parametrize("moment", range(6))
def test_two_may_remove_the_same_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, moment: int) -> None:
    """At whatever entry one is overtaken by the other."""
    tree = tmp_path / "tree"
    for folder in ("a/b", "c"):
        (tree / folder).mkdir(parents=True)
        (tree / folder / "file").touch()
    call, moments = getattr(os, name), iter(range(100))

    def overtaken(*args: Any, **options: Any) -> Any:
        if next(moments) == moment:
            shutil.rmtree(tree)
        return call(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr("builder.store.trees.os", SimpleNamespace(**vars(os) | {name: overtaken}))
        remove_tree(str(tree))
    assert not tree.exists()


def test_deep_trees_and_closed_directories_are_removed(store: Store) -> None:
    with store.snapshots.staging() as staging:
        here = os.open(staging.upper, os.O_RDONLY)
        for _ in range(3000):
            os.mkdir("d" * 40, dir_fd=here)
            below = os.open("d" * 40, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = below
        os.close(here)
        os.symlink("/", f"{staging.upper}/link")
        os.makedirs(f"{staging.upper}/closed/inner")
        os.chmod(f"{staging.upper}/closed", 0o000)
    assert not os.path.exists(staging.root)
    remove_tree(staging.root)
