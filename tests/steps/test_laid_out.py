"""Files of a context laid out for a mount: always what the context is now, whatever was laid out before."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.context.folder import FolderContext
from builder.context.select import Source
from builder.context.statindex import StatIndex
from builder.steps.laid_out import keep_laid_out
from builder.store.store import Store
from builder.store.trees import remove_tree

Tree = dict[str, tuple[str, int]]
"""By path: content, `None` content for a directory is spelt `/`, a link's target begins with `>`; and the mode."""

names = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a", "e"])
contents = st.sampled_from(["1", "22", "/", ">a", ">d/b"])
trees = st.dictionaries(names, st.tuples(contents, st.sampled_from([0o644, 0o755])), max_size=5)


def make(folder: str, tree: Tree) -> None:
    remove_tree(folder)
    os.mkdir(folder, 0o755)
    for path, (content, mode) in tree.items():
        place = os.path.join(folder, path)
        parent = os.path.dirname(place)
        if os.path.lexists(place) or not _can_be_made(parent, folder):
            continue
        if content == "/":
            os.mkdir(place)
        elif content.startswith(">"):
            os.symlink(content[1:], place)
            continue
        else:
            Path(place).write_text(content)
        os.chmod(place, mode | 0o100 * (content == "/"))
        os.utime(place, (1000, 1000))


def _can_be_made(parent: str, folder: str) -> bool:
    try:
        os.makedirs(parent, exist_ok=True)
    except OSError:
        return False
    return os.path.realpath(parent) == parent and parent.startswith(folder)


def seen(folder: str) -> dict[str, tuple[int, str]]:
    found = {}
    for above, folders, files in os.walk(folder):
        for name in folders + files:
            place = os.path.join(above, name)
            status = os.lstat(place)
            text = os.readlink(place) if stat.S_ISLNK(status.st_mode) else ""
            text = Path(place).read_text() if stat.S_ISREG(status.st_mode) else text
            found[os.path.relpath(place, folder)] = (status.st_mode, text)
    return found


def lay_out_whole(store: Store, context: str, opened: ExitStack) -> str | None:
    with closing(FolderContext(context, None, StatIndex.load(f"{context}.index"))) as tree:
        entry = tree.get("")
        assert entry
        return keep_laid_out(store, "key", Source("", entry, tuple(tree.walk(""))), tree.open, opened)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(trees, min_size=2, max_size=3))
def test_what_is_laid_out_is_what_the_context_is_now(tmp_path: Path, store: Store, versions: list[Tree]) -> None:
    context = str(tmp_path / "context")
    for tree in versions:
        make(context, tree)
        with ExitStack() as opened:
            place = lay_out_whole(store, context, opened)
            assert place
            assert seen(place) == seen(context)


def test_only_what_changed_is_written(tmp_path: Path, store: Store) -> None:
    context = str(tmp_path / "context")
    make(context, {"a": ("1", 0o644), "b": ("2", 0o644)})
    with ExitStack() as opened:
        place = lay_out_whole(store, context, opened)
        assert place
        before = os.stat(f"{place}/a").st_ino
    make(context, {"a": ("1", 0o644), "b": ("3", 0o644)})
    with ExitStack() as opened:
        assert lay_out_whole(store, context, opened) == place
    assert os.stat(f"{place}/a").st_ino == before


def test_what_is_shown_is_not_changed_by_another_build(tmp_path: Path, store: Store) -> None:
    context = str(tmp_path / "context")
    make(context, {"a": ("1", 0o644)})
    with ExitStack() as opened:
        place = lay_out_whole(store, context, opened)
        make(context, {"a": ("2", 0o644)})
        with ExitStack() as other:
            assert lay_out_whole(store, context, other) is None
        assert place
        assert Path(place, "a").read_text() == "1"
        make(context, {"a": ("1", 0o644)})
        with ExitStack() as other:
            assert lay_out_whole(store, context, other) == place


def test_a_lay_out_that_was_cut_short_is_made_anew(tmp_path: Path, store: Store) -> None:
    context = str(tmp_path / "context")
    make(context, {"a": ("1", 0o644), "b": ("2", 0o644)})
    with ExitStack() as opened:
        place = lay_out_whole(store, context, opened)
    assert place
    os.unlink(f"{os.path.dirname(place)}/state")
    Path(place, "a").write_text("half")
    with ExitStack() as opened:
        assert lay_out_whole(store, context, opened) == place
        assert seen(place) == seen(context)
