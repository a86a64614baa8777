from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.context.match import match
from builder.context.select import has_wildcard
from builder.errors import ContextError


@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("*", "", True),
        ("*.txt", "a.txt", True),
        ("*.txt", "d/a.txt", False),
        ("a*b*c", "aXbYbZc", True),
        ("a*/b", "axx/b", True),
        ("a*/b", "a/x/b", False),
        ("?", "é", True),
        ("?", "/", False),
        ("a?c", "a\nc", True),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("[^a]", "/", True),
        ("[c-a]", "b", False),
        ("[^c-a]", "b", True),
        ("[\\]]", "]", True),
        ("[*]", "*", True),
        ("\\*", "*", True),
        ("\\*", "x", False),
        ("a]", "a]", True),
        ("**", "ab", True),
        ("**", "a/b", False),
        ("*[^a]*b", "x/yb", False),  # commits to the first place, as Go
    ],
)
def test_matches_as_go_does(pattern: str, name: str, expected: bool) -> None:
    assert match(pattern, name) is expected


@pytest.mark.parametrize(
    "pattern", ["[", "[]", "[]a]", "[a", "[a-", "[-a]", "[a-]", "a\\", "[^", "[\\", "x*[", "[a-b-c]"]
)
def test_a_malformed_pattern_is_an_error_for_any_name(pattern: str) -> None:
    for name in ("", "a", "zzz"):
        with pytest.raises(ContextError) as caught:
            match(pattern, name)
        assert caught.value.code == "bad-pattern"


def test_many_stars_do_not_explode() -> None:
    assert not match("*a" * 60 + "*b", "a" * 4000)


@given(st.text(max_size=20))
def test_an_escaped_text_matches_itself_only(text: str) -> None:
    pattern = "".join("\\" + char for char in text)
    assert match(pattern, text)
    assert not match(pattern, text + "x")
    assert not has_wildcard(pattern)


@given(st.lists(st.sampled_from(["a", "b", "/", "é", "*", "?"]), max_size=10), st.text("ab/é", max_size=10))
def test_stars_agree_with_a_plain_definition(parts: list[str], name: str) -> None:
    assert match("".join(parts), name) is _match_plainly(tuple(parts), name)


def _match_plainly(parts: tuple[str, ...], name: str) -> bool:
    if not parts:
        return not name
    if parts[0] == "*":
        head = name.split("/", maxsplit=1)[0]
        return any(_match_plainly(parts[1:], name[count:]) for count in range(len(head) + 1))
    fits = bool(name) and (name[0] == parts[0] or (parts[0] == "?" and name[0] != "/"))
    return fits and _match_plainly(parts[1:], name[1:])
