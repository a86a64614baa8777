from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.context.ignore import NOT_EXCLUDED, IgnoreRules, clean, find_ignore_file
from builder.errors import ContextError, Problems

CASES = [
    # anchored at the root, parents cover children
    ("foo", "foo", True),
    ("foo", "foo/bar", True),
    ("foo", "a/foo", False),
    ("/foo/", "foo/x", True),
    ("./foo/../bar", "bar", True),
    ("foo/bar", "foo", False),
    # wildcards stay within a part
    ("*.txt", "a.txt", True),
    ("*.txt", "d/a.txt", False),
    ("*/*.txt", "d/a.txt", True),
    ("a?c", "abc/x", True),
    ("[a-c]1", "b1", True),
    ("[^a]1", "b1", True),
    ("[!a]1", "!1", True),  # `!` does not negate
    # any depth
    ("**/foo", "foo", True),
    ("**/foo", "a/b/foo/c", True),
    ("**/foo", "a/xfoo", False),
    ("**foo", "a/xfoo", True),
    ("**/*.o", "x.o", True),
    ("**/*.o", "a/b/x.o", True),
    ("a/**/z", "a/z", True),
    ("a/**/z", "a/b/c/z", True),
    ("a/**", "a/b", True),
    ("a/**", "a", False),
    ("**", "anything/at all", True),
    # lines
    ("# foo", "# foo", False),
    (" # foo", "# foo", True),
    ("  foo \t", "foo", True),
    ("\ufefffoo", "foo", True),
    ("foo\r\nbar\r\n", "bar", True),
    ("", "foo", False),
    ("/", "foo", False),
    (".", "foo", False),
    # escapes
    ("\\#foo", "#foo", True),
    ("\\!foo", "!foo", True),
    ("a\\*b", "a*b", True),
    ("a\\*b", "axb", False),
    # what only the translation to Go's expressions explains
    ("[*]", "[]", True),
    ("x\\d*", "x1", True),
    # exceptions: the last match decides
    ("foo\n!foo", "foo", False),
    ("!foo\nfoo", "foo", True),
    ("foo\n!foo/keep", "foo/keep", False),
    ("foo\n!foo/keep", "foo/other", True),
    ("foo\n!/foo/keep\nfoo/keep/x", "foo/keep/x", True),
    ("**/*.md\n!README.md", "README.md", False),
    ("**/*.md\n!README.md", "d/README.md", True),
    ("! foo\n*\n!foo", "foo", False),
    # the transfer asks a line only where it matters, and does not ask again below
    ("foo/bar\n!foo", "foo/bar/x", True),
    ("d\n!d/x\nd", "d/x", False),
]


@pytest.mark.parametrize(("text", "path", "expected"), CASES)
def test_docker_ignores_what_docker_ignores(text: str, path: str, expected: bool) -> None:
    assert IgnoreRules.parse(text).excluded(path) is expected


def test_many_stars_do_not_explode() -> None:
    rules = IgnoreRules.parse("*a" * 60 + "b\n" + "**/" * 200 + "z\n")
    assert not rules.excluded("a" * 250)
    assert not rules.excluded("a/" * 100 + "a")


@given(st.text("ab*?/", min_size=1, max_size=10), st.text("ab/", min_size=1, max_size=8))
def test_committing_to_the_first_fit_loses_none(pattern: str, path: str) -> None:
    """Single stars only, so that a plain expression says what is meant."""
    pattern, path = re.sub(r"\*+", "*", clean("/" + pattern)[1:]), clean("/" + path)[1:]
    plain = re.escape(pattern).replace(r"\*", "[^/]*").replace(r"\?", "[^/]")
    parents = [path[:end] for end in [*(found.start() for found in re.finditer("/", path)), len(path)]]
    expected = bool(pattern) and any(re.fullmatch(plain, parent) for parent in parents)
    assert IgnoreRules.parse(pattern).excluded(path) is expected


@pytest.mark.parametrize("line", ["!", "! ", "!/", "[", "a[", "\\", "[]", "[z-a]", "a/*[", "\\pL*", "[[:nothing:]]"])
def test_a_malformed_line_is_an_error_that_names_it(line: str) -> None:
    with pytest.raises(ContextError) as caught:
        IgnoreRules.parse(f"good\n{line}\n", "app.dockerignore")
    assert caught.value.code == "bad-pattern"
    assert caught.value.span
    assert caught.value.span[:3] == ("app.dockerignore", 2, 2)
    assert caught.value.span.text == line


@pytest.mark.parametrize("line", ["[a]{1001}", f"[a]{{{'1' * 6000}}}", f"[a]{{1,{'9' * 6000}}}"])
def test_a_count_that_is_too_large_is_malformed(line: str) -> None:
    with pytest.raises(ContextError, match="malformed pattern"):
        IgnoreRules.parse(line)


def test_all_malformed_lines_are_told_together() -> None:
    with pytest.raises(Problems) as caught:
        IgnoreRules.parse("[\nfine\n!\n")
    assert [error.span.line for error in caught.value.errors if error.span] == [1, 3]


@pytest.mark.parametrize(
    ("text", "directory", "expected"),
    [
        ("foo", "foo", True),
        ("foo\n!foo/a", "foo", False),
        ("foo\n!foo/a/**", "foo/b", True),
        ("foo\n!bar", "foo", True),
        ("foo\n!**/x", "foo", False),
        ("foo\n!foo/*/**", "foo/a", True),  # BuildKit loses foo/a/b
        ("foo\n!foo/*/**\n!b*", "foo/a", False),
        ("*\n!src\n!package*.json", "modules", True),
        ("*\n!src\n!package*.json", "package.json", False),  # it might be a folder
        ("modules\n!docs/**/*.md", "modules", True),
        ("docs\n!docs/**/*.md", "docs/a/b", False),
        ("**/modules\n!packages/*/src", "packages/a/modules", True),
        ("**/modules\n!packages/*/src", "packages/a", False),
        ("**/modules\n!packages/*/src", "modules", True),
        ("foo\n![a/]b/c", "foo", False),
        ("foo\n!x|foo/*/b", "foo", False),
        ("foo\n!fo?", "foo", False),
        ("foo\n!fo?/x", "foo", False),
        ("a.b\n!a+b/c", "a.b", True),
    ],
)
def test_a_directory_is_skipped_unless_an_exception_may_lie_in_it(text: str, directory: str, expected: bool) -> None:
    assert IgnoreRules.parse(text).prunes(directory) is expected


@pytest.mark.parametrize("depth", [99, 100, 101, 1500])
def test_an_exception_may_lie_at_any_depth(depth: int) -> None:
    way = "/".join(["d"] * depth)
    for rules in (IgnoreRules.parse(f"*\n!{way}/x\n"), IgnoreRules.parse(f"*\n!{way}/x*\n")):
        assert not rules.excluded(f"{way}/x")
        assert not rules.prunes(way)
        assert rules.prunes("d/e")


def test_the_deciding_line_is_found() -> None:
    rules = IgnoreRules.parse("# first\n*.log\n!keep.log\nsecret\n")
    assert rules.deciding_rule("keep.log") is None
    rule = rules.deciding_rule("secret/key")
    assert rule
    assert (rule.line, rule.text) == (4, "secret")


class Memory:
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}

    def recall(self, key: str) -> str | None:
        return self.texts.get(key)

    def remember(self, key: str, text: str) -> None:
        self.texts[key] = text


@pytest.mark.parametrize("text", ["", "foo\n!**/*.x\n[a]b\n**/name"])
def test_a_remembered_translation_is_the_same(text: str) -> None:
    memory = Memory()
    first = IgnoreRules.load(text, memory)
    assert IgnoreRules.load(text, memory).rules == first.rules == IgnoreRules.parse(text).rules
    assert len(memory.texts) == 1


NAMES = st.sampled_from(["a", "b", "ab", "a.c", "x\ny"])
PATHS = st.lists(NAMES, min_size=1, max_size=4).map("/".join)
PIECES = st.sampled_from(["a", "b", "*", "?b", "a*", "*.c", "**", "[ab]", "x*", "a**"])
LINES = st.tuples(st.sampled_from(["", "!"]), st.lists(PIECES, min_size=1, max_size=3).map("/".join)).map("".join)


@given(st.lists(LINES, max_size=5).map("\n".join), PATHS)
def test_short_cuts_never_change_a_verdict(text: str, path: str) -> None:
    rules = IgnoreRules.parse(text)
    verdict, pruned = NOT_EXCLUDED, False
    parts = path.split("/")
    for count, name in enumerate(parts, 1):
        here = "/".join(parts[:count])
        verdict = rules.judge(here, name, verdict)
        pruned = pruned or (verdict.excluded and rules.prunes(here))
        assert verdict.excluded or not pruned or "/*/**" in text
        assert verdict.excluded is rules.excluded(here)


@given(st.text("ab./"))
def test_clean_paths_stay_as_they_are(path: str) -> None:
    once = clean(path)
    assert clean(once) == once
    assert "//" not in once
    assert once.startswith("/") is path.startswith("/")


def test_the_file_beside_the_buildfile_wins(tmp_path: object) -> None:
    root = str(tmp_path)
    buildfile = f"{root}/app.Buildfile"
    assert find_ignore_file(root, buildfile) is None
    for name in (".dockerignore", "app.Buildfile.dockerignore"):
        with open(f"{root}/{name}", "w", encoding="utf-8"):
            pass
        found = find_ignore_file(root, buildfile)
        assert found == f"{root}/{name}"
