"""Each row of the language reference has a test that is named after it.

`rows.txt` holds the names of the rows; the reference itself is no part of the repository. A test names its row at the
start of its docstring, several with commas between; those about expansion are rows of a table themselves.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.semantics.test_expansion import REFUSED, ROWS

HERE = Path(__file__).parent


def named() -> Iterator[str]:
    """What the tests here say of themselves, in their first sentence."""
    yield from (row for row, _ in (*ROWS, *REFUSED))
    for file in HERE.glob("test_*.py"):
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield (ast.get_docstring(node) or "").partition("\n")[0]


TESTED = tuple(named())


@pytest.mark.parametrize("row", (HERE / "rows.txt").read_text().splitlines())
def test_every_row_has_a_test(row: str) -> None:
    assert any(text.startswith(row) or f", {row}" in text for text in TESTED), row
