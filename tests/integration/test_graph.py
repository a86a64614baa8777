"""`pybuild graph`: of a build, and of a Buildfile that was never built."""

from __future__ import annotations

from pathlib import Path

from tests.support.cli import Pybuild

BUILDFILE = """\
FROM base AS one
RUN echo one > /one
FROM base AS two
COPY --from=one /one /
FROM two
RUN false
RUN true
"""


def test_the_states_of_a_build_and_of_what_is_not_built(based: Pybuild) -> None:
    file = Path(based.cwd, "Buildfile")
    file.write_text(BUILDFILE)
    foreseen = based.run("graph", "-f", "Buildfile").stdout
    assert "▶ RUN echo one" in foreseen
    assert "? RUN true" in foreseen
    assert based.run("graph", code=2).stderr
    based.run(".", code=1)
    assert based.run("graph").stdout == based.run("graph").stdout
    lines = [line.strip() for line in based.run("graph").stdout.splitlines()]
    assert next(line for line in lines if line.endswith(":::failed")).startswith('s2_1["✕ RUN false')
    assert [line for line in lines if ":::not_reached" in line] == ['s2_2["· RUN true"]:::not_reached']
    assert {"s0_1 --> s1_1", "s1_1 --> s2_1"} <= set(lines)
    based.run("graph", "--format", "svg")
    based.run("--target", "two", ".")
    assert "✓ RUN echo one" in based.run("graph", "--format", "dot").stdout
    assert "▶" not in based.run("graph", "-f", "Buildfile", "--target", "two").stdout
