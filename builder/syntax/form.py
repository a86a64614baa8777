"""The canonical form of a parsed file, which `pybuild parse --format json` prints."""

from __future__ import annotations

from builder.syntax.instructions import Buildfile, Heredoc, Node
from builder.syntax.text import replace_bad

Form = dict[str, object]


def to_json(buildfile: Buildfile) -> Form:
    """Plain values, before any variable is expanded; bytes that are not UTF-8 are U+FFFD in it."""
    return {
        "ok": True,
        "directives": {name: replace_bad(value) for name, value in buildfile.directives},
        "instructions": [_node_form(node) for node in buildfile.nodes],
    }


def error_to_json(message: str) -> Form:
    return {"ok": False, "error": replace_bad(message)}


def _node_form(node: Node) -> Form:
    lines: Form = {"name": node.name, "line": node.span.line, "end_line": node.span.end_line}
    form = lines | _words_form(node) | {"heredocs": [_heredoc_form(heredoc) for heredoc in node.heredocs]}
    return form if node.sub is None else form | {"sub": {"name": node.sub.name} | _words_form(node.sub)}


def _words_form(node: Node) -> Form:
    return {"flags": _printed(node.flags), "json": node.json, "args": _printed(node.args)}


def _heredoc_form(heredoc: Heredoc) -> Form:
    name, content = replace_bad(heredoc.name), replace_bad(heredoc.content)
    return {"name": name, "content": content, "expand": heredoc.expand, "chomp": heredoc.chomp}


def _printed(words: tuple[str, ...]) -> list[str]:
    return [replace_bad(word) for word in words]


def to_text(buildfile: Buildfile) -> str:
    """For people: a line for each directive and instruction, every word in quotes so that blanks show."""
    directives = [f"{'':8}# {name}={value}" for name, value in buildfile.directives]
    return replace_bad("\n".join([*directives, *(_node_text(node) for node in buildfile.nodes)]))


def _node_text(node: Node) -> str:
    lines = f"{node.span.line}-{node.span.end_line}" if node.span.end_line > node.span.line else str(node.span.line)
    words = [repr(word) for word in _printed(node.args)]
    arguments = f"[{', '.join(words)}]" if node.json else " ".join(words)
    heredocs = [f"<<{heredoc.name} ({len(heredoc.content)} characters)" for heredoc in node.heredocs]
    return " ".join(part for part in (f"{lines:<7}", node.name, *node.flags, arguments, *heredocs) if part)
