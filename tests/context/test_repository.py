"""Which texts are git URLs, and what they say (BuildKit's `dfgitutil`)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.context.repository import Repository, find_repository
from builder.errors import ContextError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("https://h/a.git", Repository("https://h/a.git")),
        ("https://h/a.git#main", Repository("https://h/a.git", "main")),
        ("https://h/a.git#main:sub/dir/", Repository("https://h/a.git", "main", "sub/dir")),
        ("https://h/a.git#:sub", Repository("https://h/a.git", "", "sub")),
        ("ssh://git@h:22/a", Repository("ssh://git@h:22/a")),
        ("git://h/a#v1", Repository("git://h/a", "v1")),
        ("git@h:team/a.git#x", Repository("git@h:team/a.git", "x")),
        ("github.com/team/a", Repository("https://github.com/team/a.git")),
        ("github.com/team/a#x:y", Repository("https://github.com/team/a.git", "x", "y")),
        ("https://h/a.git?tag=v1", Repository("https://h/a.git", "refs/tags/v1")),
        ("https://h/a.git?branch=b&subdir=s", Repository("https://h/a.git", "refs/heads/b", "s")),
        ("https://h/a.git?ref=x#x:s", Repository("https://h/a.git", "x", "s")),
        ("https://h/a.git?submodules=0&keep-git-dir", Repository("https://h/a.git", "", "", "", True, False)),
        (f"https://h/a.git?commit={COMMIT}", Repository("https://h/a.git", COMMIT, "", COMMIT)),
        (f"https://h/a.git?checksum={COMMIT}#v1", Repository("https://h/a.git", "v1", "", COMMIT)),
    ],
)
def test_git_urls(text: str, meant: Repository) -> None:
    assert find_repository(text) == meant


@pytest.mark.parametrize(
    "text", ["", ".", "dir", "./github.com/a", "https://h/a.tar.gz", "https://h/a?x=.git", "a.git"]
)
def test_other_texts(text: str) -> None:
    assert find_repository(text) is None


@pytest.mark.parametrize(
    "end",
    ["?ref=a#b", "?subdir=a#b:c", "?tag=a&branch=b", "?x=1", "?ref=a&ref=b", "#-x", "?submodules=maybe", "?mtime=now"],
)
def test_malformed(end: str) -> None:
    with pytest.raises(ContextError) as caught:
        find_repository(f"https://user:secret@h/a.git{end}")
    assert caught.value.code == "bad-git-url"
    assert "secret" not in str(caught.value)


@given(st.text())
def test_any_text_is_told(text: str) -> None:
    for whole in (text, f"https://h/a.git{text}"):
        try:
            found = find_repository(whole)
        except ContextError:
            continue
        assert found is None or not found.ref.startswith("-")
