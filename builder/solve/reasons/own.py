"""What differs in a step itself, part by part of its key."""

from __future__ import annotations

import re
from collections.abc import Callable

from builder.lean import NamedTuple
from builder.plan.types import RunAction, Step
from builder.solve.reasons.mounts import PART, Mounted, mount_changes
from builder.solve.reasons.notes import inline_texts, read_arguments, read_pairs
from builder.solve.reasons.settings import setting_change
from builder.solve.reasons.wording import change, shown, variable_change
from builder.solve.reasons.words import (
    Instruction,
    command_changes,
    copy_changes,
    flag_changes,
    instruction,
    shell_change,
    sources_and_dest,
    text_changes,
)
from builder.solve.types import Cause, Parts, Record

DescribeContent = Callable[[Step, str, object, object], str]
"""`StepRunner.describe_content`."""

EPOCH = "SOURCE_DATE_EPOCH"
_IN_THE_WORDS = frozenset({"kind", "dest", "add", "chown", "chmod", "parents", "exclude", "path"})
"""Parts that an instruction other than RUN says in its own words."""
_LONGEST = 4096


class Compared(NamedTuple):
    step: Step
    parts: Parts
    record: Record
    """What it is compared with."""
    describe: DescribeContent
    mounts: object
    """Where those of the step take files from: `notes.mount_sources`."""

    @property
    def old(self) -> Instruction:
        return Instruction(self.record.text, self.record.parts, read_pairs(self.record.notes.get("texts")))

    @property
    def new(self) -> Instruction:
        return Instruction(self.step.text, self.parts, read_pairs(inline_texts(self.step)))

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
        return instruction(copy_changes(compared.old, compared.new))
    variables = _variables(compared)
    values = [values for _, values in variables]
    edited = _run_edits(compared) if isinstance(compared.step.action, RunAction) else _copy_edits(compared, values)
    causes = [*edited.causes, *(cause for cause, _ in variables)]
    rest = changed - edited.explained - {"parent", "env"}
    if not causes:  # a relative destination, say, and another WORKDIR
        rest |= changed & (_IN_THE_WORDS - {"kind", "add"})
    for name in sorted(rest):
        old, new = compared.of(name)
        if not (isinstance(old, str) and isinstance(new, str) and _follows(old, new, values)):
            causes.append(_part(name, old, new, compared))
    return causes


class _Edits(NamedTuple):
    causes: list[Cause]
    explained: frozenset[str]
    """Parts of the key that need no more words."""


def _run_edits(compared: Compared) -> _Edits:
    old, new = compared.old, compared.new
    was, mounts = compared.of("mounts")
    mounted = mount_changes(
        Mounted.read(was, compared.record.notes.get("mounts")), Mounted.read(mounts, compared.mounts), compared.changed
    )
    causes = instruction([*command_changes(old, new), *mounted.words]) + shell_change(old, new)
    return _Edits(causes, mounted.explained | {"argv", "scripts", "mounts"})


def _copy_edits(compared: Compared, values: list[tuple[str, str]]) -> _Edits:
    """`values`: of variables, before and after."""
    old, new = compared.old, compared.new
    words = [] if _follows(old.text, new.text, values) else copy_changes(old, new)
    words += flag_changes(old, new)
    if not values:
        words += text_changes(old, new)
    explained = _IN_THE_WORDS | {"link", "unpack", "inline"}
    if values or _reads_other_paths(old.text, new.text):
        explained |= {"files", "remote"}
    return _Edits(instruction(words), explained)


def _variables(compared: Compared) -> list[tuple[Cause, tuple[str, str]]]:
    """With the old and the new value. What follows from an ARG that differs, too, or is told otherwise, is left out."""
    if isinstance(compared.step.action, RunAction):
        before, after = (read_pairs(value) for value in compared.of("env"))
    else:
        before, after = read_pairs(compared.record.notes.get("variables")), dict(compared.step.variables)
        after = {name: value for name, value in after.items() if name in before}
        before = {name: value for name, value in before.items() if name in after}
    told = {EPOCH} if "epoch" in compared.changed else set()
    told |= {"SSH_AUTH_SOCK"} if "mounts" in compared.changed else set()  # a mount of type ssh sets it
    before, after = ({name: pairs[name] for name in pairs if name not in told} for pairs in (before, after))
    differing = [name for name in {**after, **before} if before.get(name) != after.get(name)]
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
    if not differing and "env" in compared.changed and list(before) != list(after):
        order = _order_change(list(before), list(after))
        return [(Cause("variable", f"order of ENV and ARG: {order}"), ("", ""))]
    return found


def _order_change(old: list[str], new: list[str]) -> str:
    """Of the same names; those that stand where they stood are left out at both ends."""
    while old and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return change(old, new)


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


def _reads_other_paths(old: str, new: str) -> bool:
    """Another stage alone may be the same one under another name: then its files tell."""
    before, after = ([word for word in sources_and_dest(text)[0].split() if not word.startswith("--from=")]
                     for text in (old, new))  # fmt: skip
    return before != after


def _part(name: str, old: object, new: object, compared: Compared) -> Cause:
    if name in ("files", "remote") or name.startswith(PART):
        return _content(name, compared.describe(compared.step, name, old, new), compared.step)
    if name == "epoch":
        return Cause("epoch", f"{EPOCH}: {change(old, new)}", EPOCH)
    if name == "platform":
        return Cause("platform", f"platform: {change(old, new)}")
    return Cause("setting", compared.describe(compared.step, name, old, new) or setting_change(name, old, new))


def _content(name: str, detail: str, step: Step) -> Cause:
    if name == "remote":
        return Cause("remote", detail or "other content was fetched")
    where = shown(sources_and_dest(step.text)[0]) if name == "files" else f"mount at {name.removeprefix(PART)}"
    return Cause("files", f"{where}: {detail or 'other files'}")
