"""pybuild as a user runs it, with a store of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from builder.images.fetch import ensure_blobs
from builder.images.resolve import StoreResolver
from builder.images.sources.open import Sources
from builder.model.platform import Platform
from builder.sandbox.worker import Worker
from builder.store.store import Store
from builder.wiring.on_demand import remover
from tests.differential.bases import ARCHITECTURE
from tests.differential.builders.protocol import Outcome, execute
from tests.differential.case import Case, named_folder, secret_options

_PYTHONPATH = os.pathsep.join([str(Path(__file__).parents[3]), *filter(None, [os.environ.get("PYTHONPATH")])])


class Pybuild:
    name = "pybuild"

    def __init__(self, root: str, layouts: Mapping[str, str]) -> None:
        self._root = root
        self._layouts = layouts
        self.remove()  # what an earlier version of the code has cached says nothing now
        _name_bases(root, layouts)

    def remove(self) -> None:
        """Afterwards there is no store. An ordinary user's holds files that belong to others."""
        if os.path.exists(self._root):
            with Worker() as worker:
                remover(lambda: worker)(self._root)

    def build(self, case: Case, context: str, archive: str) -> Outcome:
        command = [sys.executable, "-m", "builder", "--root", self._root, "build", "--progress", "plain"]
        command += ["-f", case.file if case.packed else os.path.join(context, case.file)]
        command += ["-o", f"type=oci,dest={archive}", *self._named(case, context)]
        command += [word for name, value in case.args for word in ("--build-arg", f"{name}={value}")]
        command += [word for name, value in case.labels for word in ("--label", f"{name}={value}")]
        command += [word for name, address in case.hosts.items() for word in ("--add-host", f"{name}={address}")]
        command += [word for limit in case.ulimits for word in ("--ulimit", limit)]
        command += ["--shm-size", str(case.shm_size)] if case.shm_size else []
        command += secret_options(case, context)
        command += ["--target", case.target] if case.target else []
        command += ["--platform", case.platform] if case.platform else []
        code, log = execute([*command, f"{context}.tar" if case.packed else context], {"PYTHONPATH": _PYTHONPATH})
        return Outcome("" if code else archive, log, crashed=code not in (0, 1))

    def _named(self, case: Case, context: str) -> list[str]:
        words = []
        for name, what in case.contexts.items():
            place = what if isinstance(what, str) else named_folder(context, name)
            if place.startswith("image:"):
                place = f"oci-layout://{self._layouts[place.removeprefix('image:')]}"
            words += ["--build-context", f"{name}={place}"]
        return words


def _name_bases(root: str, layouts: Mapping[str, str]) -> None:
    """Gives the store the bases under their names, as they are: a build would run their ONBUILD instructions."""
    store = Store.open(root)
    sources = Sources()
    resolver = StoreResolver(store, sources)
    for name, layout in layouts.items():
        image = resolver.resolve(f"oci:{layout}", Platform("linux", ARCHITECTURE))
        ensure_blobs(store, image.layers, sources)
        descriptor = store.blobs.put_bytes(store.blobs.read(image.digest), "application/vnd.oci.image.manifest.v1+json")
        store.refs.set(f"{name}:latest", descriptor)
