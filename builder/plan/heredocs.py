"""Files whose content stands in the Buildfile."""

from __future__ import annotations

from builder.errors import BuildfileError, Span
from builder.syntax.instructions import Heredoc


def file_name(heredoc: Heredoc, span: Span) -> str:
    """The name of the file that `heredoc` becomes. Raises BuildfileError unless it is one path component."""
    name = heredoc.name.removeprefix("/")
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise BuildfileError(
            "bad-heredoc-name",
            f"<<{heredoc.name} cannot name a file",
            hint="the word after << is the file's name, without directories; the destination names the directory",
            span=span,
        )
    return name
