"""The three ways to draw a graph: complete, the same each time, and not to be added to by texts of steps."""

from __future__ import annotations

import re
import subprocess
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builder.graph.dot import dot
from builder.graph.layout import WIDTH, layout
from builder.graph.mermaid import mermaid
from builder.graph.svg import svg
from builder.graph.types import SIGNS, Graph, GraphStage, GraphStep, Line

HOSTILE = 'RUN echo "</title><script>x</script>" ]:::ran `b` %%{init: {}}%% \\ ; --> s9 & #quot; \ufffe'


def thirty() -> Graph:
    states = list(SIGNS)
    stages, lines = [], []
    for position in range(30):
        steps = [
            GraphStep(
                f"{position}.{number}", f"RUN step {position}.{number}", states[(position + number) % len(states)]
            )
            for number in range(1, position % 4 + 1)
        ]
        stages.append(GraphStage(position, f"stage-{position}", "base", position == 29, tuple(steps)))
        lines += [Line(position // 2, position)] * (position > 0)
        if steps and position > 5:
            lines.append(Line(position - 5, position, steps[-1].id))
    return Graph("thirty", tuple(stages), tuple(lines))


def one(text: str) -> Graph:
    step = GraphStep("0.1", text, "failed", 1.5, text)
    stage = GraphStage(0, text, text, True, (step,))
    return Graph(text, (stage, GraphStage(1, "b", "scratch", False, ())), (Line(0, 1),))


def test_boxes_do_not_overlap_and_lines_lead_to_the_right() -> None:
    made = layout(thirty())
    assert len(made.boxes) == 30
    for number, box in enumerate(made.boxes):
        assert 0 <= box.x <= made.width - WIDTH
        assert 0 <= box.y <= made.height - box.height
        for other in made.boxes[:number]:
            assert box.x != other.x or box.y >= other.y + other.height or other.y >= box.y + box.height
    for path in made.paths:
        assert all(x < next_x for (x, _), (next_x, _) in pairwise(path.points))


def test_lines_keep_clear_of_the_boxes_that_they_pass() -> None:
    made = layout(thirty())
    for path in made.paths:
        for (x, y), (next_x, _) in list(pairwise(path.points))[1::2]:
            passed = [box for box in made.boxes if box.x == x]
            assert next_x == x + WIDTH
            assert not [box for box in passed if box.y < y < box.y + box.height]


def test_a_graph_that_goes_round_in_circles_is_drawn() -> None:
    stages = tuple(GraphStage(position, f"s{position}", "base", False, ()) for position in range(2))
    assert svg(Graph("", stages, (Line(0, 1), Line(1, 0), Line(1, 1))))


@pytest.mark.parametrize("draw", [mermaid, dot, svg])
def test_the_same_build_gives_the_same_picture_of_all_steps(draw) -> None:  # type: ignore[no-untyped-def]
    graph = thirty()
    text = draw(graph)
    assert text == draw(graph)
    assert all(step.text in text for stage in graph.stages for step in stage.steps)


def test_lines_lead_from_what_is_made_last_to_what_reads_it() -> None:
    two = [tuple(GraphStep(f"{at}.{number}", "RUN x", "ran") for number in (1, 2)) for at in (0, 2)]
    steps = (two[0], (), two[1])
    stages = tuple(GraphStage(at, f"s{at}", "base", at == 2, made) for at, made in enumerate(steps))
    graph = Graph("", stages, (Line(0, 1), Line(1, 2), Line(0, 2, "2.2")))
    assert re.findall(r"^    (\w+) --> (\w+)$", mermaid(graph), re.MULTILINE) == [
        ("s0_2", "s1_0"), ("s1_0", "s2_1"), ("s0_2", "s2_2"),
    ]  # fmt: skip
    assert re.findall(r'^    "(\S+)" -> "(\S+)";$', dot(graph), re.MULTILINE) == [
        ("0.2", "1.0"), ("1.0", "2.1"), ("0.2", "2.2"),
    ]  # fmt: skip


def test_no_graph_is_a_graph() -> None:
    empty = Graph("", (), ())
    assert mermaid(empty) == "flowchart LR\n"
    ElementTree.fromstring(svg(empty))  # noqa: S314 - our own
    subprocess.run(["dot", "-Tplain"], input=dot(empty).encode(), check=True, capture_output=True)


@settings(max_examples=15)
@given(st.text(max_size=30) | st.just(HOSTILE))
def test_no_text_adds_to_an_svg(text: str) -> None:
    plain, other = (ElementTree.fromstring(svg(one(given))) for given in ("x", text))  # noqa: S314 - our own
    assert [node.tag for node in other.iter()] == [node.tag for node in plain.iter()]


@given(st.text(max_size=30) | st.just(HOSTILE))
def test_no_text_adds_to_a_mermaid_chart(text: str) -> None:
    lines = mermaid(one(text)).splitlines()
    assert [re.sub(r'"[^"]*"', '""', line) for line in lines] == [
        re.sub(r'"[^"]*"', '""', line) for line in mermaid(one("x")).splitlines()
    ]
    assert not any(sign in line for line in lines for sign in ("%", "<", "`"))


def test_graphviz_reads_what_is_written_for_it() -> None:
    for graph in (thirty(), one(HOSTILE)):
        done = subprocess.run(["dot", "-Tplain"], input=dot(graph).encode(), check=True, capture_output=True)
        assert done.stderr == b""
        found = [line for line in done.stdout.decode().splitlines() if line.startswith("node ")]
        assert len(found) == sum(max(len(stage.steps), 1) for stage in graph.stages)
