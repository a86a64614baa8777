from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builder.errors import BuildfileError
from builder.steps.chmod import parse_mode_change

WHO = st.text("ugoa", min_size=1, max_size=3)
CHANGE = st.builds(
    lambda op, what: op + what, st.sampled_from("+-="), st.text("rwxX", max_size=3) | st.sampled_from("ugo")
)
SYMBOLIC = st.lists(
    st.builds(lambda w, c: w + "".join(c), WHO, st.lists(CHANGE, min_size=1, max_size=2)), min_size=1, max_size=3
).map(",".join)


@given(SYMBOLIC, st.integers(0, 0o777), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_symbolic_modes_are_those_of_chmod(tmp_path: Path, text: str, mode: int, is_directory: bool) -> None:
    path = tmp_path / ("d" if is_directory else "f")
    path.mkdir(exist_ok=True) if is_directory else path.touch()
    path.chmod(mode)
    subprocess.run(["chmod", "--", text, str(path)], check=True, env=os.environ | {"LC_ALL": "C"})
    assert parse_mode_change(text)(mode, is_directory) == path.stat().st_mode & 0o7777


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
