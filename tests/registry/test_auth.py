from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from builder.registry.challenges import Challenge, parse_challenges


def test_reads_several_challenges() -> None:
    header = 'Basic realm="a \\"b\\", c", Bearer realm="https://x/t",service=plain , scope="repository:a/b:pull,push"'
    assert parse_challenges(header) == (
        Challenge("basic", (("realm", 'a "b", c'),)),
        Challenge("bearer", (("realm", "https://x/t"), ("service", "plain"), ("scope", "repository:a/b:pull,push"))),
    )


def test_a_scheme_without_parameters() -> None:
    assert parse_challenges("Negotiate") == (Challenge("negotiate", ()),)
    assert parse_challenges("") == ()


@given(st.text(alphabet=st.sampled_from('Bearer ="\\,realm;:/\t'), max_size=60))
def test_any_header_ends(header: str) -> None:
    parse_challenges(header)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(st.characters(codec="ascii"))))
def test_what_is_quoted_is_read_back(values: dict[str, str]) -> None:
    quoted = {key: value.replace("\\", "\\\\").replace('"', '\\"') for key, value in values.items()}
    header = "Bearer " + ",".join(f'{key}="{value}"' for key, value in quoted.items())
    parsed = parse_challenges(header)
    assert parsed == (Challenge("bearer", tuple(values.items())),)
