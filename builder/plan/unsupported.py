"""What the language has and the plan cannot express yet: refused by name, never left out in silence.

A flag leaves this file on the day it gets a member in `types`.
"""

from __future__ import annotations

from collections.abc import Iterator

from builder.errors import BuildfileError
from builder.syntax.instructions import Copy

CODE = "not-yet-supported"


def refuse_flags(item: Copy) -> None:
    """Raises BuildfileError `not-yet-supported` for the first flag of `item` that nothing would carry out."""
    for flag in _copy_flags(item):
        raise BuildfileError(
            CODE,
            f"{instruction_name(item)} {flag} is not supported yet",
            hint="the instruction was not built without it, since the image would differ",
            span=item.span,
        )


def remote_source(item: Copy, source: str) -> BuildfileError:
    return BuildfileError(
        CODE,
        f"ADD of a URL or git repository is not supported yet: {source}",
        hint="fetch it first and ADD the local file",
        span=item.span,
    )


def instruction_name(item: Copy) -> str:
    return "ADD" if item.is_add else "COPY"


def _copy_flags(item: Copy) -> Iterator[str]:
    if item.checksum:
        yield f"--checksum={item.checksum}"
    if item.keep_git_dir is not None:
        yield "--keep-git-dir"
