"""`--format '{{.State.Status}}'`: the part of Go's templates that scripts around docker use on one value.

Fields (`{{.State.Status}}`), the whole (`{{.}}`), `json`, `index` and `len`, one within another by brackets. Whatever
else there is of them (`range`, `if`, pipes) is an error that says so: JSON and jq do more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from builder.errors import UsageError

_ACTION = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_WORD = re.compile(r'\s*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|([0-9]+)|((?:\.\w*)+)|(\w+))')
_ESCAPES = {r"\t": "\t", r"\n": "\n"}
_HINT = "fields such as {{.State.Status}}, and json, index, len; --format json and jq do more"


def form_of(*names: str) -> Callable[[str], str]:
    """For argparse: one of the names, or a template. Raises UsageError `bad-option`."""

    def checked(text: str) -> str:
        if text not in names and not is_template(text):
            hint = f"{', '.join(names)}, or what to print of each, such as '{{{{.Name}}}}'"
            raise UsageError("bad-option", f"--format {text}: no such form", hint=hint)
        return text

    return checked


def is_template(text: str) -> bool:
    return "{{" in text


def fill(template: str, value: Mapping[str, Any]) -> str:
    """Raises UsageError `bad-format` for what is not understood, or is not there."""
    for escape, meant in _ESCAPES.items():
        template = template.replace(escape, meant)
    return _ACTION.sub(lambda action: _shown(_Expression(action[1], value).whole()), template)


class _Expression:
    def __init__(self, text: str, value: Mapping[str, Any]) -> None:
        self._text = text
        self._value = value
        self._at = 0

    def whole(self) -> Any:
        found = self._operation()
        if self._text[self._at :].strip():
            raise self._refused()
        return found

    def _operation(self) -> Any:
        start = self._at
        match = _WORD.match(self._text, start)
        if match is None or not match[6]:
            return self._operand()
        self._at = match.end()
        function = _FUNCTIONS.get(match[6])
        if function is None:
            raise self._refused()
        operands = []
        while self._text[self._at :].strip() and not self._text[self._at :].lstrip().startswith(")"):
            operands.append(self._operand())
        try:
            return function(*operands)
        except (TypeError, IndexError) as error:
            raise self._refused() from error

    def _operand(self) -> Any:
        match = _WORD.match(self._text, self._at)
        if match is None or match[2] or match[6]:
            raise self._refused()
        self._at = match.end()
        if match[1]:
            found = self._operation()
            closing = _WORD.match(self._text, self._at)
            if closing is None or not closing[2]:
                raise self._refused()
            self._at = closing.end()
            fields = re.compile(r"(?:\.\w+)+").match(self._text, self._at)
            self._at = fields.end() if fields else self._at
            return self._field(found, fields[0] if fields else "")
        if match[3] is not None:
            return json.loads(f'"{match[3]}"')
        return int(match[4]) if match[4] else self._field(self._value, match[5])

    def _field(self, value: Any, path: str) -> Any:
        for name in filter(None, path.split(".")):
            if not isinstance(value, Mapping) or name not in value:
                there = f"; there are {', '.join(value)}" if isinstance(value, Mapping) and value else ""
                raise UsageError("bad-format", f"--format: there is no .{name}{there}", hint=_HINT)
            value = value[name]
        return value

    def _refused(self) -> UsageError:
        return UsageError("bad-format", f"--format: {{{{{self._text}}}}} is not understood", hint=_HINT)


def _index(value: Any, *keys: Any) -> Any:
    """As in Go, of a map what is not there is empty."""
    for key in keys:
        value = value.get(key, "") if isinstance(value, Mapping) else value[key]
    return value


def _shown(value: Any) -> str:
    """As Go prints it."""
    match value:
        case None:
            return "<no value>"
        case bool():
            return str(value).lower()
        case Mapping():
            return f"map[{' '.join(f'{key}:{_shown(value[key])}' for key in sorted(value))}]"
        case str():
            return value
        case Sequence():
            return f"[{' '.join(map(_shown, value))}]"
        case _:
            return str(value)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "json": lambda value: json.dumps(value, separators=(",", ":"), default=str),
    "index": _index,
    "len": len,
}
