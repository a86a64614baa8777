"""What differs between the mounts of two RUNs, option by option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from builder.lean import NamedTuple
from builder.solve.reasons.settings import megabytes
from builder.solve.reasons.wording import shown

PART = "mount:"
"""Begins the name of the part of a key that stands for what a mount shows; its target follows."""
_Options = Mapping[str, object]
_NAMES = {"kind": "type"}


class Mounted(NamedTuple):
    """The mounts of one RUN, by target."""

    options: Mapping[str, _Options]
    """As in the part `mounts` of the key."""
    origins: Mapping[str, _Options]
    """`from` and `source`, of those that show files."""

    @classmethod
    def read(cls, mounts: object, origins: object) -> Mounted:
        """`mounts`: the part of a key; `origins`: the note. Both may come from elsewhere."""
        found = [mount for mount in _list(mounts) if isinstance(mount, Mapping)]
        named = {str(mount.get("target") or f"${mount.get('env')}"): mount for mount in found}
        places = [place for place in _list(origins) if isinstance(place, list | tuple) and len(place) == 3]
        return cls(named, {str(place[0]): {"from": place[1], "source": place[2]} for place in places})


class MountChanges(NamedTuple):
    words: tuple[str, ...]
    """What was edited."""
    explained: frozenset[str]
    """Parts of the key that differ by that edit."""


def mount_changes(old: Mounted, new: Mounted, changed: set[str]) -> MountChanges:
    """`changed`: the parts of the key that differ."""
    words: list[str] = []
    explained: set[str] = set()
    for before, after in _pairs(old, new):
        if before is None or after is None:
            target, mounted = (after, new) if before is None else (before, old)
            words.append(f"{_written(mounted, str(target))} {'added' if before is None else 'removed'}")
            explained.add(f"{PART}{target}")
            continue
        told = list(_differences(old.options[before], new.options[after]))
        if {f"{PART}{before}", f"{PART}{after}"} & changed:
            here, there = old.origins.get(before, {}), new.origins.get(after, {})
            told += _differences(here, there) if here and there else ()
            if before != after or (here and there and here.get("source") != there.get("source")):
                explained |= {f"{PART}{before}", f"{PART}{after}"}
        words += [f"mount at {before}: {', '.join(told)}"] if told else []
    return MountChanges(tuple(words), frozenset(explained))


def _pairs(old: Mounted, new: Mounted) -> Iterator[tuple[str | None, str | None]]:
    """Targets before and after: the same, or the only two of one kind that have no counterpart."""
    went = [target for target in old.options if target not in new.options]
    came = [target for target in new.options if target not in old.options]
    yield from ((target, target) for target in old.options if target in new.options)
    for before in went:
        kind = old.options[before].get("kind")
        alike = [target for target in came if new.options[target].get("kind") == kind]
        rivals = [target for target in went if old.options[target].get("kind") == kind]
        if len(alike) == len(rivals) == 1:
            came.remove(alike[0])
            yield before, alike[0]
        else:
            yield before, None
    yield from ((None, after) for after in came)


def _differences(old: _Options, new: _Options) -> Iterator[str]:
    for name in {**old, **new}:
        before, after = old.get(name), new.get(name)
        if before == after or (_follows(name, old) and _follows(name, new)):
            continue
        if not before or not after:
            yield f"{_option(name, before or after)} {'removed' if before else 'added'}"
        else:
            yield f"{_option(name, before)} -> {_option(name, after)}"


def _follows(name: str, options: _Options) -> bool:
    """Whether the option is what it would be if it were not written."""
    kind, target, own = (options.get(word) for word in ("kind", "target", "id"))
    match kind, name:
        case "cache", "id":
            return own == target
        case "secret", "target":
            return target in ("", f"/run/secrets/{own}")
        case "ssh", "id":
            return own == "default"
        case "ssh", "target":
            return str(target).startswith("/run/buildkit/ssh_agent.")
    return False


def _option(name: str, value: object) -> str:
    """As it is written."""
    word = _NAMES.get(name, name)
    if value is True:
        return word
    if name == "mode" and isinstance(value, int):
        value = f"{value:04o}"
    return f"{word}={megabytes(value) if name == 'size' else value}"


def _written(mounted: Mounted, target: str) -> str:
    origin = {name: value for name, value in mounted.origins.get(target, {}).items() if value}
    own = mounted.options[target]
    options = {**{name: value for name, value in own.items() if not _follows(name, own)}, **origin}
    return shown(f"--mount={','.join(_option(name, value) for name, value in options.items())}", 120)


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
