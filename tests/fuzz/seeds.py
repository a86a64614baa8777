"""Inputs worth keeping: a JSON file each, `input` and BuildKit's `answer` to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fuzz.targets.target import Answer, Input, Target

SEEDS = Path(__file__).parent / "seeds"


def seeds(target: Target) -> list[Path]:
    return sorted((SEEDS / target.name).glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(path.read_text(encoding="ascii"))
    return kept


def save(folder: Path, given: Input, why: str, answer: Answer | None = None) -> Path:
    """Under a name that comes of its content."""
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:12]
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"why": why, "input": given, "answer": answer}, indent=1) + "\n", encoding="ascii")
    return path


def real_files(target: Target, corpus: str) -> Iterator[Input]:
    """What a folder of real files gives the target, in the order of their paths."""
    for path in sorted(Path(corpus).rglob("*")) if corpus else ():
        if path.is_file() and path.stat().st_size < 20_000:
            given = target.read(path.read_bytes().decode("utf-8", "surrogateescape"))
            if given is not None:
                yield given
