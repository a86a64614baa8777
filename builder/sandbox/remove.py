"""The job `remove`: a file or a directory with everything in it, whoever owns it."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from builder.store.trees import remove_tree


def job(args: dict[str, Any], _fds: list[int]) -> dict[str, Any]:
    """Afterwards `path` does not exist. Nothing that it links to is touched."""
    path = args["path"]
    if os.path.isdir(path) and not os.path.islink(path):
        remove_tree(path)
    else:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    return {}
