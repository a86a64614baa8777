"""Efficiency and waste, against naive models of the same."""

from __future__ import annotations

from hypothesis import given

from builder.images.stored import Image
from builder.layers.tree import Tree
from builder.layerview.analysis import Analysis, analysis_of, layer_marks
from builder.layerview.files import Selection, Wanted, files_of_layer, files_since_base
from builder.model import media_types
from builder.model.config import History, ImageConfig
from builder.model.descriptor import Descriptor
from builder.model.digest import Digest
from builder.model.manifest import Manifest
from builder.model.platform import Platform
from tests.support.stacks import Command, Stack, State, layers, stack_of

ALL = frozenset({"added", "changed", "removed", "unchanged"})


def analysis(stack: Stack) -> Analysis:
    blobs = [Descriptor(media_types.OCI_LAYER, Digest.of(bytes([n])), 1) for n in range(len(stack.tables))]
    history = tuple(History(f"layer {n}") for n in range(len(blobs)))
    config = ImageConfig(Platform("linux", "amd64"), diff_ids=tuple(blob.digest for blob in blobs), history=history)
    other = Descriptor(media_types.OCI_CONFIG, Digest.of(b"config"), 1)
    return analysis_of(Image(other, Manifest(other, tuple(blobs)), config), stack.tables)


def copies_of(stack: Stack) -> dict[str, list[int]]:
    """Per path the size of every copy; 0 where a layer took the file away."""
    copies: dict[str, list[int]] = {}
    before: State = {}
    for state, files in zip(stack.states, stack.files, strict=True):
        for path, file in files.items():
            copies.setdefault(path, []).append(len(file.content))
        for path, old in before.items():
            if old is not None and state.get(path) is None:
                copies[path].append(0)
        before = state
    return copies


@given(layers)
def test_figures_are_dives(scripts: list[list[Command]]) -> None:
    """As dive computes them, but that each file of a removed directory counts."""
    stack = stack_of(scripts)
    found, copies = analysis(stack), copies_of(stack)
    stored = sum(size for sizes in copies.values() for size in sizes)
    assert found.efficiency == (sum(min(sizes) for sizes in copies.values()) / stored if stored else 1)
    several = {path: sizes for path, sizes in copies.items() if len(sizes) > 1 and any(sizes)}
    assert {waste.path: waste.size_bytes for waste in found.wastes} == {p: sum(sizes) for p, sizes in several.items()}
    assert found.wasted_bytes == sum(size for sizes in several.values() for size in sizes)
    upper = sum(len(file.content) for files in stack.files[1:] for file in files.values())
    assert found.user_wasted_percent == (found.wasted_bytes / upper if upper else 0)


@given(layers)
def test_hidden_is_what_one_layer_would_not_store(scripts: list[list[Command]]) -> None:
    stack = stack_of(scripts)
    found = analysis(stack)
    squashed = sum(len(file.content) for file in stack.states[-1].values() if file)
    assert found.size_bytes - found.hidden_bytes == squashed
    assert found.hidden_bytes == sum(row.hidden_bytes for row in found.layers) <= found.wasted_bytes
    if not found.wasted_bytes:
        assert found.efficiency == 1


@given(layers)
def test_layers_say_what_they_did(scripts: list[list[Command]]) -> None:
    stack = stack_of(scripts)
    before: State = {}
    for number, (table, state) in enumerate(zip(stack.tables, stack.states, strict=True), 1):
        marks = layer_marks(Tree.of(stack.tables[: number - 1]), table)
        said = {path: mark.state for path, mark in marks.items()}
        expected = dict.fromkeys(state.keys() - before.keys(), "added")
        expected |= dict.fromkeys(before.keys() - state.keys(), "removed")
        expected |= {path: "changed" for path in before.keys() & state.keys() if before[path] != state[path]}
        assert said == expected
        shown = rows(files_of_layer(stack.tables, number).select(Wanted(ALL)))
        assert shown == {path: said.get(path, "unchanged") for path in state.keys() | before.keys()}
        since = rows(files_since_base(stack.tables, number).select(Wanted(ALL - {"unchanged"})))
        assert state.keys() - stack.states[0].keys() <= since.keys() or number == 1
        before = state


def rows(selection: Selection) -> dict[str, str]:
    return {row.path: row.state for row in selection.walk()}


def test_an_example_by_hand() -> None:
    stack = stack_of(
        [
            [("write", "a/big", b"x" * 100, 0o644), ("write", "b", b"y" * 10, 0o644)],
            [("write", "b", b"z" * 30, 0o644), ("write", "c", b"c" * 5, 0o644)],
            [("remove", "a", b"", 0)],
        ]
    )
    found = analysis(stack)
    assert [(row.added, row.changed, row.removed) for row in found.layers] == [(2, 0, 0), (1, 1, 0), (0, 0, 1)]
    assert [row.hidden_bytes for row in found.layers] == [110, 0, 0]
    assert [(waste.path, waste.copies, waste.size_bytes, waste.layers) for waste in found.wastes] == [
        ("a/big", 2, 100, (1, 3)),
        ("b", 2, 40, (1, 2)),
    ]
    assert (found.size_bytes, found.hidden_bytes, found.wasted_bytes) == (145, 110, 140)
    assert found.efficiency == (0 + 10 + 5) / 145
    assert found.user_wasted_percent == 140 / 35


def test_selection_filters_searches_and_sums() -> None:
    stack = stack_of(
        [
            [("write", f"{folder}/{name}", b"x" * size, 0o644) for folder, name, size in
             (("etc", "conf", 3), ("lib", "big", 100), ("lib", "small", 1))],
            [("write", "etc/conf", b"yy", 0o644), ("write", "etc/new", b"n", 0o644), ("remove", "lib/small", b"", 0)],
        ]
    )  # fmt: skip
    files = files_of_layer(stack.tables, 2)
    changed = files.select(Wanted(frozenset({"added", "changed", "removed"})))
    assert [(row.path, row.state, row.size_bytes) for row in changed.children()] == [
        ("etc", "unchanged", 3), ("lib", "unchanged", 1),
    ]  # fmt: skip
    assert [(row.name, row.state) for row in changed.children("etc")] == [("conf", "changed"), ("new", "added")]
    assert [(row.name, row.state) for row in changed.children("lib")] == [("small", "removed")]
    assert changed.count == 3
    by_size = files.select(Wanted(ALL, by_size=True))
    assert [row.name for row in by_size.children()] == ["lib", "etc"]
    found = files.select(Wanted(ALL, text="BIG"))
    assert (found.count, [row.name for row in found.children()]) == (1, ["lib"])
