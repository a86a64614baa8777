from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.errors import LayerError
from builder.layers.tree import Node, Tree
from builder.model.entry import Entry, Kind
from tests.layers.trees import layers


def directory(path: str, mode: int = 0o755) -> Entry:
    return Entry(path, Kind.DIRECTORY, mode)


def file(path: str, size: int = 0) -> Entry:
    return Entry(path, Kind.FILE, 0o644, size=size)


def link(path: str, target: str) -> Entry:
    return Entry(path, Kind.SYMLINK, 0o777, link=target)


def naive(tables: list[list[Entry]]) -> dict[str, Node]:
    """The same view by full scans of one dictionary per layer."""
    view: dict[str, Node] = {}
    for layer, table in enumerate(tables):
        for marker in table:
            if marker.kind is Kind.WHITEOUT:
                view = {p: n for p, n in view.items() if p != marker.path and not p.startswith(marker.path + "/")}
            if marker.kind is Kind.OPAQUE:
                view = {p: n for p, n in view.items() if not p.startswith(marker.path + "/")}
        for entry in table:
            if entry.kind in (Kind.WHITEOUT, Kind.OPAQUE):
                continue
            if entry.kind is not Kind.DIRECTORY:
                view = {p: n for p, n in view.items() if not p.startswith(entry.path + "/")}
            view[entry.path] = Node(entry, layer)
    return view


@settings(deadline=None)
@given(st.lists(layers().map(lambda layer: layer[0]), max_size=4))
def test_agrees_with_a_naive_merge(tables: list[list[Entry]]) -> None:
    tree = Tree.of(tables)
    wanted = naive(tables)
    walked = {node.entry.path: node for node in tree.walk()}
    assert walked.pop("") == Node(directory(""), -1)
    assert walked == wanted
    order = [os.fsencode(node.entry.path) for node in tree.walk()]
    assert order == sorted(order)
    for path, node in wanted.items():
        assert tree.get(path) == node
        inside = sorted((p for p in wanted if p.rpartition("/")[0] == path and "/" in p), key=os.fsencode)
        assert tree.children(path) == [p.rpartition("/")[2] for p in inside]


def test_implicit_parents_are_directories_unless_described_below() -> None:
    tree = Tree.of([[directory("tmp", 0o1777)], [file("tmp/x/y")]])
    assert tree.get("tmp") == Node(directory("tmp", 0o1777), 0)
    assert tree.get("tmp/x") == Node(directory("tmp/x"), 1)
    assert tree.children("tmp") == ["x"]


def test_an_implicit_parent_replaces_a_file() -> None:
    tree = Tree.of([[file("a")], [file("a/b")]])
    assert [node.entry.path for node in tree.walk("a")] == ["a", "a/b"]


def test_very_deep_paths() -> None:
    deep = "/".join(["d"] * 10_000)
    tree = Tree.of([[file(deep)], [Entry("d", Kind.WHITEOUT)]])
    assert tree.children("") == []
    assert Tree.of([[file(deep)]]).resolve(deep) == deep


def test_opaque_hides_lower_layers_only() -> None:
    tree = Tree.of([[directory("d"), file("d/old")], [directory("d"), Entry("d", Kind.OPAQUE), file("d/new")]])
    assert tree.children("d") == ["new"]


def test_hardlinks_show_the_content_of_their_own_layer() -> None:
    tree = Tree.of(
        [[file("a", 1), Entry("b", Kind.HARDLINK, link="a"), Entry("c", Kind.HARDLINK, link="b")], [file("a", 2)]]
    )
    for name in "bc":
        node = tree.get(name)
        assert node is not None
        assert tree.content(node) == file("a", 1)


def test_a_hardlink_to_nothing_is_refused() -> None:
    with pytest.raises(LayerError, match="not in its layer"):
        Tree.of([[file("a")], [Entry("b", Kind.HARDLINK, link="a")]])


RESOLVED = [
    ("a/f", True, "a/f"),
    ("/a/../../a//./f/", True, "a/f"),
    ("abs", True, "a"),
    ("abs", False, "abs"),
    ("abs/", False, "a"),
    ("abs/f", False, "a/f"),
    ("a/up/f", True, "a/f"),
    ("missing/../x", True, "x"),
    ("new/deep", True, "new/deep"),
    ("dangling", True, "nowhere/else"),
    ("", True, ""),
    ("/", True, ""),
]


@pytest.mark.parametrize(("path", "follow", "wanted"), RESOLVED)
def test_resolve(path: str, follow: bool, wanted: str) -> None:
    links = [link("a/up", "../../../a"), link("abs", "/a"), link("dangling", "nowhere/else")]
    assert Tree.of([[directory("a"), file("a/f"), *links]]).resolve(path, follow) == wanted


def test_a_symlink_loop_is_an_error() -> None:
    tree = Tree.of([[link("a", "b"), link("b", "a")]])
    with pytest.raises(LayerError) as caught:
        tree.resolve("a/x")
    assert caught.value.code == "symlink-loop"
    assert tree.resolve("a", follow_last=False) == "a"
