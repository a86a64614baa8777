"""`--parents` and `--exclude`, on a folder and on a stack of layers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.context.ignore import IgnoreRules
from builder.context.narrowing import Choice, Narrowing
from builder.context.select import Source, select
from builder.errors import ContextError
from builder.model.entry import Entry, Kind
from tests.context.test_select import MakeTree, make_tree, shown

__all__ = ["make_tree"]

PROJECT = {
    "top.txt": "t",
    "a/one.txt": "1",
    "a/b/two.md": "2",
    "a/b/c/three.txt": "3",
    "a/empty/": "",
    "a/link": "-> b",
    "z/b/four.txt": "4",
}


class Forgetful:
    """Counts what it is asked to remember."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.recalled = 0

    def recall(self, key: str) -> str | None:
        self.recalled += key in self.texts
        return self.texts.get(key)

    def remember(self, key: str, text: str) -> None:
        self.texts[key] = text


def narrowing(*exclude: str, parents: bool = False, of_context: bool = True) -> Narrowing:
    return Narrowing(parents, exclude, Forgetful(), of_context)


def kept(sources: list[Source]) -> list[str]:
    """Relative destinations; a directory that is only led through in parentheses."""
    return [
        f"({one.entry.path})" if one.is_leading else one.entry.path for source in sources for one in source.selected()
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a/one.txt", ["(a)", "a/one.txt"]),
        ("./a//b/../one.txt", ["(a)", "a/one.txt"]),
        ("a/b/", ["(a)", "a/b", "a/b/c", "a/b/c/three.txt", "a/b/two.md"]),
        ("a/./b/two.md", ["(b)", "b/two.md"]),
        ("a/b/./c", ["c", "c/three.txt"]),
        ("a/**/*.txt", ["(a)", "(a/b)", "(a/b/c)", "a/b/c/three.txt", "a/one.txt"]),
        ("*/./b/*.*", ["(b)", "b/two.md", "(b)", "b/four.txt"]),
        ("a/link", ["(a)", "a/link"]),
        ("a/link/two*", []),
        ("a/link/./two*", ["two.md"]),
        ("a/empty", ["(a)", "a/empty"]),
        ("nothing/*", []),
    ],
)  # fmt: skip
def test_parents_keep_the_directories_of_a_source(make_tree: MakeTree, source: str, expected: list[str]) -> None:
    assert kept(select(make_tree(PROJECT), [source], narrowing=narrowing(parents=True))) == expected


@pytest.mark.parametrize("source", ["a/nothing", "a/./nothing", "nothing/./*", "a/link/two.md", "a/link/./two.md", "."])
def test_what_a_plain_source_with_parents_names_must_be_there(make_tree: MakeTree, source: str) -> None:
    with pytest.raises(ContextError) as caught:
        select(make_tree(PROJECT), [source], narrowing=narrowing(parents=True))
    assert caught.value.code == "source-not-found"


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["b"], ["empty", "link", "one.txt"]),
        (["**/*.txt", "empty"], ["b", "b/c", "b/two.md", "link"]),
        (["*", "!b/c/three.txt"], ["(b)", "(b/c)", "b/c/three.txt"]),
        (["b", "!b/c"], ["(b)", "b/c", "b/c/three.txt", "empty", "link", "one.txt"]),
        (["/b", "a/b", " one.txt "], ["b", "b/c", "b/c/three.txt", "b/two.md", "empty", "link"]),
        (["**"], []),
    ],
)
def test_exclude_leaves_out_below_the_source(make_tree: MakeTree, patterns: list[str], expected: list[str]) -> None:
    assert kept(select(make_tree(PROJECT), ["a"], narrowing=narrowing(*patterns))) == expected


def test_exclude_does_not_touch_a_file_that_is_named_or_matched(make_tree: MakeTree) -> None:
    """buildkit#5489: the reference shows otherwise."""
    found = select(make_tree(PROJECT), ["a/one.txt", "*.txt"], narrowing=narrowing("*.txt"))
    assert shown(found) == [("one.txt", "a/one.txt"), ("top.txt", "top.txt")]


def test_a_plain_source_that_is_left_out_is_missing(make_tree: MakeTree) -> None:
    with pytest.raises(ContextError, match=r"--exclude leaves nothing of 'a/one\.txt'"):
        select(make_tree(PROJECT), ["a/one.txt"], narrowing=narrowing("a/one.txt", parents=True))


@pytest.mark.parametrize("source", [".", "/", "a/.//", "a/b/./."])
def test_a_directory_itself_is_named_so(make_tree: MakeTree, source: str) -> None:
    with pytest.raises(ContextError, match="names the directory itself"):
        select(make_tree(PROJECT), [source], narrowing=narrowing(parents=True))


@pytest.mark.parametrize("source", ["/a/link/two.md", "a/link/./two.md", "a/./link/two.md"])
def test_a_symlink_on_the_way_is_named(make_tree: MakeTree, source: str) -> None:
    with pytest.raises(
        ContextError, match=r"through the symlink 'a/link'.*, which --parents does not follow"
    ) as caught:
        select(make_tree(PROJECT), [source], narrowing=narrowing(parents=True))
    assert caught.value.hint == "name what it leads to: 'a/b/two.md'"


def test_a_file_before_the_pivot_counts_in_stages_only(make_tree: MakeTree) -> None:
    tree = make_tree({"file": "f", "d/x": "x"})
    assert kept(select(tree, ["*/./x"], narrowing=narrowing(parents=True))) == ["x"]
    assert kept(select(tree, ["*/./*"], narrowing=narrowing(parents=True, of_context=False))) == ["x", "file"]


def test_a_hard_link_takes_the_place_of_the_file_that_is_left_out(make_tree: MakeTree) -> None:
    tree = make_tree({"d/a/1": "one", "d/b/1": "= d/a/1", "d/c/1": "= d/a/1"})
    (source,) = select(tree, ["d"], narrowing=narrowing("a"))
    assert [(entry.path, entry.kind.value, entry.link) for entry in source.below] == [
        ("d/b", "d", ""),
        ("d/b/1", "f", ""),
        ("d/c", "d", ""),
        ("d/c/1", "h", "d/b/1"),
    ]


def test_what_cannot_be_chosen_is_not_read(tmp_path: Path) -> None:
    choice = Choice("", IgnoreRules.of_patterns(["a/b", "c/*/d"], Forgetful()), None)
    assert [path for path in ("a", "a/b", "a/b/x", "a/c", "c/any", "d") if choice.enters(path)] == [
        "a", "a/b", "a/b/x", "c/any",
    ]  # fmt: skip
    choice = Choice("top", None, IgnoreRules.of_patterns(["a/b"], Forgetful()))
    assert [path for path in ("top/a", "top/a/b", "top/a/b/c") if choice.enters(path)] == ["top/a"]


@pytest.mark.parametrize("pattern", ["!", "[", "a[", "\\"])
def test_malformed_patterns_are_errors(make_tree: MakeTree, pattern: str) -> None:
    with pytest.raises(ContextError) as caught:
        select(make_tree(PROJECT), ["a"], narrowing=narrowing(pattern))
    assert caught.value.code == "bad-pattern"


def test_patterns_are_translated_once() -> None:
    memory = Forgetful()
    first = IgnoreRules.of_patterns(["a", "!b/*"], memory)
    assert IgnoreRules.of_patterns(["a", "!b/*"], memory).rules == first.rules
    assert memory.recalled == 1
    assert IgnoreRules.of_patterns(["#a", "/b"], memory).rules != IgnoreRules.parse("#a\n/b").rules


NAMES = st.sampled_from(["a", "b", "ab", "x.c"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PATTERNS = st.lists(st.sampled_from(["a", "*", "**", "b", "*.c", "a*", "?"]), min_size=1, max_size=3).map("/".join)


@given(st.lists(PATHS, max_size=12), st.lists(st.tuples(st.booleans(), PATTERNS), max_size=4), st.lists(PATTERNS))
def test_every_choice_is_what_the_patterns_say_of_each_path(
    paths: list[str], exclude: list[tuple[bool, str]], include: list[str]
) -> None:
    entries = _tree(paths)
    excluding = IgnoreRules.of_patterns(["!" * back + pattern for back, pattern in exclude], Forgetful())
    including = IgnoreRules.of_patterns(include, Forgetful())
    choice = Choice("", including if include else None, excluding if exclude else None)
    chosen = {entry.path for entry in choice.choose(entries)}
    for entry in entries:
        path = entry.path
        wanted = (not include or including.excluded(path)) and not (exclude and excluding.excluded(path))
        assert (path in chosen - choice.leading) == wanted or not _reached(path, choice)
        if path in chosen and "/" in path:
            assert path.rpartition("/")[0] in chosen


def _reached(path: str, choice: Choice) -> bool:
    parts = path.split("/")[:-1]
    return all(choice.enters("/".join(parts[: count + 1])) for count in range(len(parts)))


def _tree(paths: list[str]) -> list[Entry]:
    kinds: dict[str, Kind] = {}
    for path in paths:
        parts = path.split("/")
        for count in range(1, len(parts)):
            kinds["/".join(parts[:count])] = Kind.DIRECTORY
        kinds.setdefault(path, Kind.FILE)
    return [Entry(path, kinds[path]) for path in sorted(kinds)]
