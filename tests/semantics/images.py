"""Builds whose results the tests write down: files as lines of text (tests/differential), and the config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.differential.image import Image, read_archive
from tests.differential.materials import make_files
from tests.support.cli import Pybuild


def image_of(pybuild: Pybuild, text: str, context: dict[str, Any] | None = None) -> Image:
    """What `text` builds to in a context that is described as in the differential cases."""
    make_files(str(pybuild.cwd), {"Dockerfile": text, **(context or {})})
    archive = pybuild.cwd.parent / "result.tar"
    pybuild.run("build", "-o", f"type=oci,dest={archive}", ".")
    return read_archive(str(archive))


def files_of(pybuild: Pybuild, text: str, context: dict[str, Any] | None = None) -> dict[str, str]:
    """The files, without the root itself."""
    found = image_of(pybuild, text, context).files
    return {path: line for path, line in found.items() if path != "/"}


def complaint(pybuild: Pybuild, text: str, context: dict[str, Any] | None = None) -> str:
    """Why `text` cannot be built."""
    make_files(str(pybuild.cwd), {"Dockerfile": text, **(context or {})})
    return pybuild.run("build", ".", code=1).stderr


def in_folder(tmp_path: Path) -> Pybuild:
    """The command with an empty context and a store of its own."""
    (tmp_path / "context").mkdir()
    return Pybuild(tmp_path / "store", tmp_path / "context")
