"""What is compared and recorded of an image: plain JSON, the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.differential.bases import ARCHITECTURE
from tests.differential.flatten import ROOT
from tests.differential.image import Image

Facts = dict[str, Any]
"""`{"fails": true}`, or config, history, number of layers, and the files that are not as in the base."""

FAILS: Facts = {"fails": True}
OUTCOME = "outcome"
_NATIVE = f"linux/{ARCHITECTURE}"


class Difference(NamedTuple):
    where: str
    """`/path`, `config.config.Env`, `history[3].created_by`; `outcome` where only one makes an image."""
    ours: object
    theirs: object


def facts_of(image: Image, bases: Mapping[str, Image]) -> Facts:
    """`bases` are the images that a case can start from: what they bring stays out."""
    name, files, before = _base_of(image, bases)
    inherited = image.history[: len(before)] == before
    config = dict(image.config)
    platform = "/".join(str(config.pop(key)) for key in ("os", "architecture", "variant") if key in config)
    return {
        "platform": "native" if platform == _NATIVE else platform,
        "config": config,
        "history": image.history[len(before) :] if inherited else image.history,
        "layers": len(image.diff_ids),
        "base": name if inherited else f"{name}, its history lost",
        "files": {path: line for path, line in image.files.items() if files.get(path) != line},
        "removed": [path for path in files if path not in image.files],
    }


def _base_of(image: Image, bases: Mapping[str, Image]) -> tuple[str, dict[str, str], list[dict[str, Any]]]:
    """Name, files and history of what the image starts with."""
    for name, base in bases.items():
        if image.diff_ids[: len(base.diff_ids)] == base.diff_ids:
            return name, base.files, base.history
    return "scratch", {"/": ROOT.line}, []


def differences(ours: Facts, theirs: Facts) -> list[Difference]:
    """Where two facts differ, part by part; empty when they are equal."""
    if FAILS in (ours, theirs) and ours != theirs:
        return [Difference(OUTCOME, *("fails" if facts == FAILS else "an image" for facts in (ours, theirs)))]
    return [Difference(where, *pair) for where, pair in _walk("", ours, theirs)]


def _walk(where: str, ours: object, theirs: object) -> list[tuple[str, tuple[object, object]]]:
    if ours == theirs:
        return []
    first, second = _parts(where, ours), _parts(where, theirs)
    if first is None or second is None:
        return [(where, (ours, theirs))]
    names = [*first, *(name for name in second if name not in first)]
    return [found for name in names for found in _walk(name, first.get(name), second.get(name))]


def _parts(where: str, value: object) -> dict[str, object] | None:
    """Members with their full names; None for what is compared whole. Order counts in lists, not in objects."""
    if isinstance(value, dict):
        if where == "files":
            return value
        return {f"{where}.{key}" if where else key: part for key, part in value.items()}
    if isinstance(value, list) and where == "history":
        return {f"{where}[{number}]": part for number, part in enumerate(value)}
    return None
