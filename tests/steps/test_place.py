"""Destinations, as BuildKit resolves them."""

from __future__ import annotations

import pytest

from builder.errors import ContextError, LayerError
from builder.model.entry import Entry, Kind
from builder.steps.place import Item, NewDirectory, Placement

BELOW = {
    entry.path: entry
    for entry in (
        Entry("bin", Kind.SYMLINK, 0o777, link="usr/bin"),
        Entry("usr", Kind.DIRECTORY, 0o755, mtime=7),
        Entry("usr/bin", Kind.DIRECTORY, 0o755),
        Entry("usr/bin/sh", Kind.FILE, 0o755),
        Entry("up", Kind.SYMLINK, 0o777, link="../../usr/bin"),
        Entry("abs", Kind.SYMLINK, 0o777, link="/usr"),
        Entry("loop", Kind.SYMLINK, 0o777, link="loop"),
        Entry("tmp", Kind.DIRECTORY, 0o1777, 5, 6, mtime=9),
    )
}


def placement() -> Placement:
    return Placement(BELOW.get)


def file(path: str) -> Item:
    return Item(Entry(path, Kind.FILE, 0o644))


def paths(placed: Placement) -> list[str]:
    return [item.entry.path for item in placed.items()]


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("bin/x", "usr/bin/x"),
        ("up/x", "usr/bin/x"),
        ("abs/bin", "usr/bin"),
        ("new/../bin", "usr/bin"),
        ("../../x", "x"),
        ("", ""),
    ],
)
def test_symlinks_of_the_destination_are_followed_inside_the_root(path: str, resolved: str) -> None:
    assert placement().resolve(path) == resolved


def test_a_loop_of_symlinks_is_an_error() -> None:
    with pytest.raises(LayerError) as caught:
        placement().resolve("loop/x")
    assert caught.value.code == "symlink-loop"


def test_directories_above_keep_what_they_have_and_are_said_in_the_layer() -> None:
    placed = placement()
    placed.put(file("tmp/a"))
    assert [item.entry for item in placed.items()] == [BELOW["tmp"], Entry("tmp/a", Kind.FILE, 0o644)]


def test_missing_directories_are_made_on_the_way() -> None:
    placed = placement()
    placed.make_directories("usr/lib/x", NewDirectory(0o750, 1, 2, 3))
    assert paths(placed) == ["usr", "usr/lib", "usr/lib/x"]
    assert placed.get("usr/lib") == Entry("usr/lib", Kind.DIRECTORY, 0o750, 1, 2, mtime=3)
    assert placed.get("usr") == BELOW["usr"]


def test_a_file_never_replaces_a_directory_nor_the_other_way_round() -> None:
    with pytest.raises(ContextError, match="cannot replace the directory"):
        placement().put(file("tmp"))
    with pytest.raises(ContextError, match="cannot copy a directory over"):
        placement().put_directory(Entry("usr/bin/sh", Kind.DIRECTORY), overwrite=True)
    with pytest.raises(ContextError, match="is not a directory"):
        placement().make_directories("usr/bin/sh/x", NewDirectory())


def test_only_nested_directories_take_the_metadata_of_the_source() -> None:
    placed = placement()
    placed.put_directory(Entry("tmp", Kind.DIRECTORY, 0o700), overwrite=False)
    assert placed.get("tmp") == BELOW["tmp"]
    placed.put_directory(Entry("tmp", Kind.DIRECTORY, 0o700), overwrite=True)
    assert placed.get("tmp") == Entry("tmp", Kind.DIRECTORY, 0o700)


def test_an_unpacked_file_replaces_a_directory_and_hides_what_was_in_it() -> None:
    placed = placement()
    placed.put(file("usr/bin/new"))
    placed.replace(file("usr/bin"))
    assert placed.get("usr/bin/sh") is None
    assert paths(placed) == ["usr", "usr/bin"]


def test_entries_come_sorted_by_bytes() -> None:
    placed = Placement(lambda _path: None)
    for path in ("b", "a/x", "a-b", "a", "é", "\udcff"):
        placed.replace(Item(Entry(path, Kind.FILE)))
    assert paths(placed) == ["a", "a-b", "a/x", "b", "é", "\udcff"]


def test_hard_links_outlive_what_they_link_to() -> None:
    """Whether that is replaced or goes with its directory: the first link becomes the file, the others link to it."""
    placed = Placement(lambda _path: None)
    placed.replace(Item(Entry("d/f", Kind.FILE, 0o640)))
    for link in ("c", "b"):
        placed.replace(Item(Entry(link, Kind.HARDLINK, link="d/f")))
    placed.make_directories("d", NewDirectory())
    placed.replace(file("d"))
    assert [item.entry for item in placed.items()] == [
        Entry("b", Kind.FILE, 0o640),
        Entry("c", Kind.HARDLINK, link="b"),
        file("d").entry,
    ]


def test_ten_thousand_directories_deep() -> None:
    placed = placement()
    deep = "/".join(["d"] * 10_000)
    placed.make_directories(deep, NewDirectory())
    assert placed.resolve(f"{deep}/") == deep
    placed.put(file(f"{deep}/f"))
    assert len(placed.items()) == 10_001
