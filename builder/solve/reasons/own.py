"""What differs in a step itself, part by part of its key."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from builder.lean import NamedTuple
from builder.plan.types import RunAction, Step
from builder.solve.reasons.notes import read_arguments, read_pairs
from builder.solve.reasons.wording import change, shown, variable_change, words_change
from builder.solve.types import Cause, Parts, Record

DescribeContent = Callable[[str, object, object], str]
"""Says what differs between two values of a content part, e.g. `1 file changed: src/app.py (content)`; given the
part's name, the old and the new value. Empty where it cannot tell."""

EPOCH = "SOURCE_DATE_EPOCH"
_IN_THE_WORDS = frozenset({"kind", "dest", "add", "chown", "chmod", "parents", "exclude", "path"})
"""Parts that an instruction other than RUN says in its own words."""
_SETTINGS = {"cwd": "WORKDIR", "user": "USER", "dest": "destination", "path": "WORKDIR", "shm_size": "--shm-size",
             "extra_hosts": "--add-host", "ulimits": "--ulimit", "network": "--network", "insecure": "--security",
             "devices": "--device", "link": "--link", "unpack": "--unpack"}  # fmt: skip
_LONGEST = 4096
_FIRST = ("kind", "target")
_DEFAULTS = {"network": "default", "user": "root", "link": False, "unpack": "default", "insecure": False}


class Compared(NamedTuple):
    step: Step
    parts: Parts
    record: Record
    """What it is compared with."""
    describe: DescribeContent

    @property
    def changed(self) -> set[str]:
        old, new = self.record.parts, self.parts
        return {name for name in {*old, *new} if old.get(name) != new.get(name)}

    def of(self, name: str) -> tuple[object, object]:
        return self.record.parts.get(name), self.parts.get(name)


def own_causes(compared: Compared) -> list[Cause]:
    """In the order in which a person would look: the words, the variables, the rest."""
    changed = compared.changed
    if "format" in changed:
        return [Cause("format", "this version keeps its cache in another form")]
    if "kind" in changed:
        return _words(compared, [])
    variables = _variables(compared, "epoch" in changed)
    values = [values for _, values in variables]
    causes = [cause for cause, _ in variables]
    is_run = isinstance(compared.step.action, RunAction)
    worded = _run_words(compared) if is_run else _words(compared, values)
    causes = worded + causes
    rest = changed - {"parent", "env", "argv", "scripts"} - (frozenset() if is_run else _IN_THE_WORDS)
    if not is_run and not causes:  # a relative destination, say, and another WORKDIR
        rest |= changed & (_IN_THE_WORDS - {"kind", "add"})
    if not is_run and (variables or _reads_other_paths(compared)):
        rest -= {"files", "inline"}
    for name in sorted(rest):
        old, new = compared.of(name)
        if not (isinstance(old, str) and isinstance(new, str) and _follows(old, new, values)):
            causes.append(_part(name, old, new, compared))
    return causes


def _run_words(compared: Compared) -> list[Cause]:
    old, new = (value if isinstance(value, list | tuple) else [] for value in compared.of("argv"))
    causes = []
    if list(old) != list(new):
        before, after = compared.record.text, compared.step.text
        if old and new and list(old[:-1]) == list(new[:-1]):
            causes.append(_instruction(str(old[-1]), str(new[-1])))
        elif before == after:
            causes.append(Cause("setting", f"SHELL: {change(old[:-1], new[:-1])}"))
        else:
            causes.append(_instruction(before, after))
    if not causes and "scripts" in compared.changed:
        was, is_now = (" ".join(read_pairs(value).values()) for value in compared.of("scripts"))
        causes.append(_instruction(was, is_now))
    return causes


def _words(compared: Compared, values: list[tuple[str, str]]) -> list[Cause]:
    before, after = compared.record.text, compared.step.text
    if before == after or _follows(before, after, values):
        return []
    (sources, dest), (new_sources, new_dest) = _sources_and_dest(before), _sources_and_dest(after)
    changes = words_change(sources, new_sources), words_change(dest, new_dest)
    return [Cause("instruction", f"instruction changed: {', '.join(filter(None, changes)) or 'blanks'}")]


def _instruction(old: str, new: str) -> Cause:
    return Cause("instruction", f"instruction changed: {words_change(old, new) or 'blanks'}")


def _variables(compared: Compared, epoch_differs: bool) -> list[tuple[Cause, tuple[str, str]]]:
    """With the old and the new value. What follows from an ARG that differs, too, is left out."""
    if isinstance(compared.step.action, RunAction):
        before, after = (read_pairs(value) for value in compared.of("env"))
    else:
        before, after = read_pairs(compared.record.notes.get("variables")), dict(compared.step.variables)
        after = {name: value for name, value in after.items() if name in before}
        before = {name: value for name, value in before.items() if name in after}
    differing = [name for name in {**after, **before} if before.get(name) != after.get(name)]
    if epoch_differs:
        differing = [name for name in differing if name != EPOCH]
    by_arg = read_arguments(compared.record) | frozenset(compared.step.arguments)
    found = []
    values: list[tuple[str, str]] = []
    for name in sorted(differing, key=lambda name: name not in by_arg):
        old, new = before.get(name), after.get(name)
        if name not in by_arg and _follows(old or "", new or "", values):
            continue
        kind, word = ("argument", "ARG") if name in by_arg else ("variable", "ENV")
        pair = (old or "", new or "")
        values.append(pair)
        found.append((Cause(kind, f"{word} {variable_change(name, old, new)}", name), pair))
    if not found and "env" in compared.changed and not differing:
        return [(Cause("variable", "order of the environment changed"), ("", ""))]
    return found


def _follows(old: str, new: str, values: list[tuple[str, str]]) -> bool:
    """Whether `new` is `old` with values of variables exchanged, here and there."""
    if not values or len(old) + len(new) > _LONGEST:
        return False
    places = {0}
    """Where in `new` the pieces so far may end."""
    for piece in _pieces(old, [before for before, _ in values]):
        options = [piece, *(after for before, after in values if before == piece)]
        places = {place + len(text) for place in places for text in options if new.startswith(text, place)}
    return len(new) in places


def _pieces(text: str, values: list[str]) -> list[str]:
    known = "|".join(re.escape(value) for value in sorted(values, key=len, reverse=True) if value)
    return re.split(f"({known})", text) if known else [text]


def _reads_other_paths(compared: Compared) -> bool:
    return _sources_and_dest(compared.record.text)[0] != _sources_and_dest(compared.step.text)[0]


def _sources_and_dest(text: str) -> tuple[str, str]:
    sources, _, dest = text.rpartition(" ")
    return sources, dest


def _part(name: str, old: object, new: object, compared: Compared) -> Cause:
    if name in ("files", "remote") or name.startswith("mount:"):
        return _content(name, compared.describe(name, old, new), compared.step)
    if name == "inline":
        return Cause("instruction", f"instruction changed: text of {', '.join(_inline_names(old, new))}")
    if name == "mounts":
        return Cause("instruction", f"instruction changed: {words_change(_mounts(old), _mounts(new))}")
    if name == "epoch":
        return Cause("epoch", f"{EPOCH}: {change(old, new)}", EPOCH)
    if name == "platform":
        return Cause("platform", f"platform: {change(old, new)}")
    word = _SETTINGS.get(name, name)
    default = _DEFAULTS.get(name)
    text = compared.describe(name, old, new) or f"{word}: {change(_or(old, default), _or(new, default))}"
    return Cause("setting", text)


def _content(name: str, detail: str, step: Step) -> Cause:
    if name == "remote":
        return Cause("remote", detail or "other content was fetched")
    where = shown(_sources_and_dest(step.text)[0]) if name == "files" else f"mount at {name.removeprefix('mount:')}"
    return Cause("files", f"{where}: {detail or 'other files'}")


def _or(value: object, default: object) -> object:
    return default if value is None else value


def _inline_names(old: object, new: object) -> Iterator[str]:
    before, after = read_pairs(old), read_pairs(new)
    return (shown(name) for name in {**after, **before} if before.get(name) != after.get(name))


def _mounts(value: object) -> str:
    """As they might be written."""
    mounts = value if isinstance(value, list | tuple) else ()
    return " ".join(f"--mount={_options(mount)}" for mount in mounts if isinstance(mount, Mapping))


def _options(mount: Mapping[str, object]) -> str:
    rest = (name if value is True else f"{name}={value}" for name, value in sorted(mount.items()) if name not in _FIRST)
    return ",".join([f"type={mount.get('kind')}", f"target={mount.get('target')}", *rest])
