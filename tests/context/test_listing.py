from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.context.compare import describe_changes, pack_listing, unpack_listing
from builder.context.listing import make_listing, read_listing
from builder.context.select import Source
from builder.model.entry import Entry, Kind

ROOT = Entry("", Kind.DIRECTORY, 0o755)
FILE = Entry("src/app.py", Kind.FILE, 0o644, size=3, digest="ab" * 32)


def directory(*entries: Entry, place: str = "") -> Source:
    return Source(place.rpartition("/")[2], Entry(place, Kind.DIRECTORY, 0o755), tuple(entries))


def text(*entries: Entry) -> bytes:
    return make_listing([directory(*entries)]).text


def test_the_digest_is_the_same_on_every_machine() -> None:
    sources = [
        directory(
            Entry("s/d", Kind.DIRECTORY, 0o700),
            Entry("s/d/f", Kind.FILE, 0o644, size=1, digest="cd" * 32),
            Entry("s/d/h", Kind.HARDLINK, 0o644, link="s/d/f"),
            Entry("s/l", Kind.SYMLINK, 0o777, link="d/f"),
            Entry("s/x", Kind.FILE, 0o755, 1, 2, 1, 9, "", (0, 0), (("user.a", b"\0"),), "ef" * 32),
            Entry("s/\udcff", Kind.CHAR_DEVICE, 0o600, device=(1, 3)),
            place="s",
        ),
        Source("name", FILE, ()),
    ]
    assert make_listing(sources).digest == "b7d3d7ab4ec35691a51826dd2dc3300e4098d3c68deeb225cebd1b9df74a5d4e"


@pytest.mark.parametrize(
    "change",
    [
        {"path": "src/app.pz"},
        {"kind": Kind.FIFO},
        {"mode": 0o755},
        {"size": 4},
        {"digest": "cd" * 32},
        {"uid": 1},
        {"gid": 1},
        {"kind": Kind.SYMLINK, "link": "x"},
        {"kind": Kind.SYMLINK, "link": "y"},
        {"kind": Kind.CHAR_DEVICE, "device": (1, 0)},
        {"xattrs": (("user.a", b"1"),)},
    ],
)
def test_everything_that_ends_up_in_the_layer_counts(change: dict[str, object]) -> None:
    changed = FILE._replace(**change)  # type: ignore[arg-type]
    assert make_listing([directory(changed)]).digest != make_listing([directory(FILE)]).digest


def test_times_and_the_place_of_the_source_do_not_count() -> None:
    here = make_listing([directory(FILE._replace(path="a/f", mtime=1), place="a")])
    there = make_listing([directory(FILE._replace(path="deep/b/f", mtime=2), place="deep/b")])
    assert here.digest == there.digest
    assert list(read_listing(there.text)) == ["deep/b/f"]


def test_sources_are_told_apart() -> None:
    one, two = FILE._replace(path="a"), FILE._replace(path="b")
    together = make_listing([directory(one, two)])
    apart = make_listing([directory(one), directory(two)])
    swapped = make_listing([directory(two), directory(one)])
    assert len({together.digest, apart.digest, swapped.digest}) == 3
    assert make_listing([Source("a", one, ())]).digest != make_listing([directory(one)]).digest


words = st.text(min_size=1).filter(lambda word: "\0" not in word and word.isprintable() and "/" not in word)


@given(st.dictionaries(words, st.one_of(st.none(), words), min_size=1))
def test_a_listing_reads_back(files: dict[str, str | None]) -> None:
    entries = [
        Entry(path, Kind.SYMLINK, 0o777, 5, 6, link=link) if link else FILE._replace(path=path)
        for path, link in files.items()
    ]
    listed = read_listing(text(*entries))
    assert {path: found.link or None for path, found in listed.items()} == files
    assert all(found.owner == ("5:6" if found.link else "0:0") for found in listed.values())


def changed(**change: object) -> str:
    return describe_changes(text(FILE), text(FILE._replace(**change)))  # type: ignore[arg-type]


def test_what_changed_is_said_in_words() -> None:
    assert describe_changes(text(FILE), text(FILE)) == ""
    assert changed(digest="cd" * 32) == "1 file changed: src/app.py (content)"
    assert changed(mode=0o755) == "mode of src/app.py 0644 -> 0755"
    assert changed(uid=7) == "owner of src/app.py 0:0 -> 7:0"
    assert changed(kind=Kind.SYMLINK, link="x") == "1 file changed: src/app.py (file -> symlink)"
    assert changed(xattrs=(("user.a", b""),)) == "1 file changed: src/app.py (attribute user.a added)"
    labelled = FILE._replace(xattrs=(("user.a", b"1"), ("user.b", b"")))
    other = FILE._replace(xattrs=(("user.a", b"2"), ("user.c\n", b"")))
    assert describe_changes(text(labelled), text(other)) == (
        "1 file changed: src/app.py (attribute user.a changed, attribute user.b removed, attribute user.c\\n added)"
    )
    assert changed(path="src/new") == "src/app.py renamed to src/new"
    assert changed(mtime=5) == ""


def test_a_folder_stands_for_what_is_in_it() -> None:
    folder = [Entry("d", Kind.DIRECTORY, 0o755), FILE._replace(path="d/a"), Entry("d/e", Kind.DIRECTORY, 0o755)]
    assert describe_changes(text(), text(*folder)) == "1 folder added (d/ with 1 file)"
    assert describe_changes(text(*folder, FILE), text()) == "1 file and 1 folder removed (d/ with 1 file, src/app.py)"
    moved = [entry._replace(path=entry.path.replace("d", "other", 1)) for entry in folder]
    assert describe_changes(text(*folder), text(*moved)) == "d/ renamed to other/"
    assert describe_changes(text(FILE), text(*folder)) == "1 folder added (d/), src/app.py renamed to d/a"
    edited = [moved[0], moved[1]._replace(digest="cd" * 32), moved[2]]
    assert (
        describe_changes(text(*folder), text(*edited))
        == "1 folder added (other/ with 1 file), 1 folder removed (d/ with 1 file)"
    )


def test_many_renamed_files_take_no_time() -> None:
    before = [FILE._replace(path=f"f{number}", digest=f"{number:064x}") for number in range(20_000)]
    after = [entry._replace(path=f"x{entry.path}") for entry in before]
    assert describe_changes(text(*before), text(*after)).endswith(" 19997 more")


def test_long_lists_are_cut() -> None:
    files = [FILE._replace(path=f"f{number}") for number in range(9)]
    assert describe_changes(text(), text(*files), limit=2) == "9 files added (f0, f1 and 7 more)"


def test_names_cannot_steer_the_terminal() -> None:
    assert describe_changes(text(), text(FILE._replace(path="a\x1b[2J\n\udcff"))) == "1 file added (a\\x1b[2J\\n\\xff)"


def test_listings_are_kept_small_and_damage_is_noticed() -> None:
    listing = text(*[FILE._replace(path=f"f{number}") for number in range(1000)])
    packed = pack_listing(listing)
    assert len(packed) < len(listing) / 5
    assert unpack_listing(packed) == listing
    assert unpack_listing(b"x" + packed) is None


PIECES = st.lists(st.sampled_from(["d1 ", "f2 x", "a", "f644 1 ab", "d9"])).map("\0".join).map(str.encode)


@given(st.binary(max_size=60) | PIECES)
def test_what_is_no_listing_is_told_as_such(data: bytes) -> None:
    with suppress(ValueError, KeyError):
        describe_changes(data, text(FILE))
