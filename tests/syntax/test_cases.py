"""Each folder of cases/ is one surprising rule of the language: a Buildfile and what must come of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builder.errors import BuilderError, Problems
from builder.syntax.form import to_json
from builder.syntax.parse import parse

CASES = sorted((Path(__file__).parent / "cases").iterdir())


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(case: Path) -> None:
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    data = (case / "Buildfile").read_bytes()
    if expected["ok"]:
        assert to_json(parse(data)) == expected
    else:
        assert _errors(data) == expected["errors"]


def _errors(data: bytes) -> list[dict[str, object]]:
    with pytest.raises(BuilderError) as raised:
        parse(data)
    errors = raised.value.errors if isinstance(raised.value, Problems) else (raised.value,)
    return [
        {"code": error.code, "message": error.message, "line": error.span.line, "column": error.span.column}
        for error in errors
        if error.span
    ]
