"""What a shell offers where somebody types a command line of ours: one answer for all shells, from the same parsers
that read the line later.

argcomplete and shtab were looked at (2026-11-24): both want one parser with all commands below it, which takes the
import of every command at each touch of the tab key (argcomplete) or knows no names of images (shtab), and neither
knows of a command that need not be named. Here the one parser that the line is for is loaded.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from builder.cli.main import COMMANDS, FAMILIES, load, parser_for
from builder.errors import BuilderError
from builder.store.store import Store


class Candidate(NamedTuple):
    word: str
    """What may stand in the place of the word that is typed."""
    help: str = ""


def candidates(words: Sequence[str], root: str | None) -> list[Candidate]:
    """For the last of `words`, those after `pybuild` up to the cursor. Nothing where a file is wanted, or where nobody
    can know: the shell then offers files. `root` is the store's, unless `words` name another; a store that cannot be
    read has no names."""
    root, before = _without_root(words[:-1], root)
    typed = words[-1]
    name = " ".join(before[:2]) if " ".join(before[:2]) in COMMANDS else before[0] if before else ""
    if name in FAMILIES or not (name or typed.startswith("-")):
        found = _commands(name)
    else:
        name = name if name in COMMANDS else "build"
        found = _arguments(parser_for(name, load(name)), before, typed, root)
    return [candidate for candidate in found if candidate.word.startswith(typed)]


def _without_root(words: Sequence[str], root: str | None) -> tuple[str | None, list[str]]:
    """`--root` may stand before the command."""
    if words and words[0].startswith("--root="):
        return words[0].partition("=")[2], list(words[1:])
    return (words[1], list(words[2:])) if len(words) > 1 and words[0] == "--root" else (root, list(words))


def _commands(family: str) -> Iterator[Candidate]:
    """First words, or the second ones of a first."""
    for name in sorted(COMMANDS):
        first, _, second = name.partition(" ")
        if first == family or not (family or second):
            yield Candidate(second or first, load(name).HELP)
    if not family:
        yield from (Candidate(first, f"{first} ...") for first in sorted(FAMILIES))


def _arguments(
    parser: argparse.ArgumentParser, before: Sequence[str], typed: str, root: str | None
) -> Iterator[Candidate]:
    known = parser._option_string_actions
    option, equals, _ = typed.partition("=")
    if equals and option in known:
        yield from (Candidate(f"{option}={value.word}") for value in _values(known[option], root))
    elif typed.startswith("-"):
        about = parser._get_formatter()._expand_help
        shown = (item for item in known.items() if item[1].help != argparse.SUPPRESS)
        yield from (Candidate(name, about(action) if action.help else "") for name, action in shown)
    elif before and before[-1] in known and known[before[-1]].nargs != 0:
        yield from _values(known[before[-1]], root)
    else:
        for action in parser._get_positional_actions():
            yield from _values(action, root)


def _values(action: argparse.Action, root: str | None) -> Iterator[Candidate]:
    if action.choices is not None:
        yield from (Candidate(str(choice)) for choice in action.choices)
    for kind, names in _NAMES.items():
        if action.metavar is not None and kind in str(action.metavar):
            yield from (Candidate(name) for name in _known(names, root))


def _known(names: Callable[[Store], Iterator[str]], root: str | None) -> list[str]:
    from builder.wiring.store import open_store

    with suppress(BuilderError), open_store(root) as store:
        return list(names(store))
    return []


def _images(store: Store) -> Iterator[str]:
    return (name for name, _ in store.refs.items())


def _containers(store: Store) -> Iterator[str]:
    from builder.containers.list import list_containers

    return (container.name for container in list_containers(store, (), everything=True))


def _volumes(store: Store) -> Iterator[str]:
    from builder.containers.volumes import all_volumes

    return iter(all_volumes(store))


_NAMES: dict[str, Callable[[Store], Iterator[str]]] = {
    "IMAGE": _images,
    "NAME[:TAG": _images,
    "REPOSITORY": _images,
    "CONTAINER": _containers,
    "VOLUME": _volumes,
}
"""Of what has names, by a part of the word that stands for one in help texts."""
