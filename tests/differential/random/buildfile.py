"""Stages out of random instructions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from tests.differential.random import copies, files, runs, settings
from tests.differential.random.copies import Places
from tests.differential.random.words import name, value

Made = tuple[str, dict[str, Any]]
"""A Dockerfile, and what `case.json` says beside it."""


def _trigger(random: Random, places: Places) -> str:
    return f"ONBUILD {random.choice([make for kind, make in KINDS.items() if kind != 'onbuild'])(random, places)}"


KINDS: Mapping[str, Callable[[Random, Places], str]] = {
    "copy": copies.instruction,
    "run": runs.instruction,
    "env": lambda random, _: settings.environment(random),
    "arg": lambda random, _: settings.argument(random),
    "workdir": lambda random, _: settings.folder(random),
    "user": lambda random, _: settings.user(random),
    "setting": lambda random, _: settings.setting(random),
    "onbuild": _trigger,
}
_WEIGHTS = {"copy": 8, "run": 3, "env": 2, "arg": 2, "workdir": 2, "user": 1, "setting": 2, "onbuild": 0.5}
_BASES = ("base",) * 10 + ("scratch", "scratch", "dressed", "triggers", "bare", "naked")


def make(random: Random, kinds: Sequence[str]) -> Made:
    described: dict[str, Any] = {"about": "random", "context": files.context(random)}
    if random.random() < 0.15:
        described["contexts"] = {"ctx": files.context(random)}
    if random.random() < 0.3:
        described["args"] = {name(random): random.choice(("given", "", "/given dir", "a$b"))}
    lines = _head(random)
    places = Places(("base",), (), tuple(described.get("contexts", ())), files.paths(described["context"]))
    for number in range(random.choice((1, 1, 1, 2, 2, 3))):
        stage, places = _stage(random, number, places, kinds)
        lines += stage
    return "\n".join(lines) + random.choice(("\n", "\n", "")), described


def _head(random: Random) -> list[str]:
    lines = ["# check=skip=all"] if random.random() < 0.05 else []
    lines += ["# a comment", ""] if random.random() < 0.2 else []
    return lines + ([f"ARG {name(random)}={value(random)}"] if random.random() < 0.25 else [])


def _stage(random: Random, number: int, places: Places, kinds: Sequence[str]) -> tuple[list[str], Places]:
    """The stage's lines, and the places with it."""
    named = [name for name in places.full + places.bare if not name.isdigit()]
    base = random.choice(named if random.random() < 0.4 else _BASES)
    if random.random() < 0.03 and places.contexts:
        base = places.contexts[0]
    label = random.choice(("one", "two", "three", "Four"))
    names = [label] if label.islower() and label not in named and random.random() < 0.8 else []
    lines = [f"FROM {base} AS {names[0]}" if names else f"FROM {base}"]
    full = base in places.full or base in ("base", "triggers", "bare", "naked")
    possible = [kind for kind in kinds if kind != "run" or full] or ["env"]
    weights = [_WEIGHTS[kind] for kind in possible]
    for kind in random.choices(possible, weights, k=random.choice((1, 2, 2, 3, 3, 4, 6))):
        if random.random() < 0.05:
            lines.append(random.choice(("", "# comment", "   ", "\t# indented")))
        lines.append(KINDS[kind](random, places))
    names.append(str(number))
    if full:
        return lines, places._replace(full=(*places.full, *names))
    return lines, places._replace(bare=(*places.bare, *names))
