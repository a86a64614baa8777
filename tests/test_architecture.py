"""The map of the design, held against the code: who may import whom, how large things may grow, what a start costs."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import builder

ROOT = Path(builder.__file__).parent
EVERYWHERE = {"errors", "model", "lean"}
ALLOWED: dict[str, set[str]] = {
    "lean": set(),
    "errors": set(),
    "model": set(),
    "configuration": set(),
    "progress": set(),
    "store": {"layers"},
    "layers": set(),
    "http": set(),
    "context": {"http", "layers", "store"},
    "sandbox": {"layers", "store"},
    "syntax": set(),
    "plan": {"syntax"},
    "lint": {"plan", "syntax", "context"},
    "solve": {"plan", "progress"},
    "cache": {"solve", "store", "plan", "images", "layers", "registry", "progress"},
    "registry": {"configuration", "http", "store"},
    "images": {"store", "layers", "registry", "sandbox", "plan", "progress"},
    "layerview": {"images", "layers", "store", "progress"},
    "steps": {"configuration", "cache", "solve", "plan", "context", "images", "layers", "store", "sandbox", "progress"},
    "disk": {"images", "containers", "cache", "solve", "store", "configuration", "progress"},
    "health": {"images", "containers", "cache", "solve", "store", "layers", "context"},
    "outputs": {"images", "registry", "store", "layers", "sandbox", "progress"},
    "containers": {"images", "store", "sandbox", "progress", "steps"},
    "builds": {"cache", "solve", "plan", "progress", "store"},
    "advice": {"builds", "cache", "context", "solve", "steps", "store", "progress"},
    "watching": {"builds", "context", "pipeline"},
    "templates": set(),
    "graph": {"builds", "pipeline", "plan", "progress", "templates"},
    "report": {"templates", "advice", "builds", "images", "layerview", "progress", "store"},
    "calls": {"pipeline", "plan", "lint", "syntax", "context"},
    "pipeline": {
        "syntax", "plan", "lint", "solve", "cache", "steps", "context", "images", "outputs", "store", "progress",
        "builds",
    },
    "wiring": {
        "plan", "solve", "cache", "steps", "sandbox", "context", "store", "outputs", "registry", "images",
        "configuration", "containers", "progress", "pipeline", "calls", "disk",
    },
    "cli": {
        "advice", "builds", "wiring", "pipeline", "plan", "images", "containers", "outputs", "solve", "cache",
        "syntax", "sandbox", "store", "progress", "context", "calls", "configuration", "registry", "disk", "health",
        "layerview", "report", "graph", "watching", "steps",
    },
    "__init__": {"wiring", "pipeline", "plan", "progress"},
    "__main__": {"cli"},
}  # fmt: skip
FILE_LINES = 450
FUNCTION_LINES = 60


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def sources() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)


def test_each_room_imports_only_what_the_map_allows() -> None:
    wrong = []
    for path in sources():
        own = room(path)
        for line, module in imports(ast.parse(path.read_text())):
            parts = module.split(".")
            if parts[0] != "builder" or len(parts) < 2 or not _is_room(parts[1]):
                continue
            if parts[1] not in EVERYWHERE | ALLOWED[own] | {own}:
                wrong.append(f"{path.relative_to(ROOT.parent)}:{line}: {own} may not import {module}")
    assert not wrong, "\n".join(sorted(set(wrong)))


def _is_room(name: str) -> bool:
    return (ROOT / name).is_dir() or (ROOT / f"{name}.py").is_file()


def test_the_table_is_acyclic_and_complete() -> None:
    assert {room(path) for path in sources()} == set(ALLOWED)
    done: set[str] = set()
    while len(done) < len(ALLOWED):
        ready = {name for name, needs in ALLOWED.items() if needs <= done} - done
        assert ready, f"a cycle among {sorted(set(ALLOWED) - done)}"
        done |= ready


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_stay_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= FILE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < FUNCTION_LINES, f"{node.name} is too long"


def test_nothing_is_named_for_nothing() -> None:
    banned = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    named = {word for path in sources() for part in path.relative_to(ROOT).parts for word in [part.removesuffix(".py")]}
    assert not named & banned


def test_no_pickle_anywhere() -> None:
    found = [
        path
        for path, (_, module) in itertools.chain.from_iterable(
            ((path, found) for found in imports(ast.parse(path.read_text()))) for path in sources()
        )
        if module.split(".")[0] in ("pickle", "marshal", "shelve")
    ]
    assert not found
