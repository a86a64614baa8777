"""Link headers, as registries write them and as they should not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.registry.links import next_link


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ('</v2/_catalog?n=2&last=b>; rel="next"', "/v2/_catalog?n=2&last=b"),
        ("<list?last=b>; rel=next", "list?last=b"),
        ("<https://registry.example/v2/x>;rel='next'", "https://registry.example/v2/x"),
        ('<x> ; REL = "Next"', "x"),
        ('<x>; rel="prev next"', "x"),
        ('<x>; title="a, b; rel=\\"no\\" <y>"; rel="next"; type="application/json"', "x"),
        ('<first>; rel="first", <x>; rel="next", <last>; rel="last"', "x"),
        ('<x?last=a,b;c>; rel="next"', "x?last=a,b;c"),
        ('<x>; crossorigin; rel="next"', "x"),
        (',, <x>; rel="next",', "x"),
        ('<x>; rel="nextish"', ""),
        ('<x>; rel="prev"', ""),
        ('<x>; notrel="next"', ""),
        ("<x>", ""),
        ('x; rel="next"', ""),
        ("", ""),
    ],
)
def test_the_next_page(header: str, target: str) -> None:
    assert next_link(header) == target


@given(st.text(alphabet='<>;, rel="next\\', max_size=60))
def test_any_header_is_read_or_not(text: str) -> None:
    assert not set(next_link(text)) & set("<>")


@pytest.mark.parametrize("piece", ["<", "<>", '<>;a="', ";", '<x>;a="\\', "<x>;rel=next\\"])
def test_a_long_header_is_read_in_no_time(piece: str) -> None:
    next_link(piece * 20_000)
