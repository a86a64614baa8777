"""The exec form `["a", "b"]`, as Go's encoding/json reads it: what is not such an array is another form."""

from __future__ import annotations

import json
import math

from lark import Token, Tree
from lark.exceptions import UnexpectedInput

from builder.syntax.blanks import BLANK
from builder.syntax.faults import WordError
from builder.syntax.grammar import parser
from builder.syntax.text import replace_bad

MAX_DEPTH = 10_000
"""Beyond which Go gives up, and the line is no JSON."""


def read_exec_form(text: str) -> tuple[str, ...] | None:
    """The words of a JSON array; None when `text` is none; an error when it has something that is no string."""
    text = text.lstrip(BLANK)
    if not text.startswith("["):
        return None
    try:
        tree = parser("json", ("array",)).parse(text)
    except UnexpectedInput:
        return None
    values = [child for child in tree.children[1:-1] if child != ","]
    if all(isinstance(value, Token) and value.type == "STRING" for value in values):
        return tuple(replace_bad(json.loads(str(value))) for value in values)
    if not _is_decodable(tree):
        return None
    odd = next(value for value in values if not (isinstance(value, Token) and value.type == "STRING"))
    raise WordError(
        "exec-form",
        "a JSON array may only hold strings",
        hint="put each word in double quotes",
        word=str(odd) if isinstance(odd, Token) else "[",
    )


def _is_decodable(tree: Tree) -> bool:  # type: ignore[type-arg]
    """Whether Go decodes what is well formed: not too deep, and each number fits a float."""
    waiting = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return False
        for child in node.children:
            if isinstance(child, Tree):
                waiting.append((child, depth + 1))
            elif child.type == "NUMBER" and math.isinf(float(child)):
                return False
    return True
