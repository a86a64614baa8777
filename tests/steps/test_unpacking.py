"""Where the members of an archive go."""

from __future__ import annotations

import pytest

from builder.errors import ContextError
from builder.model.entry import Entry, Kind
from builder.steps.owner import Owner
from builder.steps.place import Item, NewDirectory, Placement
from builder.steps.unpacking import place_members

BELOW = {
    "app": Entry("app", Kind.DIRECTORY, 0o750, 3, 4),
    "app/link": Entry("app/link", Kind.SYMLINK, 0o777, link="/data"),
    "app/data": Entry("app/data", Kind.DIRECTORY, 0o755),
    "app/astray": Entry("app/astray", Kind.SYMLINK, 0o777, link="/app/data"),
}


def placed(dest: str, *members: Entry, owner: Owner | None = None) -> dict[str, Entry]:
    placement = Placement(BELOW.get)
    place_members([Item(entry) for entry in members], placement, dest, NewDirectory(0o700), owner)
    return {item.entry.path: item.entry for item in placement.items()}


def test_the_archives_own_root_does_not_touch_the_destination() -> None:
    root, file = Entry("", Kind.DIRECTORY, 0o777, 8, 9), Entry("f", Kind.FILE, 0o600)
    assert placed("/app", root, file) == {"app": BELOW["app"], "app/f": file._replace(path="app/f")}
    assert placed("/new", root)["new"] == Entry("new", Kind.DIRECTORY, 0o755)
    assert placed("/", root, file) == {"f": file}


def test_links_of_the_image_are_followed_and_hard_links_with_them() -> None:
    members = [Entry("link/a", Kind.FILE, 0o644), Entry("link/b", Kind.HARDLINK, link="link/a")]
    found = placed("/app", *members, owner=Owner(5, 6))
    assert found["app/data/a"] == Entry("app/data/a", Kind.FILE, 0o644, 5, 6)
    assert found["app/data/b"] == Entry("app/data/b", Kind.HARDLINK, uid=5, gid=6, link="app/data/a")


def test_the_destination_is_the_root_of_absolute_links_and_none_may_lead_to_nothing() -> None:
    with pytest.raises(ContextError) as caught:
        placed("/app", Entry("astray/a", Kind.FILE, 0o644))
    assert caught.value.code == "link-to-nothing"
