"""Stages out of random instructions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from tests.differential.bases import ARCHITECTURE
from tests.differential.random import copies, files, runs, settings
from tests.differential.random.copies import Places
from tests.differential.random.words import name, value

Made = tuple[str, dict[str, Any]]
"""A Dockerfile, and what `case.json` says beside it."""


def _trigger(random: Random, places: Places) -> str:
    made = random.choice([make for kind, make in KINDS.items() if kind != "onbuild"])(random, places)
    return f"{random.choice(('ONBUILD', 'ONBUILD', 'onbuild ', 'ONBUILD' + chr(9)))} {made}"


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
_WEIGHTS = {"copy": 8, "run": 3, "env": 2, "arg": 2, "workdir": 2, "user": 1, "setting": 2, "onbuild": 1}
_BASES = ("base",) * 10 + ("scratch", "scratch", "dressed", "triggers", "bare", "naked")
_FULL = ("base", "bare", "naked", "triggers")
"""Those that have what is in the image `base`."""
_PLATFORMS = (
    "$BUILDPLATFORM",
    "$TARGETPLATFORM",
    f"linux/{ARCHITECTURE}",
    "linux",
    ARCHITECTURE,
    "${TARGETOS}/$TARGETARCH",
)
_CONTEXTS = ("image:bare", "image:dressed")


def make(random: Random, kinds: Sequence[str]) -> Made:
    described: dict[str, Any] = {"about": "random", "context": files.context(random)}
    if random.random() < 0.15:
        described["contexts"] = {"ctx": files.context(random)}
    if random.random() < 0.06:
        described["contexts"] = described.get("contexts", {}) | {"one": random.choice(_CONTEXTS)}
    if random.random() < 0.3:
        described["args"] = {name(random): random.choice(("given", "", "/given dir", "a$b"))}
    if random.random() < 0.05:
        described["labels"] = {random.choice(("A", "k.v", "one")): random.choice(("given", "", "a b$c"))}
    lines = _head(random)
    own = tuple(name for name, what in described.get("contexts", {}).items() if not isinstance(what, str))
    places = Places(_FULL, ("dressed",), own, files.paths(described["context"]))
    for number in range(random.choice((1, 1, 1, 2, 2, 3))):
        stage, places = _stage(random, number, places, kinds)
        lines += stage
    if random.random() < 0.06:
        described["target"] = random.choice(("one", "two", "TWO"))
    return _spelt(random, "\n".join(lines) + random.choice(("\n", "\n", ""))), described


def _head(random: Random) -> list[str]:
    lines = ["# check=skip=all"] if random.random() < 0.05 else []
    lines += ["# a comment", ""] if random.random() < 0.2 else []
    lines += [f"ARG {name(random)}={value(random)}"] if random.random() < 0.25 else []
    return lines + ([f"ARG BASE={random.choice(_BASES)}"] if random.random() < 0.1 else [])


def _spelt(random: Random, text: str) -> str:
    """In some files the backquote escapes, or lines end as on Windows."""
    kind = random.random()
    if kind < 0.05:
        return f"# escape=`\n{text.replace(chr(92), '`')}"
    return text.replace("\n", "\r\n") if kind < 0.08 else text


def _stage(random: Random, number: int, places: Places, kinds: Sequence[str]) -> tuple[list[str], Places]:
    """The stage's lines, and the places with it."""
    named = [name for name in places.full + places.bare if not name.isdigit()]
    base = random.choice(named if random.random() < 0.4 else _BASES)
    if random.random() < 0.03 and places.contexts:
        base = places.contexts[0]
    label = random.choice(("one", "two", "three", "Four"))
    names = [label] if label.islower() and label not in named and random.random() < 0.8 else []
    lines = [f"{_from(random, base)} AS {names[0]}" if names else _from(random, base)]
    full = base in places.full
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


def _from(random: Random, base: str) -> str:
    platform = f"--platform={random.choice(_PLATFORMS)} " if random.random() < 0.06 else ""
    forms = ("{0}", "${{BASE:-{0}}}", "${{UNSET:-{0}}}", "{0}", '"{0}"', "{0}:latest")
    form = random.choice(forms) if random.random() < 0.1 else "{0}"
    return f"FROM {platform}{form.format(base)}"
