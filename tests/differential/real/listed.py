"""The list, and an entry of it as a case."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from builder.syntax.expand import expand
from builder.syntax.instructions import Arg, Buildfile, From
from builder.syntax.parse import parse
from tests.differential.case import Case
from tests.differential.materials import Description
from tests.differential.real.context import made_up

LIST = Path(__file__).parent / "list.json"


class MissingError(Exception):
    """The file cannot be had."""


class Listed(NamedTuple):
    name: str
    repository: str
    commit: str
    path: str
    sha256: str
    args: Mapping[str, str] = MappingProxyType({})
    target: str = ""
    context: Description = MappingProxyType({})
    """In addition to what is made up."""
    known: Mapping[str, str] = MappingProxyType({})
    """Where pybuild differs on purpose, and why; as in a case."""


def listed() -> list[Listed]:
    entries: list[dict[str, Any]] = json.loads(LIST.read_text(encoding="utf-8"))
    return [Listed(**entry) for entry in entries]


def case_of(entry: Listed, corpus: str, folder: str, bases: set[str]) -> Case:
    text = _text(entry, corpus)
    place = Path(folder) / entry.name
    place.mkdir(parents=True, exist_ok=True)
    (place / "Dockerfile").write_bytes(text.replace(b"# syntax=", b"# no syntax="))
    file = parse(text)
    return Case(
        entry.name,
        place,
        f"{entry.repository} {entry.path}",
        {**made_up(file), **entry.context},
        args=tuple(entry.args.items()),
        target=entry.target,
        known=entry.known,
        contexts=_bases(file, bases),
    )


def _bases(file: Buildfile, bases: set[str]) -> dict[str, Description | str]:
    """Each image that a stage starts from, with the base that stands for it; one that has none may not be needed."""
    given: dict[str, Description | str] = {}
    defaults = {name: value or "" for arg in file.instructions if isinstance(arg, Arg) for name, value in arg.pairs}
    for instruction in file.instructions:
        if isinstance(instruction, From):
            image = expand(instruction.image, defaults).text.removeprefix("docker.io/").removeprefix("library/")
            image = image.removesuffix(":latest")  # so BuildKit looks for a context
            base = "base-" + image.split("@", 1)[0].split(":", 1)[0]
            if base in bases:
                given[image] = f"image:{base}"
    return given


def _text(entry: Listed, corpus: str) -> bytes:
    if corpus:
        path = Path(corpus) / entry.repository.replace("/", "+") / entry.path
        if not path.is_file():
            raise MissingError(f"{path} is not there")
        text = path.read_bytes()
    else:
        url = f"https://raw.githubusercontent.com/{entry.repository}/{entry.commit}/{entry.path}"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                text = answer.read()
        except OSError as error:
            raise MissingError(f"{url}: {error}") from error
    if hashlib.sha256(text).hexdigest() != entry.sha256:
        raise MissingError(f"{entry.path} of {entry.repository} is not the file of the list")
    return text
