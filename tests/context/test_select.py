"""The same rules on a folder and on a stack of layers."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from builder.context.filetree import FileTree
from builder.context.folder import FolderContext
from builder.context.ignore import IgnoreRules
from builder.context.select import Source, select
from builder.context.stack import StackTree
from builder.context.statindex import StatIndex
from builder.errors import BuilderError, ContextError
from builder.layers.tree import Tree
from builder.model.entry import Entry, Kind

MakeTree = Callable[[Mapping[str, str]], FileTree]
"""From path to content; `-> target` makes a symlink, `= path` a hard link, an empty directory ends in a slash."""


@pytest.fixture(params=["folder", "stack"])
def make_tree(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeTree]:
    contexts = []

    def folder(files: Mapping[str, str]) -> FileTree:
        for path, content in files.items():
            _write(tmp_path, path, content)
        contexts.append(FolderContext(str(tmp_path), None, StatIndex("unused")))
        return contexts[-1]

    yield folder if request.param == "folder" else _stack
    for context in contexts:
        context.close()


def _write(root: Path, path: str, content: str) -> None:
    place = root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    if path.endswith("/"):
        place.mkdir(exist_ok=True)
    elif content.startswith("-> "):
        os.symlink(content[3:], place)
    elif content.startswith("= "):
        os.link(root / content[2:], place)
    else:
        place.write_text(content)


def _stack(files: Mapping[str, str]) -> FileTree:
    entries: dict[str, Entry] = {}
    for path, content in files.items():
        parts = path.rstrip("/").split("/")
        for count in range(1, len(parts)):
            above = "/".join(parts[:count])
            entries.setdefault(above, Entry(above, Kind.DIRECTORY, 0o755))
        entries["/".join(parts)] = _entry("/".join(parts), path, content)
    table = sorted(entries.values(), key=lambda entry: os.fsencode(entry.path))
    return StackTree(Tree.of([table]))


def _entry(clean: str, path: str, content: str) -> Entry:
    if path.endswith("/"):
        return Entry(clean, Kind.DIRECTORY, 0o755)
    if content.startswith("-> "):
        return Entry(clean, Kind.SYMLINK, 0o777, link=content[3:])
    if content.startswith("= "):
        return Entry(clean, Kind.HARDLINK, 0o644, link=content[2:])
    digest = hashlib.sha256(content.encode()).hexdigest()
    return Entry(clean, Kind.FILE, 0o644, size=len(content), digest=digest)


def shown(sources: list[Source]) -> list[tuple[str, str]]:
    """Relative destination and source of everything selected."""
    return [(one.entry.path, one.source) for source in sources for one in source.selected()]


PROJECT = {
    "app.py": "a",
    "b.py": "bb",
    "README": "r",
    "src/main.c": "m",
    "src/lib/x.c": "x",
    "src/lib/x.h": "h",
    "src-old/main.c": "o",
    "empty/": "",
}


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["app.py"], [("app.py", "app.py")]),
        (["/app.py/"], [("app.py", "app.py")]),
        (["../../src/../app.py"], [("app.py", "app.py")]),
        (["src/main.c", "b.py"], [("main.c", "src/main.c"), ("b.py", "b.py")]),
        (["src/lib"], [("x.c", "src/lib/x.c"), ("x.h", "src/lib/x.h")]),
        (["empty"], []),
        (["*.py"], [("app.py", "app.py"), ("b.py", "b.py")]),
        (["nothing*"], []),
        (["*/main.c"], [("main.c", "src/main.c"), ("main.c", "src-old/main.c")]),
        (["src/*/x.?"], [("x.c", "src/lib/x.c"), ("x.h", "src/lib/x.h")]),
        (["src/l*"], [("x.c", "src/lib/x.c"), ("x.h", "src/lib/x.h")]),
        (["[ab]*.py"], [("app.py", "app.py"), ("b.py", "b.py")]),
        (["src/[^l]*"], [("main.c", "src/main.c")]),
        (["src[/]main.c"], [("main.c", "src/main.c")]),
        (["**/x.c"], []),
        (["**/lib/x.c"], [("x.c", "src/lib/x.c")]),
        (["src/*.zzz"], []),
    ],
)
def test_sources(make_tree: MakeTree, paths: list[str], expected: list[tuple[str, str]]) -> None:
    assert shown(select(make_tree(PROJECT), paths)) == expected


def test_the_whole_tree(make_tree: MakeTree) -> None:
    (source,) = select(make_tree(PROJECT), ["."])
    assert source.is_directory
    found = shown([source])
    assert [path for path, _ in found] == sorted(path for path, _ in found)
    assert {path for path, _ in found} >= {"src", "src/lib", "src/lib/x.c", "empty", "app.py"}
    assert all(path == place for path, place in found)


def test_a_source_that_is_a_symlink_is_followed_and_inner_ones_are_kept(make_tree: MakeTree) -> None:
    tree = make_tree(
        {"real/f": "1", "real/inner": "-> /etc", "dir": "-> real", "file": "-> dir/f", "out": "-> ../../real"}
    )
    assert shown(select(tree, ["dir"])) == [("f", "real/f"), ("inner", "real/inner")]
    assert shown(select(tree, ["file"])) == [("file", "real/f")]
    assert shown(select(tree, ["out/f"])) == [("f", "real/f")]
    assert shown(select(tree, ["fil*"])) == [("file", "real/f")]
    assert shown(select(tree, ["dir/f*"])) == [("f", "real/f")]
    assert shown(select(tree, ["di*/f"])) == []
    inner = [one.entry for one in select(tree, ["dir"])[0].selected()][1]
    assert (inner.kind, inner.link) == (Kind.SYMLINK, "/etc")


def test_hard_links_stay_links_within_one_source_only(make_tree: MakeTree) -> None:
    tree = make_tree({"a": "x", "d/b": "= a", "d/c": "= a", "d/d": "y"})
    kinds = {one.entry.path: (one.entry.kind, one.entry.link) for one in select(tree, ["d"])[0].selected()}
    assert kinds == {"b": (Kind.FILE, ""), "c": (Kind.HARDLINK, "b"), "d": (Kind.FILE, "")}
    (alone,) = select(tree, ["d/c"])
    assert (alone.entry.kind, alone.entry.size) == (Kind.FILE, 1)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("ap.py", "did you mean 'app.py'?"),
        ("src/libs/x.c", "did you mean 'src/lib'?"),
        ("zzzzzz", None),
        ("missing/*.c", None),
        ("app.py/*", "'app.py' is not a directory"),
        ("app.py/inside", None),
    ],
)
def test_a_plain_path_must_exist(make_tree: MakeTree, path: str, hint: str | None) -> None:
    with pytest.raises(ContextError) as caught:
        select(make_tree(PROJECT), [path])
    assert caught.value.code == "source-not-found"
    assert repr(path) in caught.value.message
    assert caught.value.hint == hint


def test_a_dangling_or_looping_symlink_is_an_error(make_tree: MakeTree) -> None:
    tree = make_tree({"dangling": "-> nowhere", "loop": "-> loop"})
    for path in ("dangling", "dang*"):
        with pytest.raises(ContextError) as caught:
            select(tree, [path])
        assert "nowhere" in caught.value.message
    with pytest.raises(BuilderError) as loop:
        select(tree, ["loop"])
    assert loop.value.code == "symlink-loop"


def test_a_malformed_wildcard_is_an_error(make_tree: MakeTree) -> None:
    with pytest.raises(ContextError) as caught:
        select(make_tree(PROJECT), ["src/[a"])
    assert caught.value.code == "bad-pattern"


def test_the_hint_names_the_line_that_hides_a_path(tmp_path: Path) -> None:
    _write(tmp_path, "conf/secret", "s")
    context = FolderContext(str(tmp_path), IgnoreRules.parse("# none\nconf\n"), StatIndex("unused"))
    with pytest.raises(ContextError) as caught:
        select(context, ["conf/secret"], ignored_by=context.ignored_by)
    assert caught.value.hint == "line 2 of the ignore file hides it: conf"
    context.close()
