"""Places in the source, for people and as BuildKit writes them in JSON."""

from __future__ import annotations

from builder.context.buildfile import BuildfileText
from builder.errors import Span

_AROUND = 2
_RULE = "-" * 20


def excerpt(text: BuildfileText, span: Span) -> list[str]:
    """File and line, and the lines around with a mark at those of the place."""
    lines = text.data.decode("utf-8", "replace").split("\n")
    first, last = max(1, span.line - _AROUND), min(len(lines), max(span.line, span.end_line) + _AROUND)
    shown = [f"{span.file}:{span.line}", _RULE]
    for number in range(first, last + 1):
        mark = ">>>" if span.line <= number <= max(span.line, span.end_line) else "   "
        shown.append(f" {number:3} | {mark} {_printable(lines[number - 1])}".rstrip())
    return [*shown, _RULE]


def location(span: Span) -> dict[str, object]:
    """One range for each line; the first source counts from 0, which JSON leaves out."""
    lines = range(span.line, max(span.line, span.end_line) + 1)
    return {"ranges": [{"start": {"line": line}, "end": {"line": line}} for line in lines]}


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in line.rstrip("\r").expandtabs(4))
