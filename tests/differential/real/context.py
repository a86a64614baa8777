"""Files for a Dockerfile of which nothing but its text is known."""

from __future__ import annotations

import re

from builder.syntax.instructions import Buildfile, Copy
from tests.differential.materials import Description

_WILDCARDS = re.compile(r"[*?]+")
_NOT_LOCAL = re.compile(r"(?:https?|ssh|git)://|git@|\$")
_WHOLE = {"some": "some\n", "more/of it": "more\n", "more/program": {"text": "#!/bin/sh\n", "mode": "0755"}}


def made_up(file: Buildfile) -> Description:
    """What `file` copies out of its context: for a name a file that holds its name, for a folder a few files."""
    made: dict[str, object] = {}
    for instruction in file.instructions:
        if isinstance(instruction, Copy) and not instruction.from_:
            for source in instruction.sources:
                made |= {} if _NOT_LOCAL.search(source) else _files(source)
    return made


def _files(source: str) -> dict[str, object]:
    name = _WILDCARDS.sub("a", source).strip("/").removeprefix("./")
    if name in ("", "."):
        return dict(_WHOLE)
    if source.endswith("/"):
        return {f"{name}/{inner}": what for inner, what in _WHOLE.items()}
    is_program = name.endswith(".sh") or "entrypoint" in name or "." not in name
    return {name: {"text": f"#!/bin/sh\necho {name}\n", "mode": "0755"} if is_program else f"{name}\n"}
