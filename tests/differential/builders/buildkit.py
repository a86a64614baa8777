"""BuildKit: `buildctl` on PATH, and a daemon at $BUILDKIT_HOST or its default socket."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.differential.bases import manifest_digest
from tests.differential.builders.protocol import Outcome, UnusableError, execute
from tests.differential.case import Case, named_folder, secret_options


class BuildKit:
    name = "buildkit"

    def __init__(self, layouts: Mapping[str, str]) -> None:
        program = shutil.which("buildctl")
        if program is None:
            raise UnusableError("buildctl is not on PATH")
        code, log = execute([program, "debug", "workers"])
        if code:
            raise UnusableError(f"no daemon answers at $BUILDKIT_HOST or the default socket: {log.strip()}")
        self._layouts = layouts
        self._command = [program, "build", "--progress", "plain", "--frontend", "dockerfile.v0"]
        for name, layout in layouts.items():
            self._command += ["--oci-layout", f"{name}={layout}"]
            self._command += ["--opt", f"context:{name}=oci-layout://{name}@{manifest_digest(layout)}"]

    def build(self, case: Case, context: str, archive: str) -> Outcome:
        asked = {"filename": case.file, "target": case.target, "platform": case.platform}
        options = {name: value for name, value in asked.items() if value}
        options |= {f"build-arg:{name}": value for name, value in case.args}
        options |= {f"label:{name}": value for name, value in case.labels}
        surroundings = {
            "add-hosts": ",".join(f"{name}={address}" for name, address in case.hosts.items()),
            "ulimit": ",".join(case.ulimits),
            "shm-size": str(case.shm_size or ""),
        }
        options |= {name: value for name, value in surroundings.items() if value}
        command = [*self._command, "--local", f"dockerfile={context}", *self._named(case, context)]
        if not case.packed:
            command += ["--local", f"context={context}"]
        command += [word for name, value in options.items() for word in ("--opt", f"{name}={value}")]
        command += ["--output", f"type=oci,dest={archive}", *secret_options(case, context)]
        if case.packed:  # its client serves a tar on standard input in this way
            with served(os.path.dirname(context)) as url:
                code, log = execute([*command, "--opt", f"context={url}/{os.path.basename(context)}.tar"])
        else:
            code, log = execute(command)
        return Outcome("" if code else archive, log)

    def _named(self, case: Case, context: str) -> list[str]:
        words = []
        for name, what in case.contexts.items():
            local = f"_{name}" if name == "context" else name
            place = f"local:{local}"
            if not isinstance(what, str):
                words += ["--local", f"{local}={named_folder(context, name)}"]
            elif what.startswith("image:"):
                base = what.removeprefix("image:")
                place = f"oci-layout://{base}@{manifest_digest(self._layouts[base])}"
            else:
                place = what
            words += ["--opt", f"context:{name}={place}"]
        return words


@contextmanager
def served(folder: str) -> Iterator[str]:
    """The folder's files behind a URL."""
    handler = partial(_Quiet, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the class above
        """Says nothing."""
