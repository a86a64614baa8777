"""BuildKit: `buildctl` on PATH, and a daemon at $BUILDKIT_HOST or its default socket."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from tests.differential.bases import manifest_digest
from tests.differential.builders.protocol import Outcome, UnusableError, execute
from tests.differential.case import Case


class BuildKit:
    name = "buildkit"

    def __init__(self, layouts: Mapping[str, str]) -> None:
        program = shutil.which("buildctl")
        if program is None:
            raise UnusableError("buildctl is not on PATH")
        code, log = execute([program, "debug", "workers"])
        if code:
            raise UnusableError(f"no daemon answers at $BUILDKIT_HOST or the default socket: {log.strip()}")
        self._command = [program, "build", "--progress", "plain", "--frontend", "dockerfile.v0"]
        for name, layout in layouts.items():
            self._command += ["--oci-layout", f"{name}={layout}"]
            self._command += ["--opt", f"context:{name}=oci-layout://{name}@{manifest_digest(layout)}"]

    def build(self, case: Case, context: str, archive: str) -> Outcome:
        options = {"filename": case.file, "target": case.target, "platform": case.platform}
        options |= {f"build-arg:{name}": value for name, value in case.args}
        options |= {f"label:{name}": value for name, value in case.labels}
        command = [*self._command, "--local", f"context={context}", "--local", f"dockerfile={context}"]
        command += [word for name, value in options.items() if value for word in ("--opt", f"{name}={value}")]
        code, log = execute([*command, "--output", f"type=oci,dest={archive}"])
        return Outcome("" if code else archive, log)
