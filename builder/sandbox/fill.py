"""The job `fill`: a new directory, empty or with a copy of what a stack of layers shows at a path."""

from __future__ import annotations

import os
from typing import Any

from builder.errors import SandboxError
from builder.sandbox import stubs
from builder.sandbox.merged import Merged
from builder.sandbox.plain_copy import copy_node, copy_times


def job(args: dict[str, Any], _fds: list[int]) -> dict[str, Any]:
    """`directory` is made; `initial` has `lowers`, bottom first, and `path`. Without it, or where it is `optional` and
    there is no such directory, `mode`, `uid` and `gid` say what the directory looks like."""
    directory, initial = args["directory"], args["initial"]
    os.mkdir(directory, 0o700)
    if initial and initial.get("optional") and not _is_folder(initial):
        initial = None
    if initial is None:
        os.chown(directory, args["uid"] or 0, args["gid"] or 0)
        os.chmod(directory, args["mode"])
        return {}
    tree = Merged(tuple(initial["lowers"]))
    path = stubs.resolve(tree, initial["path"], True).path.rstrip("/")
    if not tree.is_folder(path):
        raise SandboxError("bad-cache-source", f"a cache begins with a directory, and {path} is none")
    _copy_folder(tree, path, directory)
    return {}


def _is_folder(initial: dict[str, Any]) -> bool:
    tree = Merged(tuple(initial["lowers"]))
    return tree.is_folder(stubs.resolve(tree, initial["path"], True).path.rstrip("/"))


def _copy_folder(tree: Merged, path: str, target: str) -> None:
    """Children first, so that the times that are set at last stay."""
    for name in tree.names(path):
        child = f"{path}/{name}"
        if tree.is_folder(child):
            os.mkdir(f"{target}/{name}", 0o700)
            _copy_folder(tree, child, f"{target}/{name}")
        else:
            copy_node(tree.find(child) or child, f"{target}/{name}")
    source = tree.find(path)
    if source is not None:
        stubs.copy_attributes(source, target)
        copy_times(source, target)
