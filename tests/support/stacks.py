"""Stacks of layers and, beside them, what a naive file system makes of the same commands."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from hypothesis import strategies as st

from builder.model.entry import Entry, Kind

NAMES = ("a", "b", "c")


class File(NamedTuple):
    content: bytes
    mode: int


State = dict[str, File | None]
"""What a file system shows: None is a directory."""


class Stack(NamedTuple):
    tables: list[list[Entry]]
    states: list[State]
    """After each layer."""
    files: list[dict[str, File]]
    """What each layer stores."""
    whiteouts: list[set[str]]


Command = tuple[str, str, bytes, int]
paths = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
commands = st.tuples(
    st.sampled_from(["write", "write", "remove"]), paths, st.binary(max_size=3), st.sampled_from([0o644, 0o755])
)
layers = st.lists(st.lists(commands, max_size=5), min_size=1, max_size=4)


def stack_of(scripts: list[list[Command]]) -> Stack:
    """Each script is a layer: files are written, whole trees removed, folders made on the way."""
    stack = Stack([], [], [], [])
    state: State = {}
    for script in scripts:
        before = dict(state)
        for name, path, content, mode in script:
            _remove(state, path)
            if name == "write":
                _make_room(state, path)
                state[path] = File(content, mode)
        _add_layer(stack, before, state)
    return stack


def _remove(state: State, path: str) -> None:
    for known in list(state):
        if known == path or known.startswith(f"{path}/"):
            del state[known]


def _make_room(state: State, path: str) -> None:
    folder = path.rpartition("/")[0]
    while folder:
        if state.get(folder, None) is not None:
            del state[folder]
        state.setdefault(folder, None)
        folder = folder.rpartition("/")[0]


def _add_layer(stack: Stack, before: State, after: State) -> None:
    """As an overlay's upper directory shows it: only what is other than before, and topmost removals."""
    entries: dict[str, Entry] = {}
    files = {}
    for path, file in after.items():
        if path in before and before[path] == file:
            continue
        entries[path] = Entry(path, Kind.DIRECTORY, 0o755)
        if file is not None:
            files[path] = file
            digest = hashlib.sha256(file.content).hexdigest()
            entries[path] = Entry(path, Kind.FILE, file.mode, size=len(file.content), digest=digest)
    gone = {path for path in before if path not in after}
    hidden = {path for path in gone if not any(_covers(path, other, gone, after) for other in [*gone, *after])}
    for path in hidden:
        entries[path] = Entry(path, Kind.WHITEOUT)
    stack.tables.append([entries[path] for path in sorted(entries)])
    stack.states.append(dict(after))
    stack.files.append(files)
    stack.whiteouts.append(hidden)


def _covers(path: str, above: str, gone: set[str], after: State) -> bool:
    """Whether what happened to `above` takes `path` along: it went, or became a file."""
    return path.startswith(f"{above}/") and (above in gone or after.get(above) is not None)
