"""A case: its folder read, its context made."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.differential.materials import Description, compressed, make_files

CASES = Path(__file__).parent / "cases"
EXPECTED = "expected.json"


class Case(NamedTuple):
    name: str
    folder: Path
    about: str
    context: Description
    """Besides the Dockerfile, which always is in the context."""
    file: str = "Dockerfile"
    args: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    target: str = ""
    platform: str = ""
    fails: str = ""
    """The peer makes no image, and a regular expression that pybuild's complaint must match. Empty: all make one."""
    known: Mapping[str, str] = {}
    """Where pybuild differs on purpose (`/path`, `config.config.Env`, `outcome`), and why."""
    contexts: Mapping[str, Description | str] = {}
    """Named contexts: a description of a folder, `image:BASE` (in an OCI layout) or `docker-image://scratch`."""
    packed: str = ""
    """The context is given as a tar, compressed so: `none`, `gz`, `bz2` or `xz`."""
    secrets: Mapping[str, str] = {}
    allow: Sequence[str] = ()
    hosts: Mapping[str, str] = {}
    ulimits: Sequence[str] = ()
    shm_size: int = 0
    web: Mapping[str, Any] = {}
    """What it fetches, a description: see `web`."""
    needs_root: bool = False
    """Only the machine's root can do it: an ordinary user's builds fail there."""

    @property
    def expected(self) -> Path:
        return self.folder / EXPECTED


def load_case(folder: Path) -> Case:
    described: dict[str, Any] = json.loads((folder / "case.json").read_text())
    described["args"] = tuple(described.get("args", {}).items())
    described["labels"] = tuple(described.get("labels", {}).items())
    return Case(folder.name, folder, **{"context": {}, **described})


def all_cases() -> list[Case]:
    return [load_case(folder) for folder in sorted(CASES.iterdir()) if (folder / "case.json").exists()]


def make_context(case: Case, folder: str) -> str:
    """Fills `folder`, made anew, and returns it. Modes do not depend on the umask or on how the case was stored."""
    shutil.rmtree(folder, ignore_errors=True)
    old = os.umask(0o022)
    try:
        os.makedirs(folder)
        make_files(folder, {case.file: (case.folder / "Dockerfile").read_bytes().decode(), **case.context})
        _make_others(case, folder)
    finally:
        os.umask(old)
    return folder


def _make_others(case: Case, folder: str) -> None:
    for name, what in case.contexts.items():
        if not isinstance(what, str):
            shutil.rmtree(named_folder(folder, name), ignore_errors=True)
            os.makedirs(named_folder(folder, name))
            make_files(named_folder(folder, name), what)
    if case.packed:
        plain = io.BytesIO()
        with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as archive:
            archive.add(folder, ".")
        with open(f"{folder}.tar", "wb") as file:
            file.write(compressed(plain.getvalue(), case.packed))


def named_folder(context: str, name: str) -> str:
    """Where the files of a named context are."""
    return f"{context}.named/{name.replace('/', '_')}"


def secret_options(case: Case, context: str) -> list[str]:
    """Both programs take secrets in the same way: from files beside the context."""
    words = []
    for number, (name, value) in enumerate(case.secrets.items()):
        path = f"{context}.secret{number}"
        Path(path).write_text(value)
        words += ["--secret", f"id={name},src={path}"]
    return words + [word for right in case.allow for word in ("--allow", right)]
