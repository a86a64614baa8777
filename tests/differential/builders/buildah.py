"""buildah, with a store of its own. Its history has other words, and some of its rules are older: for information."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping

from tests.differential.builders.protocol import Outcome, UnusableError, execute
from tests.differential.case import Case

_RESULT = "localhost/pybuild-differential"


class Buildah:
    name = "buildah"

    def __init__(self, root: str, layouts: Mapping[str, str]) -> None:
        program = shutil.which("buildah")
        if program is None:
            raise UnusableError("buildah is not on PATH")
        folders = ["--root", os.path.join(root, "store"), "--runroot", os.path.join(root, "run")]
        self._buildah = [program, *folders, "--storage-driver", "vfs"]
        for name, layout in layouts.items():
            pulled = self._prepare("pull", "--quiet", f"oci:{layout}:latest").split()[-1]
            self._prepare("tag", pulled, f"localhost/{name}:latest")

    def build(self, case: Case, context: str, archive: str) -> Outcome:
        command = [
            *self._buildah,
            "build",
            "--layers=false",
            "--identity-label=false",
            "--isolation",
            "chroot",
            "--tag",
            _RESULT,
        ]
        command += ["--file", os.path.join(context, case.file)]
        command += [word for name, value in case.args for word in ("--build-arg", f"{name}={value}")]
        command += [word for name, value in case.labels for word in ("--label", f"{name}={value}")]
        command += ["--target", case.target] if case.target else []
        command += ["--platform", case.platform] if case.platform else []
        code, log = execute([*command, context])
        if code == 0:
            code, more = execute([*self._buildah, "push", "--quiet", _RESULT, f"oci-archive:{archive}"])
            log += more
        return Outcome("" if code else archive, log)

    def _prepare(self, *words: str) -> str:
        code, said = execute([*self._buildah, *words])
        if code:
            raise UnusableError(f"it does not take the bases: {said.strip()}")
        return said
