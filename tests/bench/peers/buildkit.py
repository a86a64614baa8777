"""BuildKit through buildctl, twice: once leaving the result in its cache only, once writing an OCI archive as well."""

from __future__ import annotations

import json
import os
import re

from tests.bench.peers.program import output_of, program, remove_tree
from tests.bench.peers.protocol import Bases, BuildFailedError, UnusableError
from tests.bench.workloads.definition import BASE


class BuildKit:
    """A daemon's cache cannot be set aside, only emptied: `may_prune` says that this is allowed."""

    def __init__(self, name: str, work: str, *, may_prune: bool) -> None:
        self._buildctl = program("buildctl")
        self._layout = os.path.join(work, f"{name}-base")
        self._archive = os.path.join(work, f"{name}.tar") if name.endswith("-oci") else None
        self.name = name
        self.makes = "a result in the daemon's cache, no image"
        if self._archive:
            self.makes = "an OCI archive, layers compressed with gzip"
        try:
            usage = output_of([self._buildctl, "du"])
        except BuildFailedError as error:
            raise UnusableError("no daemon answers at $BUILDKIT_HOST or the default socket") from error
        if not may_prune and not re.search(r"^Total:\s+0(\.0*)?\s*B", usage, re.MULTILINE):
            raise UnusableError("its cache is in use, and a cold build needs it emptied: pass --prune to allow that")

    def version(self) -> str:
        """The daemon's own version: buildctl may be of another."""
        first = output_of([self._buildctl, "debug", "info"]).partition("\n")[0]
        return " ".join(first.split())

    def make_cold(self, bases: Bases) -> None:
        self.close()
        output_of([*self._build(bases.base), "--output", f"type=oci,tar=false,dest={self._layout}"])
        output_of([*self._build(bases.warm), *self._base_options()])

    def command(self, context: str, *, cold: bool) -> list[str]:
        del cold  # its cache is empty
        output = ["--output", f"type=oci,dest={self._archive}"] if self._archive else []
        return [*self._build(context), *self._base_options(), *output]

    def _build(self, context: str) -> list[str]:
        folders = ["--local", f"context={context}", "--local", f"dockerfile={context}"]
        return [self._buildctl, "build", "--progress", "quiet", "--frontend", "dockerfile.v0", *folders]

    def _base_options(self) -> list[str]:
        with open(os.path.join(self._layout, "index.json"), encoding="utf-8") as file:
            digest = json.load(file)["manifests"][0]["digest"]
        return ["--oci-layout", f"base={self._layout}", "--opt", f"context:{BASE}=oci-layout://base@{digest}"]

    def check(self) -> None:
        """Without an output nothing can be looked at but the exit code, which has been."""
        if self._archive and not os.path.getsize(self._archive):
            raise BuildFailedError(f"{self.name} has written an empty archive")

    def close(self) -> None:
        output_of([self._buildctl, "prune", "--all"])
        remove_tree(self._layout)
        if self._archive and os.path.exists(self._archive):
            os.remove(self._archive)
