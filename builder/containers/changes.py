"""What a container has changed."""

from __future__ import annotations

import json
import os

from builder.containers.records import folder_of
from builder.containers.tools import Tools
from builder.containers.types import Container
from builder.images.unpack import ensure_chain
from builder.sandbox.changed import Changed, changed
from builder.sandbox.identity import needs_user_namespace
from builder.sandbox.spec import RootFs


def own_rootfs(container: Container, tools: Tools) -> RootFs:
    """The image's snapshots, and the container's own files on top of them."""
    lowers = ensure_chain(tools.store, tools.worker(), container.layers, tools.open_source, tools.fetching)
    folder = folder_of(tools.store, container.id)
    return RootFs(lowers, f"{folder}/upper", f"{folder}/work")


def changes_of(container: Container, tools: Tools) -> list[Changed]:
    """Root looks itself; anyone else needs the worker, as the files may be other users'."""
    lowers, upper, *_ = own_rootfs(container, tools)
    if not needs_user_namespace():
        return changed(upper, lowers)
    listed = os.memfd_create("changes", os.MFD_CLOEXEC)
    with open(listed, "r+b") as file:
        tools.worker().call("changed", {"upper": upper, "lowers": lowers}, [listed])
        file.seek(0)
        return [Changed(*json.loads(line)) for line in file]
