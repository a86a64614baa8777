"""An svg: no program is needed to make it, no other file to look at it; light or dark as the reader's screen is."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment

from builder.graph.layout import GAP_X, HEAD, ROW, WIDTH, Path, layout
from builder.graph.types import SIGNS, Graph
from builder.progress.figures import seconds_text
from builder.progress.text import printable
from builder.templates import templates_of


def svg(graph: Graph) -> str:
    made = layout(graph)
    measures = {"box_width": WIDTH, "head": HEAD, "row": ROW}
    return _environment().get_template("graph.svg").render(graph=graph, layout=made, signs=SIGNS, **measures)


@cache
def _environment() -> Environment:
    environment = templates_of("builder.graph", _clean)
    environment.filters |= {"seconds": seconds_text, "curve": _curve, "word": lambda text: text.replace(" ", "-")}
    return environment


def _clean(text: str) -> str:
    """XML has no way to write two characters."""
    return printable(text).replace("\ufffe", "?").replace("\uffff", "?")


def _curve(path: Path) -> str:
    """From column to column in a curve that leaves and arrives level; straight through what lies between."""
    (x, y), *rest = path.points
    words = [f"M{x:g} {y:g}"]
    for number, (to_x, to_y) in enumerate(rest):
        bend = GAP_X / 2
        curved = number % 2 == 0
        words.append(f"C{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x:g} {to_y:g}" if curved else f"H{to_x:g}")
        x, y = to_x, to_y
    return "".join(words)
