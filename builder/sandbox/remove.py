"""The job `remove`: a file or a directory with everything in it, whoever owns it."""

from __future__ import annotations

import os
import shutil
from typing import Any


def job(args: dict[str, Any], _fds: list[int]) -> dict[str, Any]:
    remove(args["path"])
    return {}


def remove(path: str) -> None:
    """Afterwards `path` does not exist. Symlinks are removed, never followed (shutil walks on descriptors)."""
    try:
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        else:
            os.unlink(path)
    except FileNotFoundError:
        pass
